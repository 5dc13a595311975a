"""Labels and groups of the records."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from bioseqrnn.config.checks.columns import SEPARATORS, unused_columns
from bioseqrnn.config.checks.labels import COLUMNS
from bioseqrnn.config.checks.text import QUOTES
from bioseqrnn.fasta.class_names import lookalike_warning
from bioseqrnn.fasta.names import id_digests
from bioseqrnn.fasta.user_tables import Table
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks.task import LARGEST

CLASSIFICATION, MULTILABEL = "classification", "multilabel"
REGRESSION, PER_POSITION = "regression", "per_position"
BLOCK_ROWS = 50_000
CODE = pa.int32()
NAMED = 5
# Database names before or between ids in headers
DATABASES = {"", "sp", "tr", "gi", "ref", "gb", "emb", "dbj", "lcl", "pdb", "gnl", "pir", "prf"}


def label_type(task: str) -> pa.DataType:
    """Arrow type of the column ``label``."""
    if task == MULTILABEL:
        return pa.list_(pa.string())
    if task == REGRESSION:
        return pa.float64()
    return pa.large_string() if task == PER_POSITION else pa.string()


def classes_in(labels: pa.Array, task: str) -> set[str]:
    """Return the classes in some labels; none for regression, whose labels are numbers."""
    if task == REGRESSION:
        return set()
    if pa.types.is_dictionary(labels.type):
        labels = labels.dictionary.take(labels.indices.unique())
    if task == MULTILABEL:
        labels = labels.flatten()
    names = labels.unique().to_pylist()
    return set("".join(names)) if task == PER_POSITION else set(names)


class LabelReader:
    """Turns the text of labels into a column.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression", "per_position"}
    separator : str
        Separator of the labels of one record (``multilabel``).
    """

    def __init__(self, task: str, separator: str) -> None:
        self.task, self.separator = task, separator

    @property
    def may_be_empty(self) -> bool:
        """Whether the label may be empty: with ``multilabel``, a record may have no labels."""
        return self.task == MULTILABEL

    def column(self, texts: list[str], where: Callable[[int], str]) -> pa.Array:
        """Return the label column of some records.

        ``where`` returns the origin of the text at an index, for the message of an InputError.
        """
        if self.task == REGRESSION:
            numbers = [self._number(text, place, where) for place, text in enumerate(texts)]
            return pa.array(numbers, label_type(REGRESSION))
        if self.task == MULTILABEL:
            return pa.array([self._several(text) for text in texts], label_type(MULTILABEL))
        return pa.array(texts, label_type(self.task))

    def _several(self, text: str) -> list[str]:
        """Return the sorted labels of one record; an empty set of labels is allowed."""
        return sorted({part.strip() for part in text.split(self.separator)} - {""})

    @staticmethod
    def _number(text: str, place: int, where: Callable[[int], str]) -> float:
        try:
            # Python reads 1_000 as a number, but other programs do not
            value = math.nan if "_" in text else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            hint = ""
            if re.fullmatch(r"[-+]?\d+,\d+", text):
                hint = f"; write {text.replace(',', '.')}"
            raise InputError(
                f"{where(place)}: label '{text}' is not a finite number, as regression needs{hint}"
            )
        if abs(value) > LARGEST:
            raise InputError(
                f"{where(place)}: label '{text}' is too large (the limit is {LARGEST:g}), because "
                "its square exceeds double precision; give labels in another unit, or as logarithms"
            )
        return value


class LabelFile:
    """A labels TSV: label and group of each id; 25 bytes per row, and each distinct text once.

    Parameters
    ----------
    path : Path
    may_be_empty : bool
        Whether a row may have no label.

    Attributes
    ----------
    texts, groups : list of str
        Distinct labels and groups.
    label_codes, group_codes : int32 [rows]
        Indices into ``texts`` and ``groups``; -1 if a row has no group.
    unused : list of str
        Columns that are not used.

    Raises
    ------
    InputError
        No such file, no ``id`` or ``label`` in a row, an id labelled twice, no row; a column name
        that differs from a known one in case, blanks or a letter.
    """

    def __init__(self, path: Path, may_be_empty: bool = False) -> None:
        self.path = path
        self.texts: list[str] = []
        self.groups: list[str] = []
        texts: dict[str, int] = {}
        groups: dict[str, int] = {}
        parts = []
        table = self._table()
        for lines, rows in _row_blocks(table):
            for line, row in zip(lines, rows, strict=True):
                if not row[0] or not (row[1] or may_be_empty):
                    raise _no_cell(path, line, row)
            ids, labels, names = zip(*rows, strict=True)
            codes = [texts.setdefault(label, len(texts)) for label in labels]
            group_codes = [groups.setdefault(name, len(groups)) if name else -1 for name in names]
            keys = id_digests(pa.array(ids, pa.string()))
            parts.append((keys, np.array(codes, np.int32), np.array(group_codes, np.int32)))
        if not parts:
            raise InputError(f"{path}: contains no labels (columns: {COLUMNS})")
        self.unused = table.unused
        keys, codes_, groups_ = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        self._keys = keys[order]
        self.label_codes, self.group_codes = codes_[order], groups_[order]
        repeated = (self._keys[1:] == self._keys[:-1]).all(axis=1)
        if repeated.any():
            raise self._labelled_twice()
        self.texts, self.groups = list(texts), list(groups)
        self._found = np.zeros(len(self._keys), bool)

    def __len__(self) -> int:
        return len(self._keys)

    def _table(self) -> Table:
        return Table(self.path, "labels", COLUMNS)

    def find(self, ids: pa.StringArray) -> Ints:
        """Return the row of each id, int64 [n], -1 if it has none; mark the rows as found."""
        found = self._look_up(ids)
        self._found[found[found >= 0]] = True
        return found

    def _look_up(self, ids: pa.StringArray) -> Ints:
        keys = id_digests(ids)
        places = np.searchsorted(self._keys[:, 0], keys[:, 0])
        found = np.full(len(keys), -1, np.int64)
        # equal first halves nearly always belong to one id; then one step is enough
        open_ = np.flatnonzero(places < len(self._keys))
        while len(open_):
            same = self._keys[places[open_], 0] == keys[open_, 0]
            open_ = open_[same]
            hit = self._keys[places[open_], 1] == keys[open_, 1]
            found[open_[hit]] = places[open_[hit]]
            open_ = open_[~hit]
            places[open_] += 1
            open_ = open_[places[open_] < len(self._keys)]
        return found

    @property
    def used(self) -> int:
        """Number of rows whose record was found so far."""
        return int(self._found.sum())

    def place_of(self, text: str) -> str:
        """Return the line and record where a label first occurs; the file is read again."""
        return next(
            f"{self.path}: line {line} (record '{row[0]}')"
            for line, row in self._table().rows()
            if row[1] == text
        )

    def near(self, name: str) -> str | None:
        """Return an id that differs from this one only in case, version or database names."""
        forms = _forms(name)
        return next((row[0] for _, row in self._table().rows() if forms & _forms(row[0])), None)

    def warn(self) -> None:
        """Warn of columns that are not used, and of groups whose names look the same."""
        if self.unused:
            say(f"warning: {unused_columns(self.path, self.unused, COLUMNS)}")
        if line := lookalike_warning(self.groups, f"{self.path}: groups"):
            say(f"warning: {line}")

    def say_without_record(self) -> None:
        """Report how many ids have no record, and the first of them; the file is read again."""
        count = len(self) - self.used
        if not count:
            return
        names: list[str] = []
        for _, rows in _row_blocks(self._table()):
            ids = pa.array([row[0] for row in rows], pa.string())
            absent = np.flatnonzero(~self._found[self._look_up(ids)])
            names += [f"'{ids[int(place)].as_py()}'" for place in absent[: NAMED - len(names)]]
            if len(names) == NAMED:
                break
        more = ", …" if count > len(names) else ""
        say(f"{self.path}: {count:,} labelled ids have no record: {', '.join(names)}{more}")

    def _labelled_twice(self) -> InputError:
        seen: dict[str, tuple[int, str]] = {}
        for line, (name, label, _) in self._table().rows():
            if name in seen:
                first, other = seen[name]
                also = "" if label == other else f"'{other}' "
                return InputError(
                    f"{self.path}: line {line}: id '{name}' is labelled twice: '{label}' here and "
                    f"{also}in line {first}; keep one"
                )
            seen[name] = line, label
        raise AssertionError("no id appears twice")


def _row_blocks(table: Table) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Yield line numbers and (id, label, group), '' for a blank cell, of 50,000 rows at a time."""
    rows = table.rows()
    while block := list(islice(rows, BLOCK_ROWS)):
        lines, cells = zip(*block, strict=True)
        yield list(lines), list(cells)


def _no_cell(path: Path, line: int, row: list[str]) -> InputError:
    missing = "label" if row[0] else "id"
    separator = next((name for mark, name in SEPARATORS.items() if mark in row[0]), None)
    hint = f"; is the line separated by {separator}?" if separator and not row[1] else ""
    return InputError(f"{path}: line {line} has no '{missing}' (columns: {COLUMNS}){hint}")


def _forms(name: str) -> set[str]:
    """Return other forms of an id: without case, quotes, version and database names."""
    word = (name.casefold().strip(QUOTES + "> ").split(None, 1) or [""])[0]
    names = {part.strip(QUOTES) for part in [word, *word.split("|")]} - DATABASES
    return names | {re.sub(r"\.\d+$", "", part) for part in names}
