"""The length from which chance does not explain a shared stretch.

Two random places hold the same letter with some probability p, and the same word of L letters with
p^L. Among N residues there are N^2 / 2 pairs of places; twice as many in DNA, because the other
strand is read as well.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from bioseqrnn.similarity.overlaps.texts import AMBIGUOUS, Texts, low_complexity
from bioseqrnn.support.arrays import Bools, Bytes, Ints
from bioseqrnn.support.compiled import compiled, frozen

# Expected number of chance stretches in the whole dataset that is tolerated
EXPECTED = 0.01
# Lower limit for a stretch, also in tiny or unusual datasets
SHORTEST = {"dna": 12, "protein": 6}
# With fewer residues, shared stretches would look like a dependence between successive letters
FEW_RESIDUES = {"dna": 1000, "protein": 5000}
# Upper limit for the probability of a match: a dataset of only one letter would have no bound
MOST_ALIKE = 0.7


def match_probability(texts: Texts) -> float:
    """Probability that two random places hold the same letter, given that those before them do.

    The composition gives one estimate. Letters are not independent, so another estimate is how
    often pairs (proteins) or triplets (DNA) are equal if they agree up to the last letter. The
    largest estimate counts. Regions of low complexity are left out; they link nothing later either.
    """
    most, window = (3, 24) if texts.both_strands else (2, 12)
    if len(texts.codes) < FEW_RESIDUES[texts.alphabet.name]:
        most = 1
    low = low_complexity(texts, window)
    alike = [
        _coincidence(_count_grams(texts.codes, texts.starts, frozen(low), k, window))
        for k in range(1, most + 1)
    ]
    given = [alike[0], *(b / a for a, b in pairwise(alike) if a > 0)]
    return min(max([0.01, *given]), MOST_ALIKE)


def least_length(residues: int, strands: int, match: float, name: str) -> int:
    """Number of letters from which a stretch shared within ``residues`` is not due to chance."""
    pairs = strands * max(residues, 2) ** 2 / 2 * (1 - match)
    needed = math.ceil(math.log(pairs / EXPECTED) / -math.log(match))
    return max(needed, SHORTEST[name])


def word_length(residues: int, strands: int, match: float) -> int:
    """Number of letters of a word that ``residues`` residues rarely contain by chance."""
    return math.ceil(math.log(strands * max(residues, 2)) / -math.log(match)) + 1


def least_beside(holders: int, match: float) -> int:
    """Letters next to a word in ``holders`` sequences from which chance explains no match."""
    pairs, letters = holders**2 / 2, 0
    while pairs * (letters + 1) * match**letters > EXPECTED:
        letters += 1
    return letters


def _coincidence(counts: Ints) -> float:
    """Fraction of the pairs of grams that are equal."""
    total = int(counts.sum())
    return float((counts * (counts - 1.0)).sum() / max(total * (total - 1.0), 1.0))


@compiled
def _count_grams(codes: Bytes, starts: Ints, low: Bools, gram: int, window: int) -> Ints:
    """Count the grams outside windows of low complexity."""
    size = 32**gram
    counts = np.zeros(size, np.int64)
    for i in range(len(starts) - 1):
        number, run, simple = np.int64(0), 0, starts[i]
        for j in range(starts[i], starts[i + 1]):
            number = (number * 32 + np.int64(codes[j])) % size
            run = 0 if codes[j] == AMBIGUOUS else run + 1
            if low[j]:
                simple = j + window
            if run >= gram and j >= simple:
                counts[number] += 1
    return counts
