"""Folds within the training records of a fold, for a search that never sees the test records."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bioseqrnn.splits.deal import Strata, deal_groups
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import TRAIN, VALIDATION


def inner_folds(
    roles: npt.NDArray[np.str_], groups: Ints, targets: Strata, fold: int, count: int, seed: int
) -> Ints:
    """Assign the training and validation records of an outer fold to inner folds.

    Parameters
    ----------
    roles : str [n, folds]
        As in ``FoldTable``.
    groups : int64 [n]
        Group of each record; records of one group share an inner fold.
    targets : int64 [n] or float64 [n, classes]
        What is balanced between the inner folds: the class of each record, or its amount of every
        class.
    fold : int
        Number of the outer fold.
    count : int
        Number of inner folds, at least 2.
    seed : int

    Returns
    -------
    int64 [n]
        Inner fold in which a record is held out; -1 for records that the outer fold tests or
        excludes, which no inner fold may use. Time is linear in the number of records.

    Raises
    ------
    InputError
        There are fewer groups than inner folds, or they are too large to fill every inner fold.
    """
    inside = np.flatnonzero(np.isin(roles[:, fold], (TRAIN, VALIDATION)))
    kinds, dense = np.unique(groups[inside], return_inverse=True)
    if len(kinds) < count:
        raise InputError(
            f"there are {len(kinds)} groups in the training records, fewer than {count} inner "
            "folds; reduce the number of inner folds"
        )
    part = deal_groups(targets[inside], dense, np.full(count, 1 / count), seed)
    empty = np.flatnonzero(np.bincount(part, minlength=count) == 0)
    if len(empty):
        raise InputError(
            f"the groups are too large for {count} inner folds; reduce the number of inner folds"
        )
    result = np.full(len(roles), -1, np.int64)
    result[inside] = part
    return result
