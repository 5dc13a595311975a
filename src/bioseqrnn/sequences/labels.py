"""Which label, and which group, each record has."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file
from bioseqrnn.sequences.names import id_digests
from bioseqrnn.sequences.packing import Ints

CLASSIFICATION, MULTILABEL = "classification", "multilabel"
REGRESSION, PER_POSITION = "regression", "per_position"
BLOCK_ROWS = 50_000
CODE = pa.int32()


def label_type(task: str) -> pa.DataType:
    """Arrow type of the column ``label``."""
    if task == MULTILABEL:
        return pa.list_(pa.string())
    if task == REGRESSION:
        return pa.float64()
    return pa.large_string() if task == PER_POSITION else pa.string()


class LabelReader:
    """Turns the text of labels into a column, and remembers the classes.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression", "per_position"}
    separator : str
        Between the labels of one record, for ``multilabel``.
    """

    def __init__(self, task: str, separator: str) -> None:
        self.task, self.separator = task, separator
        self.classes: set[str] = set()

    def column(self, texts: list[str], where: Iterable[str]) -> pa.Array:
        """Return the column of some records.

        ``where`` says of each text where it stands, for the message of an InputError.
        """
        if self.task == REGRESSION:
            return pa.array([self._number(t, w) for t, w in zip(texts, where, strict=False)])
        if self.task == MULTILABEL:
            return pa.array([self._several(text) for text in texts], label_type(MULTILABEL))
        return pa.array(texts, label_type(self.task))

    def note(self, texts: Iterable[str]) -> None:
        """Remember the classes that records have."""
        if self.task == MULTILABEL:
            self.classes.update(*(self._several(text) for text in texts))
        elif self.task != REGRESSION:
            self.classes.update("".join(texts) if self.task == PER_POSITION else texts)

    def _several(self, text: str) -> list[str]:
        """Labels of one record, sorted; none at all is a label set too."""
        return sorted({part.strip() for part in text.split(self.separator)} - {""})

    @staticmethod
    def _number(text: str, where: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"{where}: label '{text}' is not a finite number, as regression needs")
        return value


class LabelFile:
    """A labels TSV: the label and group of each id; 24 bytes a row, and each distinct text once.

    Attributes
    ----------
    texts, groups : list of str
        Distinct labels and groups.
    label_codes, group_codes : int32 [rows]
        Their places in those; -1 where a row has no group.
    used : int
        Records that were found so far.

    Raises
    ------
    InputError
        No such file, no ``id`` or ``label`` in a row, an id labelled twice, no row.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.used = 0
        self.texts: list[str] = []
        self.groups: list[str] = []
        texts: dict[str, int] = {}
        groups: dict[str, int] = {}
        parts = []
        for lines, rows in _row_blocks(path):
            for line, row in zip(lines, rows, strict=True):
                if not row[0] or not row[1]:
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
        self.used += int((found >= 0).sum())
        return found


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


def header_pattern(key: str) -> re.Pattern[str]:
    """Match ``key=value`` in a header; the value ends at white space unless it is in quotes."""
    return re.compile(rf"""(?:^|[\s|;,]){re.escape(key)}=(?:"([^"]*)"|'([^']*)'|(\S*))""")


def header_label(pattern: re.Pattern[str], title: str) -> str | None:
    """Return the label that a header names, None where it names none."""
    found = pattern.search(title)
    if found is None:
        return None
    quoted = found.group(1) or found.group(2)
    return quoted or (found.group(3) or "").rstrip(";,") or None
