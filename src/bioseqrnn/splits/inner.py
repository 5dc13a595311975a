"""Folds within the training records of a fold, for a search that never sees what is tested."""

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
    """Deal the records that train or validate in an outer fold into inner folds.

    Parameters
    ----------
    roles : str [n, folds]
        Of ``FoldTable``.
    groups : int64 [n]
        Records of one group share an inner fold.
    targets : int64 [n] or float64 [n, classes]
        What the inner folds shall have alike: the class of each record, or how much it has of
        every class.
    fold : int
        The outer fold.
    count : int
        Number of inner folds, at least 2.
    seed : int

    Returns
    -------
    int64 [n]
        Inner fold in which a record is held out; -1 of those that the outer fold tests or leaves
        out, which no inner fold may touch. Linear in the number of records.

    Raises
    ------
    InputError
        Where there are fewer groups than inner folds.
    """
    inside = np.flatnonzero(np.isin(roles[:, fold], (TRAIN, VALIDATION)))
    kinds, dense = np.unique(groups[inside], return_inverse=True)
    if len(kinds) < count:
        raise InputError(
            f"there are {len(kinds)} groups to train with, fewer than {count} inner folds; "
            "lower the number of inner folds"
        )
    part = deal_groups(targets[inside], dense, np.full(count, 1 / count), seed)
    empty = np.flatnonzero(np.bincount(part, minlength=count) == 0)
    if len(empty):
        raise InputError(
            f"the groups are too large for {count} inner folds; lower the number of inner folds"
        )
    result = np.full(len(roles), -1, np.int64)
    result[inside] = part
    return result
