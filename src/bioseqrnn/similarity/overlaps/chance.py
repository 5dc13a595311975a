"""How long a stretch must be that chance does not explain.

Two random places hold the same letter with some probability p, and the same word of L letters with
p^L. Among N residues there are N^2 / 2 pairs of places; of DNA twice as many, the other strand
being read as well.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from bioseqrnn.similarity.overlaps.texts import AMBIGUOUS, Texts, low_complexity
from bioseqrnn.support.arrays import Bools, Bytes, Ints
from bioseqrnn.support.compiled import compiled, frozen

# Stretches that chance may bring about in the whole of a dataset
EXPECTED = 0.01
# Whatever a tiny or odd set would allow
SHORTEST = {"dna": 12, "protein": 6}
# Of fewer residues, what the records share would pass for how their letters follow each other
FEW_RESIDUES = {"dna": 1000, "protein": 5000}
# No probability of a match is taken to be higher: a set of one letter would have no bound
MOST_ALIKE = 0.7


def match_probability(texts: Texts) -> float:
    """Probability that two random places hold the same letter, where those before them do.

    The composition gives one estimate, how often pairs (proteins) or triplets (DNA) are equal where
    one letter less is another: sequences are no independent draws. The larger one counts. What is
    of low complexity is left out, which links nothing later either.
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
    """Letters from which a shared stretch is none of chance, in so many residues."""
    pairs = strands * max(residues, 2) ** 2 / 2 * (1 - match)
    needed = math.ceil(math.log(pairs / EXPECTED) / -math.log(match))
    return max(needed, SHORTEST[name])


def word_length(residues: int, strands: int, match: float) -> int:
    """Letters of a word that so many residues seldom hold by chance."""
    return math.ceil(math.log(strands * max(residues, 2)) / -math.log(match)) + 1


def least_beside(holders: int, match: float) -> int:
    """Letters, beside a word that so many sequences hold, from which chance explains no match."""
    pairs, letters = holders**2 / 2, 0
    while pairs * (letters + 1) * match**letters > EXPECTED:
        letters += 1
    return letters


def _coincidence(counts: Ints) -> float:
    """Share of the pairs of grams that are equal."""
    total = int(counts.sum())
    return float((counts * (counts - 1.0)).sum() / max(total * (total - 1.0), 1.0))


@compiled
def _count_grams(codes: Bytes, starts: Ints, low: Bools, gram: int, window: int) -> Ints:
    """Count grams that stand in no window of low complexity."""
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
