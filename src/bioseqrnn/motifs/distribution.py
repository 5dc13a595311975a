"""Exact distribution of the score of a matrix on random residues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.support.arrays import Doubles

# steps in which scores are counted, from the lowest to the highest
STEPS = 2000


@dataclass(frozen=True)
class ScoreTail:
    """P(score >= s) on residues drawn from the background.

    Attributes
    ----------
    lowest : float
        Lowest score.
    step : float
        Width of a step in nats. Scores are rounded to steps column by column.
    tail : float64 [steps]
    """

    lowest: float
    step: float
    tail: Doubles

    def p(self, scores: Doubles) -> Doubles:
        """Probability of at least these scores: float64, like ``scores``."""
        bins = np.rint((scores - self.lowest) / self.step).astype(np.int64)
        return self.tail[np.clip(bins, 0, len(self.tail) - 1)]


def score_tail(log_odds: Doubles, background: Doubles) -> ScoreTail:
    """Compute the distribution by convolution.

    Parameters
    ----------
    log_odds : float64 [width, symbols]
        In nats.
    background : float64 [symbols]
    """
    lowest = log_odds.min(axis=1)
    span = float((log_odds.max(axis=1) - lowest).sum())
    step = max(span, 1e-9) / STEPS
    bins = np.rint((log_odds - lowest[:, None]) / step).astype(np.int64)
    chance = np.ones(1)
    for column in bins:
        longer = np.zeros(len(chance) + int(column.max()))
        for place, share in zip(column, background, strict=True):
            longer[place : place + len(chance)] += share * chance
        chance = longer
    return ScoreTail(float(lowest.sum()), step, np.minimum(np.cumsum(chance[::-1])[::-1], 1.0))
