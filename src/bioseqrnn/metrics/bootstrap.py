"""Confidence intervals by resampling groups of records, and p-values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.special import ndtr

from bioseqrnn.support.arrays import Doubles

# 20 MB per array; the metrics hold about eight arrays of that size at once
CELLS_AT_ONCE = 2_500_000
# with fewer replicates on the rarer side, their fraction is too uncertain
FEW = 10
Name = TypeVar("Name", bound=Hashable)


class Resampling(NamedTuple):
    """Settings of the bootstrap.

    Attributes
    ----------
    replicates : int
        Number of bootstrap replicates.
    confidence : float
        Confidence level of the intervals, 0 to 1.
    seed : int
    """

    replicates: int
    confidence: float
    seed: int


def group_weights(groups: int, replicates: int, seed: int, rows: int = 1) -> Iterator[Doubles]:
    """Yield group weights of bootstrap replicates, in chunks of bounded memory.

    Each replicate draws as many groups as there are, with replacement; the weight of a group is
    the number of times it was drawn. Whole groups are drawn because similar sequences are not
    independent evidence.

    Parameters
    ----------
    groups, replicates, seed : int
    rows : int
        Rows of the largest array computed for a chunk, if it has more rows than there are groups.

    Yields
    ------
    float64 [groups, chunk]
    """
    rng = np.random.default_rng(seed)
    chunk = max(1, CELLS_AT_ONCE // max(groups, rows))
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        drawn = np.empty((groups, size))
        for place in range(size):
            drawn[:, place] = np.bincount(rng.integers(groups, size=groups), minlength=groups)
        yield drawn


def replicate(
    groups: int,
    replicates: int,
    seed: int,
    metrics: Callable[[Doubles], dict[Name, Doubles]],
    rows: int = 1,
) -> dict[Name, Doubles]:
    """Return ``metrics`` of every replicate: {metric: float64 [replicates]}.

    The same seed draws the same replicates, so the values of two models are paired.
    """
    chunks = [metrics(weights) for weights in group_weights(groups, replicates, seed, rows)]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def interval(values: Doubles, confidence: float) -> tuple[float, float]:
    """Percentile interval; replicates in which the metric is undefined are left out."""
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return float("nan"), float("nan")
    tail = 50 * (1 - confidence)
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)


def two_sided_p(differences: Doubles) -> float:
    """Bootstrap p-value of 'no difference': twice the fraction of replicates on the rarer side.

    With fewer than ``FEW`` replicates on that side, the fraction is too uncertain. The tail of a
    normal distribution with the replicates' mean and standard deviation is used instead: a p-value
    from counts has a smallest possible value, and a correction for many comparisons could multiply
    it beyond any significance level.
    """
    known = differences[np.isfinite(differences)]
    if len(known) == 0:
        return float("nan")
    rarer = min(int((known <= 0).sum()), int((known >= 0).sum()))
    counted = min(1.0, 2 * (rarer + 1) / (len(known) + 1))
    if rarer >= FEW or np.ptp(known) == 0:
        return counted
    tail = 2 * float(ndtr(-abs(float(known.mean())) / float(known.std())))
    return min(tail, 2 * (FEW + 1) / (len(known) + 1))


def holm(p: Doubles) -> Doubles:
    """Adjust p-values for multiple comparisons (Holm, Scand. J. Stat. 6:65, 1979).

    nan values stay nan and are not counted.
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(steps))
    return adjusted
