"""DeLong's test of two correlated AUROCs, in the time of a sort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from bioseqrnn.support.arrays import Bools, Doubles


@dataclass(frozen=True)
class Placements:
    """Rank of each record among the records of the other class (placement values).

    Attributes
    ----------
    positives : float64 [positives]
        Fraction of the negatives with a lower score than each positive; ties count half.
    negatives : float64 [negatives]
        Fraction of the positives with a higher score than each negative.
    """

    positives: Doubles
    negatives: Doubles


def placements(positive: Bools, scores: list[Doubles]) -> Placements:
    """Placement values from midranks, averaged over several scores (one per seed).

    Sun & Xu, IEEE Signal Process. Lett. 21:1389 (2014). The AUROC is the mean of either array, so
    the mean AUROC over seeds is the mean of the averaged placements.
    """
    above, below = [], []
    for score in scores:
        rank = midranks(score)
        of_positives, of_negatives = score[positive], score[~positive]
        above.append((rank[positive] - midranks(of_positives)) / len(of_negatives))
        below.append(1 - (rank[~positive] - midranks(of_negatives)) / len(of_positives))
    return Placements(np.mean(above, axis=0), np.mean(below, axis=0))


def midranks(score: Doubles) -> Doubles:
    """Rank of each score, from 1; equal scores get the mean of their ranks."""
    _, level, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks: Doubles = (np.cumsum(count) - (count - 1) / 2)[level]
    return ranks


def delong(one: Placements, other: Placements, confidence: float) -> tuple[float, float, float]:
    """Test whether two AUROCs on the same records differ.

    DeLong, DeLong & Clarke-Pearson, Biometrics 44:837 (1988). Assumes independent records.

    Returns
    -------
    low, high : float
        Normal confidence interval of ``one`` minus ``other``.
    p : float
        Two-sided p-value; 1 if both rank all records equally.
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
