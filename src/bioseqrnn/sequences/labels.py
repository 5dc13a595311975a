"""Which label, and which group, each record has."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file
from bioseqrnn.sequences.packing import Ints
from bioseqrnn.sequences.reading.names import id_digests

CLASSIFICATION, MULTILABEL = "classification", "multilabel"
REGRESSION, PER_POSITION = "regression", "per_position"
BLOCK_ROWS = 50_000
CODE = pa.int32()
# what can stand between the parts of a header
ENDS = "|;,"
NEXT_KEY = re.compile(rf"[{ENDS}][^\s{ENDS}=]+=")


def label_type(task: str) -> pa.DataType:
    """Arrow type of the column ``label``."""
    if task == MULTILABEL:
        return pa.list_(pa.string())
    if task == REGRESSION:
        return pa.float64()
    return pa.large_string() if task == PER_POSITION else pa.string()


def classes_in(labels: pa.Array, task: str) -> set[str]:
    """Return the classes that some labels name, as far as they do: numbers name none."""
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
        Between the labels of one record, for ``multilabel``.
    """

    def __init__(self, task: str, separator: str) -> None:
        self.task, self.separator = task, separator

    @property
    def may_be_empty(self) -> bool:
        """Whether no label at all is one: of several, a record may have none."""
        return self.task == MULTILABEL

    def column(self, texts: list[str], where: Callable[[int], str]) -> pa.Array:
        """Return the column of some records.

        ``where`` says of a text where it stands, for the message of an InputError.
        """
        if self.task == REGRESSION:
            numbers = [self._number(text, place, where) for place, text in enumerate(texts)]
            return pa.array(numbers, label_type(REGRESSION))
        if self.task == MULTILABEL:
            return pa.array([self._several(text) for text in texts], label_type(MULTILABEL))
        return pa.array(texts, label_type(self.task))

    def _several(self, text: str) -> list[str]:
        """Labels of one record, sorted; none at all is a label set too."""
        return sorted({part.strip() for part in text.split(self.separator)} - {""})

    @staticmethod
    def _number(text: str, place: int, where: Callable[[int], str]) -> float:
        try:
            # Python reads 1_000 as a number; nobody else does
            value = math.nan if "_" in text else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(
                f"{where(place)}: label '{text}' is not a finite number, as regression needs"
            )
        return value


class LabelFile:
    """A labels TSV: the label and group of each id; 25 bytes a row, and each distinct text once.

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
        Their places in those; -1 where a row has no group.

    Raises
    ------
    InputError
        No such file, no ``id`` or ``label`` in a row, an id labelled twice, no row.
    """

    def __init__(self, path: Path, may_be_empty: bool = False) -> None:
        self.path = path
        self.texts: list[str] = []
        self.groups: list[str] = []
        texts: dict[str, int] = {}
        groups: dict[str, int] = {}
        parts = []
        for lines, rows in _row_blocks(path):
            for line, row in zip(lines, rows, strict=True):
                if not row[0] or not (row[1] or may_be_empty):
                    missing = "label" if row[0] else "id"
                    raise InputError(
                        f"{path}: line {line} has no '{missing}' (columns: id, label[, group])"
                    )
            ids, labels, names = zip(*rows, strict=True)
            codes = [texts.setdefault(label, len(texts)) for label in labels]
            group_codes = [groups.setdefault(name, len(groups)) if name else -1 for name in names]
            keys = id_digests(pa.array(ids, pa.string()))
            parts.append((keys, np.array(codes, np.int32), np.array(group_codes, np.int32)))
        if not parts:
            raise InputError(f"{path}: no labels in it (columns: id, label[, group])")
        keys, codes_, groups_ = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        self._keys = keys[order]
        self.label_codes, self.group_codes = codes_[order], groups_[order]
        repeated = (self._keys[1:] == self._keys[:-1]).all(axis=1)
        if repeated.any():
            raise _labelled_twice(path)
        self.texts, self.groups = list(texts), list(groups)
        self._found = np.zeros(len(self._keys), bool)

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, ids: pa.StringArray) -> Ints:
        """Return the row of each id, int64 [n], -1 where it has none."""
        keys = id_digests(ids)
        places = np.searchsorted(self._keys[:, 0], keys[:, 0])
        found = np.full(len(keys), -1, np.int64)
        # first halves that meet are all but always of one id; then one step is enough
        open_ = np.flatnonzero(places < len(self._keys))
        while len(open_):
            same = self._keys[places[open_], 0] == keys[open_, 0]
            open_ = open_[same]
            hit = self._keys[places[open_], 1] == keys[open_, 1]
            found[open_[hit]] = places[open_[hit]]
            open_ = open_[~hit]
            places[open_] += 1
            open_ = open_[places[open_] < len(self._keys)]
        self._found[found[found >= 0]] = True
        return found

    @property
    def used(self) -> int:
        """Rows whose record was found so far."""
        return int(self._found.sum())

    def line_of(self, text: str) -> int:
        """Line of the first row with a label; the file is read again."""
        return next(
            line
            for lines, rows in _row_blocks(self.path)
            for line, row in zip(lines, rows, strict=True)
            if row[1] == text
        )


