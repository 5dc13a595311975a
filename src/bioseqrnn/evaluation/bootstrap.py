"""Confidence intervals by resampling groups of records."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar

import numpy as np

from bioseqrnn.evaluation.metrics import Doubles
from bioseqrnn.sequences.packing import Ints

# 20 MB an array; the metrics hold about eight of that size at once
CELLS_AT_ONCE = 2_500_000
Name = TypeVar("Name", bound=Hashable)


def group_weights(groups: Ints, replicates: int, seed: int) -> Iterator[Doubles]:
    """Yield record weights of bootstrap replicates, in chunks of bounded memory.

    As many groups as there are, drawn with replacement; a record weighs as often as its group was
    drawn. Whole groups are drawn because twins are not independent evidence.

    Parameters
    ----------
    groups : int64 [n]
    replicates, seed : int

    Yields
    ------
    float64 [chunk, n]
    """
    rng = np.random.default_rng(seed)
    _, dense = np.unique(groups, return_inverse=True)
    count = int(dense.max()) + 1
    chunk = max(1, CELLS_AT_ONCE // len(groups))
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        drawn = np.stack(
            [np.bincount(rng.integers(count, size=count), minlength=count) for _ in range(size)]
        )
        yield drawn[:, dense].astype(np.float64)


def replicate(
    groups: Ints, replicates: int, seed: int, metrics: Callable[[Doubles], dict[Name, Doubles]]
) -> dict[Name, Doubles]:
    """Return ``metrics`` of every replicate: {metric: float64 [replicates]}.

    The same seed draws the same replicates, so two models' values pair up.
    """
    chunks = [metrics(weights) for weights in group_weights(groups, replicates, seed)]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def interval(values: Doubles, confidence: float) -> tuple[float, float]:
    """Percentile interval; replicates in which the metric does not exist are left out."""
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return float("nan"), float("nan")
    tail = 50 * (1 - confidence)
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)


def two_sided_p(differences: Doubles) -> float:
    """Bootstrap p-value of 'no difference': twice the share of replicates on the rarer side."""
    known = differences[np.isfinite(differences)]
    rarer = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return min(1.0, 2 * (rarer + 1) / (len(known) + 1))
