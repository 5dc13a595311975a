"""The columns that users' tables can have, and checks of the columns that they do have."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bioseqrnn.config.checks.text import QUOTES
from bioseqrnn.support.errors import InputError

SEPARATORS = {",": "commas", ";": "semicolons", "|": "bars", " ": "blanks"}
# Similarity above which a name is a misspelling: 'grup' of 'group', but not 'subgroup' of 'group'
ALIKE = 0.8
# Words that only look like a misspelt column name
OTHER_WORDS = {"strain"}
SHOWN = 10


@dataclass(frozen=True)
class Columns:
    """The columns that a kind of table has.

    Attributes
    ----------
    required, optional : tuple of str
    other_names : mapping of str to str
        Names of required columns in other programs, in lower case, only letters and digits.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    other_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """All column names."""
        return self.required + self.optional

    def __str__(self) -> str:
        more = f"[, {', '.join(self.optional)}]" if self.optional else ""
        return ", ".join(self.required) + more

    def named_in(self, cells: list[str]) -> set[str]:
        """Known columns that cells name, in any case and also by the names of other programs."""
        plain = {_plain(name): name for name in self.known} | dict(self.other_names)
        return {plain[name] for name in map(_plain, cells) if name in plain}


def header_cells(cells: list[str], columns: Columns) -> list[str] | None:
    """Return the names in the first line of a table; None for a blank line or a comment.

    A ``#`` before the first name and tabs at the end of the line are removed.
    """
    cells = [cell.strip() for cell in cells]
    if cells and cells[0].startswith("#"):
        cells[0] = cells[0].lstrip("# ")
        if not columns.named_in(cells):
            return None
    if not any(cells):
        return None
    while not cells[-1]:
        cells.pop()
    return cells


def check_header(path: str | Path, cells: list[str], columns: Columns) -> list[str]:
    """Compare the cells of a header with the columns that the table can have.

    Returns
    -------
    list of str
        Columns that are not used.

    Raises
    ------
    InputError
        There is another separator, quotes, a repeated or missing column, or a name that differs
        from a known one in case, blanks or a letter.
    """
    _check_separator(path, cells, columns)
    for name in columns.known:
        if cells.count(name) > 1:
            raise InputError(f"{path}: column '{name}' appears twice in the header; keep one")
    absent = [name for name in columns.known if name not in cells]
    unknown = [cell for cell in cells if cell not in columns.known]
    near = [(cell, meant) for cell in unknown if (meant := _near(cell, absent))]
    if near:
        others = ", ".join(f"'{meant}' instead of '{cell}'" for cell, meant in near[1:])
        also = f" Also {others}?" if others else ""
        raise InputError(
            f"{path}: unknown column '{near[0][0]}'; did you mean '{near[0][1]}'?{also}"
        )
    missing = [name for name in columns.required if name not in cells]
    if missing:
        other = next((c for c in unknown if columns.other_names.get(_plain(c)) == missing[0]), None)
        hint = f"; it has {_listed(cells)}" if any(cells) else ""
        if other:
            hint = f"; did you mean '{missing[0]}' instead of '{other}'?"
        raise InputError(f"{path}: no column '{missing[0]}' (columns: {columns}){hint}")
    return unknown


def _check_separator(path: str | Path, cells: list[str], columns: Columns) -> None:
    quoted = any(len(c) > 1 and c[0] in QUOTES and c[-1] in QUOTES for c in cells)
    if len(cells) == 1:
        for mark, name in SEPARATORS.items():
            parts = [part.strip(QUOTES + " ") for part in cells[0].split(mark)]
            # text without a header can contain blanks; commas and semicolons are always reported
            if len(parts) > 1 and (columns.named_in(parts) or mark in ",;"):
                both = " and in quotes" if quoted else ""
                raise InputError(
                    f"{path}: separated by {name}{both}; columns must be separated by tabs"
                )
    if quoted:
        raise InputError(
            f"{path}: columns are in quotes; write the table without quotes (in R: write.table "
            "with sep = '\\t', quote = FALSE, row.names = FALSE)"
        )


def _plain(name: str) -> str:
    """Return only the letters and digits of a name, in lower case, without invisible characters."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())


def _near(cell: str, absent: list[str]) -> str | None:
    """Return the absent column that a cell misspells; None if it is a different name."""
    name = _plain(cell)
    plain = {_plain(known): known for known in absent}
    if name in plain or not name or name in OTHER_WORDS:
        return plain.get(name)
    if name.endswith("s") and name[:-1] in plain:
        return plain[name[:-1]]
    # with two letters, any name is similar to some other
    long = [known for known in plain if len(known) > 3]
    close = difflib.get_close_matches(name, long, n=1, cutoff=ALIKE)
    return plain[close[0]] if close else None


def _listed(cells: list[str]) -> str:
    names = [f"'{cell}'" if cell else "a column without a name" for cell in cells[:SHOWN]]
    more = f" and {len(cells) - SHOWN} more" if len(cells) > SHOWN else ""
    return ", ".join(names) + more


def unused_columns(path: str | Path, unknown: list[str], columns: Columns) -> str:
    """Return a line that names the unused columns of a table."""
    hint = ""
    if "split" in unknown:
        hint = "; a given split is read only from datasets.tsv, with one row for each part"
    return f"{path}: columns not used: {_listed(unknown)} (known: {columns}){hint}"