def _row_blocks(path: Path) -> Iterator[tuple[list[int], list[tuple[str, str, str]]]]:
    """Yield line numbers and (id, label, group) of rows, blank where a cell is; blocks of 50,000.

    Quotes are letters like any other.
    """
    require_file(path, "labels")
    lines: list[int] = []
    rows: list[tuple[str, str, str]] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = [name.strip() for name in next(reader, [])]
            for name in ("id", "label"):
                if name not in header:
                    raise InputError(f"{path}: no column '{name}' (columns: id, label[, group])")
            columns = [header.index(n) if n in header else -1 for n in ("id", "label", "group")]
            for cells in reader:
                if len(cells) > len(header):
                    raise InputError(f"{path}: line {reader.line_num}: more cells than the header")
                if not any(cell.strip() for cell in cells):
                    continue
                padded = [*cells, *[""] * (len(header) - len(cells)), ""]
                lines.append(reader.line_num)
                first, second, third = (padded[column].strip() for column in columns)
                rows.append((first, second, third))
                if len(rows) == BLOCK_ROWS:
                    yield lines, rows
                    lines, rows = [], []
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text; save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: {error}; is it a table?") from error
    if rows:
        yield lines, rows


def _labelled_twice(path: Path) -> InputError:
    seen: set[str] = set()
    for lines, rows in _row_blocks(path):
        for line, (name, _, _) in zip(lines, rows, strict=True):
            if name in seen:
                return InputError(f"{path}: line {line}: id '{name}' is labelled twice")
            seen.add(name)
    raise AssertionError("no id stands twice")


class HeaderKey:
    """Reads ``key=value`` in headers.

    The value ends at white space, at the ``|``, ``;`` or ``,`` that also stands before the key, and
    where one of them and a further ``name=`` follow; quotes keep it whole, and so do brackets
    around all (``[key=two words]``).

    Parameters
    ----------
    key : str
    separator : str
        Between several labels: what ends no value.
    """

    def __init__(self, key: str, separator: str = "") -> None:
        name = re.escape(key)
        self._pattern = re.compile(
            rf"""(?:^|(?<=[\s|;,])){name}=(?:"([^"]*)"|'([^']*)'|(\S*))|\[{name}=([^\]]*)\]"""
        )
        self._ends = set(ENDS) - {separator}

    def values(self, title: str) -> list[str]:
        """Return the different values that a header gives, blank ones too."""
        return list(dict.fromkeys(self._value(found) for found in self._pattern.finditer(title)))

    def _value(self, found: re.Match[str]) -> str:
        double, single, bare, bracketed = found.groups()
        if bare is None:
            return (double or single or bracketed or "").strip()
        before = found.string[found.start() - 1 : found.start()]
        if before and before in self._ends:
            bare = bare.split(before, 1)[0]
        return NEXT_KEY.split(bare, maxsplit=1)[0].rstrip(ENDS)
