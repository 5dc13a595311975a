"""Tables that users write: opened, their columns held against those known, their faults named."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TextIO

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file
from bioseqrnn.sequences.class_names import QUOTES
from bioseqrnn.sequences.reading.opening import Reader, open_bytes

SEPARATORS = {",": "commas", ";": "semicolons", "|": "bars", " ": "blanks"}
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
# As alike as 'grup' and 'group', but not as 'subgroup' and 'group'
ALIKE = 0.8
# Words that only look like a misspelt column
OTHER_WORDS = {"strain"}
SHOWN = 10


@dataclass(frozen=True)
class Columns:
    """The columns that a kind of table has.

    Attributes
    ----------
    required, optional : tuple of str
    other_names : mapping of str to str
        What other programs call a required column, in lower case, letters and digits only.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    other_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """All names."""
        return self.required + self.optional

    def __str__(self) -> str:
        more = f"[, {', '.join(self.optional)}]" if self.optional else ""
        return ", ".join(self.required) + more

    def named_in(self, cells: list[str]) -> set[str]:
        """Known columns that some cells name, in any case and spelling that other programs use."""
        plain = {_plain(name): name for name in self.known} | dict(self.other_names)
        return {plain[name] for name in map(_plain, cells) if name in plain}


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


def check_header(path: Path, cells: list[str], columns: Columns) -> list[str]:
    """Hold the cells of a header against the columns that the table can have.

    Returns
    -------
    list of str
        Columns that nothing is read from.

    Raises
    ------
    InputError
        Another separator, quotes, a column that stands twice, that is missing, or whose name
        differs from that of a known one in case, blanks or a letter.
    """
    _check_separator(path, cells, columns)
    for name in columns.known:
        if cells.count(name) > 1:
            raise InputError(f"{path}: column '{name}' stands twice in the header; keep one")
    absent = [name for name in columns.known if name not in cells]
    unknown = [cell for cell in cells if cell not in columns.known]
    for cell in unknown:
        if meant := _near(cell, absent):
            raise InputError(f"{path}: unknown column '{cell}'; did you mean '{meant}'?")
    missing = [name for name in columns.required if name not in cells]
    if missing:
        other = next((c for c in unknown if columns.other_names.get(_plain(c)) == missing[0]), None)
        hint = f"; it has {_listed(cells)}" if any(cells) else ""
        if other:
            hint = f"; did you mean '{missing[0]}' by '{other}'?"
        raise InputError(f"{path}: no column '{missing[0]}' (columns: {columns}){hint}")
    return unknown


def _check_separator(path: Path, cells: list[str], columns: Columns) -> None:
    quoted = any(len(c) > 1 and c[0] in QUOTES and c[-1] in QUOTES for c in cells)
    if len(cells) == 1:
        for mark, name in SEPARATORS.items():
            parts = [part.strip(QUOTES + " ") for part in cells[0].split(mark)]
            # text without a header may hold blanks; commas are told in any case
            if len(parts) > 1 and (columns.named_in(parts) or mark in ",;"):
                both = " and in quotes" if quoted else ""
                raise InputError(
                    f"{path}: separated by {name}{both}; columns must be separated by tabs"
                )
    if quoted:
        raise InputError(
            f"{path}: columns are in quotes; write the table without any (in R: write.table with "
            "sep = '\\t', quote = FALSE, row.names = FALSE)"
        )


def _plain(name: str) -> str:
    """Return the letters and digits of a name in lower case, without those nobody sees."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())


def _near(cell: str, absent: list[str]) -> str | None:
    """Return the absent column that a cell misspells; None where it is a name of its own."""
    name = _plain(cell)
    plain = {_plain(known): known for known in absent}
    if name in plain or not name or name in OTHER_WORDS:
        return plain.get(name)
    if name.endswith("s") and name[:-1] in plain:
        return plain[name[:-1]]
    # of two letters, everything is alike something
    long = [known for known in plain if len(known) > 3]
    close = difflib.get_close_matches(name, long, n=1, cutoff=ALIKE)
    return plain[close[0]] if close else None


def _listed(cells: list[str]) -> str:
    names = [f"'{cell}'" if cell else "one without a name" for cell in cells[:SHOWN]]
    more = f" and {len(cells) - SHOWN} more" if len(cells) > SHOWN else ""
    return ", ".join(names) + more


def unused_columns(path: Path, unknown: list[str], columns: Columns) -> str:
    """Return the line that names the columns of a table that nothing is read from."""
    hint = ""
    if "split" in unknown:
        hint = "; a given split is read from datasets.tsv only, a row for each of its parts"
    return f"{path}: columns not used: {_listed(unknown)} (known: {columns}){hint}"


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
