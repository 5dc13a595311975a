"""The best chain of open reading frames on one strand, by the coding probability of each base."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from bioseqrnn.support.arrays import Bools, Codes, Doubles, Ints
from bioseqrnn.support.compiled import compiled, frozen

BASES = "ACGT"
# of a base that is not known, beside 0 to 3 for A, C, G, T
UNKNOWN = 4
# NCBI's numbers of genetic codes with the start codons that are looked for
GENETIC_CODES = {1: ("ATG",), 4: ("ATG", "GTG", "TTG"), 11: ("ATG", "GTG", "TTG")}


@dataclass(frozen=True)
class Limits:
    """What a chain of genes may look like; costs are in units of a base that is surely coding.

    The defaults were chosen on genes of a bacterium that are in no score of ``docs/genes.md``.

    Attributes
    ----------
    coding : float
        Probability above which a base is for a gene, and below which it is against it.
    cost : float
        What each gene costs.
    not_atg : float
        What it costs more if it begins with another codon than ATG, or outside of the record.
    shortest : int
        Fewest bases of a gene, stop codon included.
    overlap : int
        Most bases that two neighbours share.
    """

    coding: float = 0.5
    cost: float = 40.0
    not_atg: float = 24.0
    shortest: int = 90
    overlap: int = 60


LIMITS = Limits()


@cache
def codons(genetic_code: int) -> tuple[tuple[str, ...], Bools]:
    """All codons in the order of their numbers, and which are stops: bool [64].

    A codon with the bases a, b, c, 0 to 3 each, has the number 16 a + 4 b + c.
    """
    from Bio.Data.CodonTable import unambiguous_dna_by_id

    words = tuple(a + b + c for a in BASES for b in BASES for c in BASES)
    stops = set(unambiguous_dna_by_id[genetic_code].stop_codons)
    return words, np.array([word in stops for word in words])


def start_costs(genetic_code: int, limits: Limits) -> Doubles:
    """Cost of a gene that begins with each codon, infinite for those that are no starts."""
    words, _ = codons(genetic_code)
    more = dict.fromkeys(GENETIC_CODES[genetic_code], limits.not_atg) | {"ATG": 0.0}
    return np.array([limits.cost + more.get(word, np.inf) for word in words])


def is_stop(codon: Codes, genetic_code: int) -> bool:
    """Whether three bases are a stop codon."""
    _, stops = codons(genetic_code)
    known = bool((codon < UNKNOWN).all())
    return known and bool(stops[codon.astype(np.int64) @ (16, 4, 1)])


def best_chain(
    bases: Codes, coding: Doubles, edges: tuple[bool, bool], genetic_code: int, limits: Limits
) -> Ints:
    """Return the open reading frames that together explain the coding probabilities best.

    A chain of genes has the score of its bases: each counts ``coding - limits.coding``, once. Each
    gene costs ``limits.cost``, and more if it does not begin with ATG. The chain with the highest
    score is found by dynamic programming over stop codons (weighted interval scheduling), in time
    that grows with the number of start codons.

    Parameters
    ----------
    bases : uint8 [length]
        0 to 3 for A, C, G, T, and ``UNKNOWN``; in the direction of reading.
    coding : float64 [length]
    edges : bool, bool
        Whether genes can begin before the first base, and end after the last one.
    genetic_code : int
        A key of ``GENETIC_CODES``.
    limits : Limits

    Returns
    -------
    int64 [genes, 4]
        Of each gene, ascending: start; end (excluded, stop codon included); phase, which is the
        number of bases before the first whole codon of a gene that begins before the first base,
        and 0 for all others; 1 if the gene begins with its start codon, else 0.
        Two neighbours share ``limits.overlap`` bases at most.
    """
    _, stops = codons(genetic_code)
    sums = np.concatenate([np.zeros(1), np.cumsum(coding - limits.coding)])
    found = np.empty((len(bases) // max(1, limits.shortest - limits.overlap) + 2, 4), np.int64)
    count = _chain(
        frozen(bases), frozen(sums), frozen(start_costs(genetic_code, limits)), frozen(stops),
        limits.cost + limits.not_atg if edges[0] else np.inf, edges[1], limits.shortest,
        limits.overlap, found,
    )  # fmt: skip
    return found[:count][::-1]


@compiled
def _chain(
    bases: Codes,
    sums: Doubles,
    costs: Doubles,
    stops: Bools,
    edge_cost: float,
    open_end: bool,
    shortest: int,
    overlap: int,
    found: Ints,
) -> int:
    """Write the genes of the best chain, the last one first; return their number."""
    n = len(bases)
    # of the best chain whose last gene ends at a place: its score, that gene, the end before it
    value = np.full(n + 1, -np.inf)
    start, before = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    phase, begun = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    # of the best chain that ends at or before a place: its score, and where its last gene ends
    best, last = np.zeros(n + 1), np.zeros(n + 1, np.int64)
    # start codons since the last stop codon of each frame, as a linked list
    head, previous = np.full(3, -1, np.int64), np.full(n + 1, -1, np.int64)
    opened = np.full(3, edge_cost < np.inf)
    for i in range(n + 1):
        # a codon of this frame ends at `i`; at the end of the bases, all frames do
        if i > 0:
            best[i], last[i] = best[i - 1], last[i - 1]
        if i < 3 and i < n:
            continue
        at_end = i == n and open_end
        for frame in range(3):
            if not at_end and (i < 3 or frame != i % 3):
                continue
            ends = at_end
            if i >= 3 and frame == i % 3:
                a, b, c = bases[i - 3], bases[i - 2], bases[i - 1]
                if a < 4 and b < 4 and c < 4:
                    codon = 16 * a + 4 * b + c
                    if stops[codon]:
                        ends = True
                    elif costs[codon] < np.inf:
                        previous[i - 3] = head[frame]
                        head[frame] = i - 3
            if not ends:
                continue
            place = head[frame]
            while place >= 0 or opened[frame]:
                whole = place >= 0
                s = place if whole else 0
                if whole:
                    codon = 16 * bases[s] + 4 * bases[s + 1] + bases[s + 2]
                    cost = costs[codon]
                else:
                    cost = edge_cost
                if i - s >= shortest:
                    score, back = best[s] + sums[i] - sums[s] - cost, last[s]
                    for x in range(s + 1, min(s + overlap, i - 1) + 1):
                        if start[x] < s and value[x] + sums[i] - sums[x] - cost > score:
                            score, back = value[x] + sums[i] - sums[x] - cost, x
                    if score > value[i]:
                        value[i], start[i], before[i] = score, s, back
                        phase[i], begun[i] = 0 if whole else frame, int(whole)
                if not whole:
                    break
                place = previous[place]
            head[frame], opened[frame] = -1, False
        if value[i] > best[i]:
            best[i], last[i] = value[i], i
    count, end = 0, last[n]
    while end > 0 and count < len(found):
        found[count, 0], found[count, 1] = start[end], end
        found[count, 2], found[count, 3] = phase[end], begun[end]
        count, end = count + 1, before[end]
    return count
