"""Tables that users write: opened, their columns held against those known, their faults named."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO

from bioseqrnn.fasta.columns import Columns, check_header
from bioseqrnn.fasta.opening import Reader, open_bytes
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file

EXPORT = "export it as tab-separated text"
MAGIC = {
    b"\xd0\xcf\x11\xe0": f"an Excel workbook (.xls); {EXPORT}",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"PAR1": f"a Parquet file; {EXPORT}",
    b"\x89HDF": f"an HDF5 file; {EXPORT}",
    b"\xeb\xf2\x89\x87": "a bigBed file; convert it with bigBedToBed",
    b"%PDF": f"a PDF file; {EXPORT}",
}
# What a first line begins with where a file is no table
STARTS = {
    ">": "FASTA, not a table",
    "<": "HTML or XML, not a table; download the file itself",
    "{": f"JSON, not a table; {EXPORT}",
    "[": f"JSON, not a table; {EXPORT}",
}


@contextmanager
def open_table(path: Path, what: str) -> Iterator[TextIO]:
    """Open a plain or compressed table as text, in UTF-8 with or without a byte order mark.

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


class _Raw(io.RawIOBase):
    """A reader of opened bytes as Python's own files are."""

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
    found = next((what for magic, what in MAGIC.items() if start.startswith(magic)), None)
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


def refuse_other_text(path: Path, line: str) -> None:
    """Raise InputError where the first line is that of another kind of file than a table."""
    found = STARTS.get(line.lstrip()[:1])
    if "\0" in line:
        found = "UTF-16 text or binary; save it as UTF-8 text"
    if found:
        raise InputError(f"{path}: is {found}")


def too_many_cells(path: Path, line: int, cells: list[str], width: int) -> InputError:
    """Return the error of a row that is longer than the header."""
    hint = "; remove what is too much, or name the column"
    if len(cells) == width + 1:
        hint = "; row names of R? Write the table with row.names = FALSE"
    return InputError(f"{path}: line {line}: more cells than the header{hint}")


class Reading(Protocol):
    """What csv.reader returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


class Table:
    """A tab-separated table with a header; quotes are letters like any other.

    Blank lines, comments before the header and a ``#`` before its first name are left out.

    Parameters
    ----------
    path : Path
    what : str
        What the table is, for messages.
    columns : Columns

    Attributes
    ----------
    unused : list of str
        Columns that nothing is read from; known once the first row was read.
    """

    def __init__(self, path: Path, what: str, columns: Columns) -> None:
        self.path, self.what, self.columns = path, what, columns
        self.unused: list[str] = []

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells, in the order of the known columns, '' where one is blank."""
        with open_table(self.path, self.what) as handle:
            reader = csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            try:
                yield from self._rows(reader)
            except csv.Error as error:
                raise InputError(
                    f"{self.path}: line {reader.line_num}: {error}; is it a table?"
                ) from error

    def _rows(self, reader: Reading) -> Iterator[tuple[int, list[str]]]:
        header = self._header(reader)
        self.unused = check_header(self.path, header, self.columns)
        width = len(header)
        places = [header.index(c) if c in header else -1 for c in self.columns.known]
        for cells in reader:
            if len(cells) > width:
                if any(cell.strip() for cell in cells[width:]):
                    raise too_many_cells(self.path, reader.line_num, cells, width)
                cells = cells[:width]
            padded = [cell.strip() for cell in cells] + [""] * (width - len(cells) + 1)
            if any(padded):
                yield reader.line_num, [padded[place] for place in places]

    def _header(self, reader: Reading) -> list[str]:
        for cells in reader:
            refuse_other_text(self.path, "\t".join(cells))
            cells = [cell.strip() for cell in cells]
            if cells and cells[0].startswith("#"):
                cells[0] = cells[0].lstrip("# ")
                if not self.columns.named_in(cells):
                    continue
            if any(cells):
                # a tab at the end of the line names no column
                while not cells[-1]:
                    cells.pop()
                return cells
        return []
