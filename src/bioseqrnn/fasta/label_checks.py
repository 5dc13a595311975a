"""Checks of a dataset's labels, which are counted while the dataset is written."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.class_names import has_control, lookalike_warning, shown
from bioseqrnn.fasta.labels import CLASSIFICATION, MULTILABEL, PER_POSITION, REGRESSION
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

MARKS = ",;|/+&"
# so many different numbers, or more, are unlikely to be classes
MANY_NUMBERS = 10
# Values that differ by less than this, relative to the largest, differ only by rounding
ROUNDING = 1e-12
SHOWN = 5


class LabelTally:
    """Counts of the labels of all records; memory grows only with the number of distinct ones.

    Attributes
    ----------
    records : int
    counts : Counter
        Number of records of each class; empty for ``per_position`` and ``regression``.
    low, high : float
        Range of the labels for ``regression``.
    several : bool
        Whether any record has more than one label.
    """

    def __init__(self, task: str) -> None:
        self.task = task
        self.records = 0
        self.counts: Counter[str] = Counter()
        self.low, self.high = math.inf, -math.inf
        self.several = False

    def add(self, labels: pa.Array) -> None:
        """Count the labels of some records: a plain or a dictionary-encoded column."""
        self.records += len(labels)
        if self.task == PER_POSITION or not len(labels):
            return
        if pa.types.is_dictionary(labels.type):
            codes, counts = np.unique(labels.indices.to_numpy(), return_counts=True)
            distinct = labels.dictionary.take(pa.array(codes))
        else:
            distinct, counts = labels, np.ones(len(labels), np.int64)
        if self.task == REGRESSION:
            bounds = pc.min_max(distinct).as_py()
            self.low, self.high = min(self.low, bounds["min"]), max(self.high, bounds["max"])
        elif self.task == MULTILABEL:
            lengths = pc.list_value_length(distinct).to_numpy()
            self.several |= bool((lengths > 1).any())
            self._count(distinct.flatten(), np.repeat(counts, lengths))
        else:
            self._count(distinct, counts)

    def _count(self, names: pa.Array, counts: np.ndarray) -> None:
        encoded = names.dictionary_encode()
        sums = np.bincount(encoded.indices.to_numpy(), counts, len(encoded.dictionary))
        for name, count in zip(encoded.dictionary.to_pylist(), sums.tolist(), strict=True):
            self.counts[name] += int(count)


def refuse_labels(tally: LabelTally, classes: set[str], where: str) -> None:
    """Raise InputError if nothing can be learnt from the labels, or a class name is invalid."""
    odd = sorted(name for name in classes if has_control(name))
    if odd:
        raise InputError(
            f"{where}: the class name {odd[0]!a} contains a control character; remove it from the "
            "labels"
        )
    if tally.task == PER_POSITION and len(classes) == 1:
        raise InputError(
            f"{where}: every residue has the label '{min(classes)}'; there is nothing to learn; "
            "add records with other labels"
        )
    if tally.task == REGRESSION:
        size = max(abs(tally.low), abs(tally.high))
        if tally.records and tally.high - tally.low <= ROUNDING * size:
            raise InputError(
                f"{where}: every label is {tally.high:.10g}; there is nothing to learn (are these "
                "the right numbers?)"
            )
    if tally.task == MULTILABEL and set(tally.counts.values()) == {tally.records}:
        raise InputError(
            f"{where}: every record has the same labels ({', '.join(sorted(tally.counts))}); there "
            "is nothing to learn; add records without them"
        )
    numbers = _numbers(tally) if tally.task == CLASSIFICATION else []
    if numbers and len(tally.counts) > tally.records / 3:
        raise InputError(
            f"{where}: the labels are {len(tally.counts):,} different numbers, like "
            f"'{numbers[0]}', for {tally.records:,} records, which is too many for classes; to "
            "predict numbers, set task: regression"
        )


def warn_of_labels(
    tally: LabelTally, classes: set[str], options: DatasetOptions, where: str
) -> None:
    """Warn of labels that are probably not what the user meant, in one line each.

    Parameters
    ----------
    tally : LabelTally
    classes : set of str
        Classes of all records.
    options : DatasetOptions
    where : str
        Name of the dataset in messages.
    """
    for line in _warnings(tally, classes, options, where):
        say(f"warning: {line}")


def _warnings(
    tally: LabelTally, classes: set[str], options: DatasetOptions, where: str
) -> Iterator[str]:
    if line := lookalike_warning(classes, f"{where}: classes"):
        yield line
    if unused := sorted(set(options.classes or ()) - classes):
        yield f"{where}: no record has the declared class {_listed(unused)}; it is left out"
    if tally.task == CLASSIFICATION and (numbers := _numbers(tally)):
        yield (
            f"{where}: {len(tally.counts):,} classes are numbers, like '{numbers[0]}'; to predict "
            "numbers, set task: regression"
        )
    if tally.task in (CLASSIFICATION, MULTILABEL):
        yield from _joined(tally, options, where)
    if tally.task == MULTILABEL:
        every = sorted(name for name, has in tally.counts.items() if has == tally.records)
        single = sorted(name for name, has in tally.counts.items() if has == 1)
        if every:
            yield (
                f"{where}: every record has the label {_listed(every)}; a model cannot learn "
                "anything from it"
            )
        if single:
            yield (
                f"{where}: labels with only one record: {_listed(single)}; a label needs several "
                "records for training and test"
            )


def _numbers(tally: LabelTally) -> list[str]:
    """Return the classes that are numbers, if nearly all are and they look like measurements."""
    found = [name for name in sorted(tally.counts) if _is_number(name)]
    broken = any(float(name) % 1 for name in found)
    each = len(tally.counts) == tally.records > 2 and broken
    many = len(found) >= (MANY_NUMBERS if broken else 2 * MANY_NUMBERS)
    return found if len(found) >= 0.9 * len(tally.counts) and (each or many) else []


def _is_number(name: str) -> bool:
    try:
        return math.isfinite(float(name))
    except ValueError:
        return False


def _joined(tally: LabelTally, options: DatasetOptions, where: str) -> Iterator[str]:
    """Yield warnings of classes that look like several labels joined by another separator."""
    several = tally.task == MULTILABEL
    for mark in MARKS:
        if several and mark in options.label_separator:
            continue
        holding = [name for name in sorted(tally.counts) if mark in name.strip(mark)]
        joined = [n for n in holding if all(p.strip() in tally.counts for p in n.split(mark))]
        share = sum(tally.counts[name] for name in holding) / max(tally.records, 1)
        if several and holding and (joined or (not tally.several and share >= 0.05)):
            yield (
                f"{where}: {len(holding):,} of {len(tally.counts):,} labels contain '{mark}', like "
                f"{shown(holding[0])}, and each counts as one label; labels are separated by "
                f"'{options.label_separator}' (label_separator)"
            )
        elif joined and not several:
            yield (
                f"{where}: {len(joined):,} of {len(tally.counts):,} classes are other classes "
                f"joined by '{mark}', like {shown(joined[0])}; if records have several labels, set "
                "task: multilabel"
            )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(map(shown, names[:SHOWN])) + more
