"""Tables written by users: opening, checks of columns against the known ones, error messages."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bioseqrnn.config.checks.columns import Columns
from bioseqrnn.config.checks.tables import TextTable, lines_of
from bioseqrnn.fasta.opening import Reader, open_bytes
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file

EXPORT = "export it as tab-separated text"
NO_TABLES = {
    b"\xd0\xcf\x11\xe0": f"an Excel workbook (.xls); {EXPORT}",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"PAR1": f"a Parquet file; {EXPORT}",
    b"\x89HDF": f"an HDF5 file; {EXPORT}",
    b"\xeb\xf2\x89\x87": "a bigBed file; convert it with bigBedToBed",
    b"%PDF": f"a PDF file; {EXPORT}",
}


@contextmanager
def open_text(path: Path, what: str) -> Iterator[TextIO]:
    """Open plain or compressed text in UTF-8, with or without a byte order mark.

    Whoever reads it limits the length of lines: ``open_table``, or ``readline`` with a limit.

    Raises
    ------
    InputError
        No such file, a workbook or another binary file, text that is not UTF-8.
    """
    require_file(path, what)
    _refuse_binary(path)
    try:
        with open_bytes(path) as reader:
            yield io.TextIOWrapper(io.BufferedReader(_Raw(reader)), encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text; save it as UTF-8") from error


@contextmanager
def open_table(path: Path, what: str) -> Iterator[Iterator[str]]:
    """Open a plain or compressed table, and yield its lines.

    Raises
    ------
    InputError
        As in ``open_text``; a line that is too long.
    """
    with open_text(path, what) as text:
        yield lines_of(path, text)


class _Raw(io.RawIOBase):
    """A ``Reader`` with the interface of Python's raw files."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._reader.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _refuse_binary(path: Path) -> None:
    with path.open("rb") as handle:
        start = handle.read(4096)
    found = next((what for magic, what in NO_TABLES.items() if start.startswith(magic)), None)
    if start.startswith(b"PK\x03\x04"):
        found = "a zip archive; unpack it"
        try:
            names = zipfile.ZipFile(path).namelist()
        except (zipfile.BadZipFile, OSError):
            names = []
        if any(name.startswith("xl/") for name in names):
            found = f"an Excel workbook (.xlsx); {EXPORT}"
        elif "content.xml" in names:
            found = f"an OpenDocument workbook (.ods); {EXPORT}"
    if found:
        raise InputError(f"{path}: is {found}")


class Table(TextTable):
    """A table in a file that may be compressed.

    Parameters
    ----------
    path : Path
    what : str
        Name of the kind of table in messages.
    columns : Columns
    """

    def __init__(self, path: Path, what: str, columns: Columns) -> None:
        super().__init__(path, columns)
        self.file, self.what = path, what

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells, in the order of the known columns, '' for a blank cell."""
        with open_table(self.file, self.what) as handle:
            yield from self.read(handle)
