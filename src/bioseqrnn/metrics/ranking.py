"""Areas under ROC and precision-recall curves, for many weightings after one sort."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from bioseqrnn.metrics.numbers import divide
from bioseqrnn.support.arrays import Bools, Doubles, Ints

# if positives have more distinct scores than this, they are binned
MOST_LEVELS = 4096
# smaller than any weight, to avoid division by 0
LEAST = 1e-9


class Ranking:
    """Units in the order of their scores, for the areas under both curves.

    Neighbouring negatives with no positive between them are counted together, which changes neither
    area. Positives with more than ``MOST_LEVELS`` distinct scores are divided into that many bins
    of about equal size, in which they tie with the negatives between them. That changes AUROC by
    at most 1 / (2 MOST_LEVELS).

    Parameters
    ----------
    positive : bool [units]
    score : float64 [units]
    group : int64 [units]
    groups : int
    """

    def __init__(self, positive: Bools, score: Doubles, group: Ints, groups: int) -> None:
        order = np.argsort(-score, kind="stable")
        positive, group = positive[order], group[order]
        level = _levels(positive, score[order])
        self.size = int(level[-1]) + 1 if len(level) else 0
        ones = np.ones(len(level))
        shape = (self.size, groups)
        # all units of one group and level are added up
        self._hits, self._false = (
            csr_matrix((ones[kind], (level[kind], group[kind])), shape=shape)
            for kind in (positive, ~positive)
        )

    def areas(self, weights: Doubles) -> tuple[Doubles, Doubles]:
        """Return AUROC and average precision, float64 [replicates] each.

        nan if a replicate lacks positives or, for AUROC, negatives.

        Parameters
        ----------
        weights : float64 [groups, replicates]
        """
        hits, false = self._hits @ weights, self._false @ weights
        positives, negatives = hits.sum(axis=0), false.sum(axis=0)
        above = np.cumsum(hits, axis=0)
        area = np.einsum("dr,dr->r", above, false) - 0.5 * np.einsum("dr,dr->r", hits, false)
        called = np.cumsum(false, axis=0, out=false)
        called += above
        # if the weights up to a level are all 0, its hits are 0 too
        np.maximum(called, LEAST, out=called)
        above /= called
        precision = np.einsum("dr,dr->r", hits, above)
        return (
            divide(area, positives * negatives, np.nan),
            divide(precision, positives, np.nan),
        )


def _levels(positive: Bools, score: Doubles) -> Ints:
    """Number the levels of scores in descending order: int64 [units], ascending."""
    if not len(score):
        return np.zeros(0, np.int64)
    level = np.cumsum(np.append(False, score[1:] != score[:-1]))
    count = np.bincount(level, positive)
    level = _merge(count > 0, level)
    count = np.bincount(level, positive)
    held = count > 0
    if held.sum() <= MOST_LEVELS:
        return level
    # bin of each level with positives; a level without takes the bin of the next one with some
    part = np.floor((np.cumsum(count) - count) * MOST_LEVELS / count.sum())
    before = np.full(len(part), -1.0)
    before[1:] = np.where(held[:-1], part[:-1], np.append(-1.0, part[:-2]))
    return (np.cumsum(part != before) - 1)[level]


def _merge(held: Bools, level: Ints) -> Ints:
    """Give neighbouring levels without positives the same number."""
    starts = np.append(True, held[1:] | held[:-1])
    merged: Ints = (np.cumsum(starts) - 1)[level]
    return merged


def curve(positive: Bools, score: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Count positives and negatives at or above each distinct score, from the highest down.

    Returns
    -------
    true_positives, false_positives, thresholds : float64 [different scores]
        Units with at least this score are called positive.
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    hits = np.cumsum(positive[order], dtype=np.float64)[ends]
    return hits, ends + 1.0 - hits, ranked[ends]
