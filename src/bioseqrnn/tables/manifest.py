"""``report/manifest.json``: what the results of a dataset were made from, and their checksums."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from bioseqrnn.support.checked import Count, Described, checked, parse_object
from bioseqrnn.support.errors import InputError

FORMAT = 2
MANIFEST = "report/manifest.json"
# Folders beside the results that the manifest does not list: what is said while jobs run, the
# report itself (its files are added when they are written), and predictions, which can be made at
# any time after it. The metadata of predictions have checksums of their own.
LEFT_OUT = ("logs", "benchmarks", "report", "predictions")
# about 100,000 files; a larger manifest would need too much memory
MOST_BYTES = 2**24
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Sources(Described):
    """The part of the sequence table's metadata that names its input files."""

    sources: dict[str, Sha256] = Field(default_factory=dict)


class Manifest(Described):
    """The fields that are compared with what is there now; docs/formats.md explains all."""

    format: Count
    dataset: str
    versions: dict[str, str]
    hardware: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any]
    sequences: Sources
    # by path, relative to the folder of the dataset
    files: dict[str, Sha256] = Field(default_factory=dict)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; InputError if it is not one, is too large or is of another version."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise InputError(
            f"{path}: has {size:,} bytes, which is too large for a manifest; make the report again"
        )
    values = parse_object(path.read_bytes(), str(path))
    found = values.get("format")
    if found != FORMAT or isinstance(found, bool):
        raise InputError(
            f"{path}: has format {found!r:.40}, but this version reads {FORMAT}; make the report "
            "again"
        )
    return checked(Manifest, values, str(path), "make the report again")


def result_files(folder: Path) -> Iterator[str]:
    """Yield the paths of the results of a dataset, relative to its folder, in order.

    Links are not followed, and are left out like hidden files, which are temporary.
    """
    for name, folders, files in os.walk(folder):
        here = Path(name)
        top = here == folder
        folders[:] = sorted(
            inner
            for inner in folders
            if not inner.startswith(".") and not (top and inner in LEFT_OUT)
        )
        for file in sorted(files):
            path = here / file
            if not file.startswith(".") and path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix()
