"""Reading of tab-separated tables from users: sheets, and tables of labels."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bioseqrnn.config.checks.columns import Columns, check_header, header_cells
from bioseqrnn.config.checks.text import suggestion
from bioseqrnn.support.errors import InputError

# First characters of files that are not tables
STARTS = {
    ">": "FASTA, not a table",
    "<": "HTML or XML, not a table; download the file itself",
    "{": "JSON, not a table; export it as tab-separated text",
    "[": "JSON, not a table; export it as tab-separated text",
}


# far more characters than a line of a table has; a compressed line could fill the memory
LONGEST_LINE = 2**26


def lines_of(path: str | Path, handle: TextIO) -> Iterator[str]:
    """Yield the lines of a text; InputError if one is longer than any line of a table."""
    number = 0
    while line := handle.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            raise InputError(
                f"{path}: line {number}: is longer than {LONGEST_LINE:,} characters; is it a table?"
            )
        yield line


@contextmanager
def open_text(path: str | Path) -> Iterator[Iterator[str]]:
    """Open a plain UTF-8 file, with or without a byte order mark, and yield its lines.

    Raises
    ------
    InputError
        It is not UTF-8, or a line is too long.
    """
    try:
        with Path(path).open(encoding="utf-8-sig") as handle:
            yield lines_of(path, handle)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text; save it as UTF-8") from error


def refuse_other_text(path: str | Path, line: str) -> None:
    """Raise InputError if the first line is that of a file which is not a table."""
    found = STARTS.get(line.lstrip()[:1])
    if "\0" in line:
        found = "UTF-16 text or binary; save it as UTF-8 text"
    if found:
        raise InputError(f"{path}: is {found}")


def too_many_cells(path: str | Path, line: int, cells: list[str], width: int) -> InputError:
    """Return the error for a row that is longer than the header."""
    hint = "; remove the extra cells, or name the column"
    if len(cells) == width + 1:
        hint = "; row names from R? Write the table with row.names = FALSE"
    return InputError(f"{path}: line {line}: has more cells than the header{hint}")


class TextTable:
    """A tab-separated table with a header; quotes are ordinary characters.

    Blank lines, comments before the header and a ``#`` before its first name are skipped.

    Parameters
    ----------
    path : str or Path
        Path for messages.
    columns : Columns

    Attributes
    ----------
    unused : list of str
        Columns that are not used; known once the first row has been read.
    """

    def __init__(self, path: str | Path, columns: Columns) -> None:
        self.path, self.columns = path, columns
        self.unused: list[str] = []

    def read(self, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells, in the order of the known columns; '' for a blank cell.

        Raises
        ------
        InputError
            The header is wrong (see ``check_header``), or a row has more cells than the header.
        """
        reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        try:
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
        except csv.Error as error:
            raise InputError(
                f"{self.path}: line {reader.line_num}: {error}; is it a table?"
            ) from error

    def _header(self, rows: Iterable[list[str]]) -> list[str]:
        for cells in rows:
            refuse_other_text(self.path, "\t".join(cells))
            header = header_cells(cells, self.columns)
            if header is not None:
                return header
        return []


def sheet_rows(
    path: str | Path, lines: Iterable[str], columns: Columns
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a sheet as (line number, {column: text}), blank cells left out.

    Raises
    ------
    InputError
        As in ``TextTable.read``; also for an unknown column.
    """
    table = TextTable(path, columns)
    for line, cells in table.read(lines):
        _refuse_unused(table)
        yield line, {name: cell for name, cell in zip(columns.known, cells, strict=True) if cell}
    _refuse_unused(table)


def _refuse_unused(table: TextTable) -> None:
    if table.unused:
        name = table.unused[0]
        raise InputError(
            f"{table.path}: unknown column '{name}'; {suggestion(name, table.columns.known)}"
        )
