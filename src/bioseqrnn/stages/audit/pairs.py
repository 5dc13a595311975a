"""Records paired by what they share."""

from __future__ import annotations

import numpy as np

from bioseqrnn.support.arrays import Ints


def opposites(groups: Ints, sides: Ints) -> Ints:
    """For each record, the first one of its group on another side: int64 [n], -1 where none is.

    Parameters
    ----------
    groups, sides : int64 [n]
        Whatever numbers; only equality counts.
    """
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    rows = np.arange(len(groups))
    differs = sides != sides[first[group]]
    # the first record of each group that is on another side than the group's first record
    other = np.full(len(first), -1)
    backwards = rows[differs][::-1]
    other[group[backwards]] = backwards
    return np.where(differs, first[group], other[group])


def earlier(groups: Ints) -> Ints:
    """For each record, the first one of its group, -1 where it is that itself: int64 [n]."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    return np.where(first[group] == np.arange(len(groups)), -1, first[group])
