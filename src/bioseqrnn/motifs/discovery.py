"""Motifs as position weight matrices: discovery in sequences, and scanning of others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bioseqrnn.onehot.words import contiguous, count_words
from bioseqrnn.support.arrays import Codes, Doubles, Ints
from bioseqrnn.support.compiled import compiled, frozen

ITERATIONS = 20
PSEUDOCOUNT = 0.5
# weight of a seed's letter in the first matrix
CERTAIN = 0.7
# first guess of the fraction of sequences that contain the motif
PRIOR = 0.5


def enriched_words(
    codes: Codes,
    offsets: Ints,
    wanted: npt.NDArray[np.bool_],
    k: int,
    symbols: int,
    both: bool,
    count: int,
) -> list[Ints]:
    """Return the k-mers that are most enriched in the wanted records, best first: int64 [k] each.

    Ranked by the difference between the fractions of records with the k-mer, in standard errors. A
    word that is another one shifted by a residue is left out, so that the seeds are different
    motifs.
    """
    held = count_words(codes, offsets, contiguous(k), symbols, both) > 0
    inside, outside = held[wanted].sum(axis=0), held[~wanted].sum(axis=0)
    n, m = int(wanted.sum()), int((~wanted).sum())
    pooled = (inside + outside + 1) / (n + m + 2)
    error = np.sqrt(pooled * (1 - pooled) * (1 / max(n, 1) + 1 / max(m, 1)))
    order = np.argsort(-((inside / max(n, 1)) - (outside / max(m, 1))) / error, kind="stable")
    words = _words(k, symbols, both)
    chosen: list[Ints] = []
    for word in words[order[: 50 * count]]:
        strands = [word, symbols - 1 - word[::-1]] if both else [word]
        shifted = any(
            (seed[1:] == strand[:-1]).all() or (seed[:-1] == strand[1:]).all()
            for seed in chosen
            for strand in strands
        )
        if not shifted:
            chosen.append(word)
        if len(chosen) == count:
            break
    return chosen


def _words(k: int, symbols: int, both: bool) -> Ints:
    """The word of each column of ``count_words``: int64 [columns, k]."""
    number = np.arange(symbols**k)
    digits: Ints = number[:, None] // symbols ** np.arange(k - 1, -1, -1) % symbols
    if not both:
        return digits
    other = ((symbols - 1 - digits[:, ::-1]) * symbols ** np.arange(k - 1, -1, -1)).sum(axis=1)
    kept: Ints = digits[np.unique(np.minimum(number, other))]
    return kept


def background(codes: Codes, symbols: int) -> Doubles:
    """Frequency of each residue: float64 [symbols]."""
    counts = np.bincount(codes[codes < symbols], minlength=symbols) + 1.0
    shares: Doubles = counts / counts.sum()
    return shares


def refine(
    seed: Ints, width: int, codes: Codes, offsets: Ints, chance: Doubles, both: bool
) -> Doubles:
    """Grow a seed into a matrix by expectation maximisation.

    At most one occurrence per sequence, on either strand if ``both`` (ZOOPS: Bailey and Elkan,
    ISMB 1994, MEME).

    Parameters
    ----------
    seed : int64 [k]
        The word in the middle of the first matrix, whose other columns are the background.
    width : int
        Columns of the matrix.
    codes, offsets
        The sequences that contain the motif.
    chance : float64 [symbols]
        Background frequencies.

    Returns
    -------
    float64 [width, symbols + 1]
        Log-odds of each residue in nats; the last column, for ambiguous residues, is 0.
    """
    symbols = len(chance)
    shares = np.tile(chance, (width, 1))
    start = (width - len(seed)) // 2
    for place, letter in enumerate(seed):
        shares[start + place] = (1 - CERTAIN) * chance
        shares[start + place, letter] += CERTAIN
    holding = PRIOR
    for _ in range(ITERATIONS):
        counts = np.zeros((width, symbols + 1))
        total = _expect(
            frozen(codes), frozen(offsets), frozen(log_odds(shares, chance)), both, holding, counts
        )
        added = counts[:, :symbols] + PSEUDOCOUNT * symbols * chance
        shares = added / added.sum(axis=1, keepdims=True)
        holding = min(max(total / max(len(offsets) - 1, 1), 0.01), 0.99)
    return log_odds(shares, chance)


def log_odds(shares: Doubles, chance: Doubles) -> Doubles:
    """Log-odds against the background, with a column of zeros for ambiguous residues."""
    odds = np.log(shares / chance)
    return np.concatenate([odds, np.zeros((len(odds), 1))], axis=1)


def scan(codes: Codes, offsets: Ints, matrix: Doubles, both: bool) -> Doubles:
    """Score sequences by a matrix: float64 [records, 2].

    The log-odds of the best hit, and the logarithm of the mean odds over all positions, which also
    counts weak hits. A sequence shorter than the matrix scores 0.
    """
    scores = np.zeros((len(offsets) - 1, 2))
    _scan(frozen(codes), frozen(offsets), frozen(matrix), both, scores)
    return scores


def best_places(
    codes: Codes, offsets: Ints, matrix: Doubles, both: bool
) -> tuple[Doubles, Ints, Ints]:
    """Best window of each sequence.

    Returns
    -------
    score : float64 [records]
        Its log-odds in nats; -inf in a sequence that is shorter than the matrix.
    start : int64 [records]
        Its first residue, counted from the beginning of the sequence.
    strand : int64 [records]
        0, or 1 for the reverse complement.
    """
    count = len(offsets) - 1
    score, found = np.full(count, -np.inf), np.zeros((2, count), np.int64)
    _place(frozen(codes), frozen(offsets), frozen(matrix), both, score, found)
    return score, found[0], found[1]


@compiled
def window_odds(codes: Codes, start: int, matrix: Doubles, reverse: bool) -> float:
    """Log-odds of the window at a position, or of its reverse complement."""
    width, last = matrix.shape[0], matrix.shape[1] - 1
    total = 0.0
    for j in range(width):
        code = codes[start + j]
        if not reverse:
            total += matrix[j, code]
        elif code < last:
            total += matrix[width - 1 - j, last - 1 - code]
    return total


@compiled
def _expect(
    codes: Codes, offsets: Ints, matrix: Doubles, both: bool, holding: float, counts: Doubles
) -> float:
    """Add the letters of every window, weighted by its probability of being the motif.

    Returns the expected number of occurrences.
    """
    width, symbols = matrix.shape[0], matrix.shape[1] - 1
    strands = 2 if both else 1
    total = 0.0
    for record in range(len(offsets) - 1):
        begin = offsets[record]
        windows = offsets[record + 1] - begin - width + 1
        if windows < 1:
            continue
        odds = np.empty((windows, strands))
        mass = 0.0
        for start in range(windows):
            for strand in range(strands):
                odds[start, strand] = np.exp(window_odds(codes, begin + start, matrix, strand == 1))
                mass += odds[start, strand]
        scale = holding / (windows * strands)
        norm = scale / (1 - holding + scale * mass)
        total += mass * norm
        for start in range(windows):
            for strand in range(strands):
                share = odds[start, strand] * norm
                if share < 1e-6:
                    continue
                for j in range(width):
                    code = codes[begin + start + j]
                    if strand == 0:
                        counts[j, code] += share
                    elif code < symbols:
                        counts[width - 1 - j, symbols - 1 - code] += share
    return total


@compiled
def _place(
    codes: Codes, offsets: Ints, matrix: Doubles, both: bool, score: Doubles, found: Ints
) -> None:
    width = matrix.shape[0]
    for record in range(len(offsets) - 1):
        begin = offsets[record]
        for start in range(offsets[record + 1] - begin - width + 1):
            for strand in range(2 if both else 1):
                value = window_odds(codes, begin + start, matrix, strand == 1)
                if value > score[record]:
                    score[record] = value
                    found[0, record], found[1, record] = start, strand


@compiled
def _scan(codes: Codes, offsets: Ints, matrix: Doubles, both: bool, scores: Doubles) -> None:
    width = matrix.shape[0]
    strands = 2 if both else 1
    for record in range(len(offsets) - 1):
        begin = offsets[record]
        windows = offsets[record + 1] - begin - width + 1
        if windows < 1:
            continue
        best, mass = -1e300, 0.0
        for start in range(windows):
            for strand in range(strands):
                value = window_odds(codes, begin + start, matrix, strand == 1)
                best = max(best, value)
                mass += np.exp(value)
        scores[record, 0] = best
        scores[record, 1] = np.log(mass / (windows * strands))
