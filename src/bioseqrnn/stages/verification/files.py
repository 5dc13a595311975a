"""Checksums of files that a manifest names, which may be forged: nothing outside is read."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from bioseqrnn.stages.verification.findings import Finding, fault, note
from bioseqrnn.tables.manifest import MANIFEST, Manifest, result_files

BUFFER_BYTES = 2**20
# lines on files of one dataset that the manifest does not list
MOST_UNKNOWN = 10
Advance = Callable[[int], None]
AGAIN = "run the workflow again, or restore the file"


def problem(folder: Path, name: str) -> str | None:
    """Say why a file cannot be read as a result of ``folder``; None if it can."""
    parts = PurePosixPath(name)
    if not name or parts.is_absolute() or ".." in parts.parts or "\0" in name:
        return "is outside of the folder of results, and is not read; make the report again"
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return (
                "is a link to a file outside of the folder of results, and is not read; put the "
                "file itself there"
            )
        mode = path.stat().st_mode
    except FileNotFoundError:
        return f"is missing; {AGAIN}"
    except (OSError, RuntimeError) as error:
        # a name that is too long, or links in a circle
        return f"cannot be read ({getattr(error, 'strerror', None) or error}); {AGAIN}"
    return None if stat.S_ISREG(mode) else f"is not a file; {AGAIN}"


def checksum(path: Path, advance: Advance) -> str:
    """Return the SHA-256 of a file, read a megabyte at a time; ``advance`` counts the bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BUFFER_BYTES):
            digest.update(block)
            advance(len(block))
    return digest.hexdigest()


def total_bytes(folder: Path, manifest: Manifest) -> int:
    """Count the bytes of the files that a manifest names and that can be read."""
    names = (name for name in manifest.files if problem(folder, name) is None)
    return sum((folder / name).stat().st_size for name in names)


def compare_files(folder: Path, manifest: Manifest, advance: Advance) -> Iterator[Finding]:
    """Yield the files of a dataset that are missing, changed, or not in its manifest."""
    for name, expected in manifest.files.items():
        where = str(folder / name)
        said = problem(folder, name)
        if said is not None:
            yield fault(where, said)
        elif checksum(folder / name, advance) != expected:
            yield fault(where, f"has changed since the report was made; {AGAIN}")
    yield from _unknown(folder, manifest)


def _unknown(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Yield notes on files that no longer belong to the results, or were put there."""
    names = [name for name in result_files(folder) if name not in manifest.files]
    for name in names[:MOST_UNKNOWN]:
        yield note(str(folder / name), f"is not in {MANIFEST}; delete it if it is not needed")
    if len(names) > MOST_UNKNOWN:
        more = len(names) - MOST_UNKNOWN
        yield note(str(folder), f"{more:,} more files are not in {MANIFEST}")
