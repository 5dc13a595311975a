"""Shares of the records that train, each part of the next larger."""

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
    """Give every record a place between 0 and 1: a share takes the records below it.

    Groups stay whole, as twins are no further evidence. The groups of each class are put in random
    order and spread evenly from 0 to 1 by their size, so that every share has the classes' balance;
    the first group of each class stands at 0, so that every share has each class.

    Parameters
    ----------
    strata : int64 [n] or float64 [n, classes]
        Class of each record, or how much it has of every class.
    groups : int64 [n]
    seed : int

    Returns
    -------
    float64 [n]
        The same for all records of a group. Linear in the records, but for sorting the groups.
    """
    _, dense = np.unique(groups, return_inverse=True)
    count = int(dense.max()) + 1
    classes = int(strata.max()) + 1 if strata.ndim == 1 else strata.shape[1]
    sums = group_sums(strata, dense, count, classes)
    sizes = np.bincount(dense)
    # a group belongs to the class that it has most of, the rarer ones counting more
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
    """Take a share of some rows, whose strata and groups are given.

    Returns
    -------
    int64 [taken]
        Ascending as ``rows`` are. All of them where ``fraction`` is 1.
    """
    if not len(rows):
        return rows
    taken: npt.NDArray[np.bool_] = nested_places(strata, groups, seed) < fraction
    return rows[taken]


def read_subset(
    folds: Path, table: SequenceTable, roles: tuple[Ints, Ints], fraction: float, fold: int
) -> tuple[Ints, Ints]:
    """Take a share of the rows that train and of those that validate in a fold.

    Both shrink alike: a set of records so small would not have had more to validate with either.
    """
    if not 0 < fraction <= 1:
        raise InputError(f"a fraction of {fraction:g} of the records: give more than 0, at most 1")
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
