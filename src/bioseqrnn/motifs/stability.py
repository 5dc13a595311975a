"""Whether a motif is found again: its share of the trainings, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from bioseqrnn.motifs.comparison import align, excess
from bioseqrnn.motifs.patterns import Motif

# Smallest similarity at which two trainings have found the same motif
FOUND_AGAIN = 0.7


@dataclass(frozen=True)
class Stability:
    """How many trainings found a motif.

    Attributes
    ----------
    found, trainings : int
    low, high : float
        95 % interval of the share (Wilson).
    """

    found: int
    trainings: int
    low: float
    high: float


def similarity(first: Motif, second: Motif, both: bool) -> float:
    """Similarity of two motifs at their best alignment, -1 to 1."""
    one, other = (excess(m.frequencies, m.background) for m in (first, second))
    return align(one, other, both).similarity


def stability(motif: Motif, trainings: Sequence[Sequence[Motif]], both: bool) -> Stability:
    """Count the trainings that found a motif for the same output, with the same sign."""
    found = sum(
        any(
            other.output == motif.output
            and other.sign == motif.sign
            and similarity(motif, other, both) >= FOUND_AGAIN
            for other in motifs
        )
        for motifs in trainings
    )
    if not trainings:
        return Stability(0, 0, 0.0, 1.0)
    interval = binomtest(found, len(trainings)).proportion_ci(method="wilson")
    return Stability(found, len(trainings), float(interval.low), float(interval.high))
