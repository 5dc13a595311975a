"""Fractions of the training records, each contained in the next larger one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from bioseqrnn.splits.deal import Strata, group_sums
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_groups
from bioseqrnn.tables.sequences import SequenceTable


def nested_places(strata: Strata, groups: Ints, seed: int) -> Doubles:
    """Give every record a place between 0 and 1: a fraction takes the records below it.

    Groups stay whole, because similar records add no new evidence. The groups of each class are put
    in random order and spread evenly from 0 to 1 by their size, so every fraction has the same
    class balance. The first group of each class is at 0, so every fraction contains each class.

    Parameters
    ----------
    strata : int64 [n] or float64 [n, classes]
        Class of each record, or its amount of every class.
    groups : int64 [n]
    seed : int

    Returns
    -------
    float64 [n]
        Places, the same for all records of a group. Time is linear in the records, except for the
        sorting of groups.
    """
    _, dense = np.unique(groups, return_inverse=True)
    count = int(dense.max()) + 1
    classes = int(strata.max()) + 1 if strata.ndim == 1 else strata.shape[1]
    sums = group_sums(strata, dense, count, classes)
    sizes = np.bincount(dense)
    # a group belongs to the class that it has the largest fraction of
    kind = (sums / np.maximum(sums.sum(axis=0), 1)).argmax(axis=1)
    order = np.lexsort((np.random.default_rng(seed).random(count), kind))
    ends = np.cumsum(sizes[order])
    starts = ends - sizes[order]
    kinds = np.bincount(kind, sizes, classes)
    before = np.cumsum(kinds) - kinds
    place = np.empty(count)
    middle = (starts + ends) / 2 - before[kind[order]]
    place[order] = middle / kinds[kind[order]]
    for column in sums.T:
        holding = np.flatnonzero(column)
        if len(holding):
            place[holding[place[holding].argmin()]] = 0.0
    return place[dense]


def subset(rows: Ints, strata: Strata, groups: Ints, fraction: float, seed: int) -> Ints:
    """Take a fraction of some rows, given their strata and groups.

    Returns
    -------
    int64 [taken]
        In the order of ``rows``. If ``fraction`` is 1, all of them.
    """
    if not len(rows):
        return rows
    taken: npt.NDArray[np.bool_] = nested_places(strata, groups, seed) < fraction
    return rows[taken]


def read_subset(
    folds: Path, table: SequenceTable, roles: tuple[Ints, Ints], fraction: float, fold: int
) -> tuple[Ints, Ints]:
    """Take a fraction of the training rows and of the validation rows of a fold.

    Both shrink equally: a dataset of that size would also have had fewer validation records.
    """
    if not 0 < fraction <= 1:
        raise InputError(
            f"the fraction {fraction:g} is not allowed; it must be above 0 and at most 1"
        )
    groups = read_groups(folds)
    train, validation = (
        subset(
            rows,
            table.task.counts(table.targets[rows], table.classes),
            groups[rows],
            fraction,
            fold + 1,
        )
        for rows in roles
    )
    return train, validation
