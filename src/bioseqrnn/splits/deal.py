"""Groups assigned to parts of similar composition, in time linear in the number of records."""

from __future__ import annotations

import numpy as np

from bioseqrnn.support.arrays import Doubles, Ints

# What is balanced between the parts: the class of each record, int64 [n], or the amount of every
# class in each record, float64 [n, classes] (labels, bins of a number, residues of each class)
Strata = Ints | Doubles


def totals(strata: Strata) -> Doubles:
    """Sum the amount of each class over all records: float64 [classes]."""
    if strata.ndim == 1:
        return np.bincount(strata).astype(np.float64)
    sums: Doubles = strata.sum(axis=0, dtype=np.float64)
    return sums


def group_sums(strata: Strata, groups: Ints, count: int, classes: int) -> Doubles:
    """Sum the amount of each class over the records of each group: float64 [count, classes].

    Records whose group is -1 are not counted.
    """
    inside = groups >= 0
    if strata.ndim == 1:
        cells = groups[inside] * classes + strata[inside]
        counts = np.bincount(cells, minlength=count * classes)
        return counts.reshape(count, classes).astype(np.float64)
    sums = [np.bincount(groups[inside], column[inside], count) for column in strata.T]
    return np.stack(sums, axis=1)


def deal_groups(strata: Strata, groups: Ints, shares: Doubles, seed: int) -> Ints:
    """Assign groups to parts whose composition follows ``shares``.

    Groups of several records are assigned first, from the largest to the smallest, each to the part
    that lacks most of the group's classes. Single records then fill what is missing, at random:
    first the records with most labels, then those with the rarest label (similar to Sechidis et
    al., ECML PKDD 2011, for several labels).

    Parameters
    ----------
    strata : int64 [n] or float64 [n, classes]
        Class of each record, or its amount of every class.
    groups : int64 [n]
        Group of each record, numbered from 0 without gaps.
    shares : float64 [parts] or [parts, classes]
        Fraction of each class that a part should get; sums to 1 over parts.
    seed : int

    Returns
    -------
    int64 [n]
        Part of each record. Time is linear in records and groups.
    """
    rng = np.random.default_rng(seed)
    total = totals(strata)
    parts, classes = len(shares), len(total)
    share = np.broadcast_to(shares.reshape(parts, -1), (parts, classes))
    missing = share * total
    scale = np.maximum(total, 1)
    sizes = np.bincount(groups)
    part_of_group = np.full(len(sizes), -1)

    several = np.flatnonzero(sizes > 1)
    place = np.full(len(sizes), -1)
    place[several] = np.arange(len(several))
    sums = group_sums(strata, place[groups], len(several), classes)
    for k in np.lexsort((rng.random(len(several)), -sums.sum(axis=1))):
        # the part where the sum of squares of the missing fractions falls most
        part = int(np.argmax(missing @ (sums[k] / scale**2)))
        part_of_group[several[k]] = part
        missing[part] -= sums[k]

    singles = np.flatnonzero(sizes[groups] == 1)
    for pattern, kind in _kinds(strata, singles, classes):
        records = rng.permutation(kind)
        has = np.flatnonzero(pattern)
        if len(has):
            # number of records of this kind that would fill what each part lacks
            weight = (pattern[has] / scale[has]) ** 2
            lacking = missing[:, has] / pattern[has] @ (weight / weight.sum())
        else:
            lacking = share.mean(axis=1) * len(records)
        counts = _fill(lacking, len(records))
        missing -= counts[:, None] * pattern
        part_of_group[groups[records]] = np.repeat(np.arange(parts), counts)
    return part_of_group[groups]


def _kinds(strata: Strata, singles: Ints, classes: int) -> list[tuple[Doubles, Ints]]:
    """Single records by kind: the amount of each class in one, and the row numbers."""
    if strata.ndim == 1:
        rows = [singles[strata[singles] == code] for code in range(classes)]
        return list(zip(np.eye(classes), rows, strict=True))
    if not len(singles):
        return []
    patterns, kind = np.unique(strata[singles], axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    rows = np.split(singles[np.argsort(kind, kind="stable")], np.cumsum(np.bincount(kind))[:-1])
    rarity = (patterns / np.maximum(totals(strata), 1)).max(axis=1)
    order = np.lexsort((-rarity, -patterns.sum(axis=1)))
    return [(patterns[k].astype(np.float64), rows[k]) for k in order]


def _fill(missing: Doubles, count: int) -> Ints:
    """Split ``count`` single records over parts so that all lack equally much: int [parts]."""
    filled = np.zeros(len(missing), np.int64)
    wanted = np.maximum(missing, 0)
    if wanted.sum() > 0:
        filled = np.floor(wanted * min(1.0, count / wanted.sum())).astype(np.int64)
    filled += (count - int(filled.sum())) // len(missing)
    for _ in range(count - int(filled.sum())):
        filled[np.argmax(missing - filled)] += 1
    return filled
