"""Scores on disk while a scan runs, and in the file of a part of a scan.

A file is one line of JSON, the scores of unit after unit as they are computed (float32), and in a
finished part the SHA-256 of all this. A killed scan goes on behind the last whole unit.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bioseqrnn.stages.scanning.layout import Units
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.errors import InputError

Singles = npt.NDArray[np.float32]
FORMAT = 1
DIGEST = hashlib.sha256().digest_size
LONGEST_HEADER = 2**20
UNITS, PART = "units", "part"


def progress_file(output: Path) -> Path:
    """Where the scores of an unfinished scan are, beside its first output."""
    return output.with_name(f".{output.name}.scan")


class Progress:
    """The scores of consecutive units, as a file that grows.

    Parameters
    ----------
    path : Path
        Scores in an existing file are kept if it begins with the same ``about``.
    about : dict
        All that the scores depend on.
    units : Units
    own : range
        Units that are computed here.
    columns : int
        Scores of a window, of all strands.
    """

    def __init__(
        self, path: Path, about: dict[str, Any], units: Units, own: range, columns: int
    ) -> None:
        self._offsets, self._own, self._columns = units.offsets, own, columns
        self._header = _line(about)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        self._file = os.fdopen(handle, "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise InputError(
                f"{path}: another scan writes this output now; wait for it, or choose another "
                "--output"
            ) from error
        except OSError:
            # a file system without locks
            pass
        self.path = path
        self.done = self._whole_units()

    def _bytes(self, unit: int) -> int:
        """Bytes of the scores of this file's units before this one."""
        windows = int(self._offsets[unit] - self._offsets[self._own.start])
        return windows * self._columns * 4

    def _whole_units(self) -> int:
        """Number of units whose scores are complete; the file is cut behind them."""
        begins = len(self._header)
        size = self._file.seek(0, os.SEEK_END) - begins
        self._file.seek(0)
        done = 0
        if size >= 0 and self._file.read(begins) == self._header:
            before = (self._offsets[self._own.start : self._own.stop + 1]) * (self._columns * 4)
            done = int(np.searchsorted(before - before[0], size, side="right")) - 1
        else:
            self._file.seek(0)
            self._file.write(self._header)
        self._file.truncate(begins + self._bytes(self._own.start + done))
        self._file.seek(0, os.SEEK_END)
        return done

    def add(self, scores: Singles) -> None:
        """Add the scores of the next unit [windows, strands, outputs]; they are then on disk."""
        self._file.write(scores.astype("<f4").tobytes())
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done += 1

    def write_part(self, path: Path) -> None:
        """Write the finished file of a part."""
        self._file.flush()
        with atomic_path(path) as temporary:
            shutil.copyfile(self.path, temporary)
            digest = _digest(temporary, temporary.stat().st_size)
            with temporary.open("ab") as part:
                part.write(digest)

    def close(self) -> None:
        """Close the file; it stays, so that the scan can go on."""
        self._file.close()

    def remove(self) -> None:
        """Remove the file, whose scores are in the outputs now."""
        self.path.unlink(missing_ok=True)
        self._file.close()


@contextmanager
def open_progress(make: Callable[[], Progress]) -> Iterator[Progress]:
    """Yield the file, and close it."""
    file = make()
    try:
        yield file
    finally:
        file.close()


class Scores:
    """The scores of all units of a scan, read where they lie.

    Parameters
    ----------
    files : sequence of (Path, range)
        Files, and the units of each; together they have every unit once, in order.
    about : int
        Bytes of the first line of each.
    units : Units
    shape : (int, int)
        Strands and outputs.
    """

    def __init__(
        self, files: Sequence[tuple[Path, range]], units: Units, shape: tuple[int, int]
    ) -> None:
        self.units, self._shape = units, shape
        self._parts: list[tuple[range, Singles]] = []
        for path, own in files:
            count = int(units.offsets[own.stop] - units.offsets[own.start])
            with path.open("rb") as file:
                begin = len(file.readline(LONGEST_HEADER))
            if count:
                values = np.memmap(path, "<f4", "r", begin, (count, *shape))
                self._parts.append((own, values))

    def of(self, unit: int) -> Singles:
        """Scores of a unit: float32 [windows, strands, outputs]; nan where a window was skipped."""
        for own, values in self._parts:
            if own.start <= unit < own.stop:
                offsets = self.units.offsets
                first = int(offsets[unit] - offsets[own.start])
                return np.array(values[first : first + int(self.units.counts[unit])])
        raise AssertionError("every unit is in a part")


def read_parts(paths: Sequence[Path], about: dict[str, Any], units: Units, columns: int) -> list[
    tuple[Path, range]
]:  # fmt: skip
    """Check the files of all parts of a scan; return them in order, with their units.

    Raises
    ------
    InputError
        A file is no part or is damaged; it is of another scan; a part is missing or given twice.
    """
    found: dict[int, tuple[Path, range]] = {}
    count = 0
    for path in paths:
        header = _header(path)
        number, of = header.pop(PART)
        if header != json.loads(_line(about)):
            differing = next(
                (k for k in about if header.get(k) != json.loads(_line(about))[k]), "format"
            )
            raise InputError(
                f"part {path}: is of another scan ({differing} differs); scan all parts again with "
                "the same model, genome and options"
            )
        count = count or of
        if of != count or number in found:
            raise InputError(
                f"part {path}: is part {number} of {of}, which does not fit the others; give each "
                "part of one scan once"
            )
        own = units.part(number, of)
        scores = int(units.offsets[own.stop] - units.offsets[own.start]) * columns * 4
        wanted = len(_line(about | {PART: [number, of]})) + scores
        if path.stat().st_size != wanted + DIGEST or not _intact(path, wanted):
            raise InputError(f"part {path}: is damaged or incomplete; make it again")
        found[number] = (path, own)
    missing = [str(number) for number in range(1, count + 1) if number not in found]
    if missing:
        raise InputError(
            f"part {', '.join(missing)} of {count} is missing; give --parts for every part"
        )
    return [found[number] for number in sorted(found)]


def _header(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline(LONGEST_HEADER))
        number, of = header[PART]
        fits = isinstance(number, int) and isinstance(of, int) and 1 <= number <= of <= 10**6
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"part {path}: is no file of 'scan --part' ({error})") from error
    if not fits:
        raise InputError(f"part {path}: is no file of 'scan --part'; make it again")
    return dict(header)


def _line(about: dict[str, Any]) -> bytes:
    return json.dumps({"format": FORMAT} | about, sort_keys=True).encode() + b"\n"


def _digest(path: Path, size: int) -> bytes:
    """SHA-256 of the first bytes of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (data := file.read(min(size, 2**20))):
            found.update(data)
            size -= len(data)
    return found.digest()


def _intact(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(size)
        return file.read(DIGEST) == _digest(path, size)
