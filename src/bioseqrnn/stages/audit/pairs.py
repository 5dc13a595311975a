"""Pairs of records of the same group."""

from __future__ import annotations

import numpy as np

from bioseqrnn.support.arrays import Ints


def opposites(groups: Ints, sides: Ints) -> Ints:
    """Return, for each record, the first one of its group on another side: int64 [n], -1 for none.

    Parameters
    ----------
    groups, sides : int64 [n]
        Any numbers; only their equality matters.
    """
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    rows = np.arange(len(groups))
    differs = sides != sides[first[group]]
    # in each group, the first record that is not on the side of the group's first record
    other = np.full(len(first), -1)
    backwards = rows[differs][::-1]
    other[group[backwards]] = backwards
    return np.where(differs, first[group], other[group])


def earlier(groups: Ints) -> Ints:
    """Return, for each record, the first one of its group: int64 [n], -1 if it is the first."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    return np.where(first[group] == np.arange(len(groups)), -1, first[group])
