"""DeLong's test of two correlated AUROCs, as fast as a sort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from bioseqrnn.support.arrays import Bools, Doubles


@dataclass(frozen=True)
class Placements:
    """Where each record stands among those of the other class.

    Attributes
    ----------
    positives : float64 [positives]
        Share of the negatives that score less than each positive; ties count half.
    negatives : float64 [negatives]
        Share of the positives that score more than each negative.
    """

    positives: Doubles
    negatives: Doubles


def placements(positive: Bools, scores: list[Doubles]) -> Placements:
    """Placement values, mean over several scores (seeds), from midranks.

    Sun & Xu, IEEE Signal Process. Lett. 21:1389 (2014). The AUROC is the mean of either array, so
    the mean over seeds of AUROCs is that of the mean placements.
    """
    above, below = [], []
    for score in scores:
        rank = midranks(score)
        of_positives, of_negatives = score[positive], score[~positive]
        above.append((rank[positive] - midranks(of_positives)) / len(of_negatives))
        below.append(1 - (rank[~positive] - midranks(of_negatives)) / len(of_positives))
    return Placements(np.mean(above, axis=0), np.mean(below, axis=0))


def midranks(score: Doubles) -> Doubles:
    """Rank of each score from 1; equal ones share the mean of theirs."""
    _, level, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks: Doubles = (np.cumsum(count) - (count - 1) / 2)[level]
    return ranks


def delong(one: Placements, other: Placements, confidence: float) -> tuple[float, float, float]:
    """Test that two AUROCs on the same records differ.

    DeLong, DeLong & Clarke-Pearson, Biometrics 44:837 (1988). Records are taken for independent.

    Returns
    -------
    low, high : float
        Normal interval of ``one`` minus ``other``.
    p : float
        Two-sided; 1 where the two rank all records alike.
    """
    differences = (one.positives - other.positives, one.negatives - other.negatives)
    difference = float(differences[0].mean())
    if min(len(part) for part in differences) < 2:
        return float("nan"), float("nan"), float("nan")
    variance = sum(float(part.var(ddof=1)) / len(part) for part in differences)
    if variance <= 0:
        return difference, difference, 1.0
    error = float(np.sqrt(variance))
    half = float(ndtri((1 + confidence) / 2)) * error
    return difference - half, difference + half, 2 * float(ndtr(-abs(difference) / error))
