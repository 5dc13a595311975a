"""Counts of words in sequences: k-mers, and k-mers with gaps.

A *pattern* lists the positions of a window that belong to the word: 0, 1, 2 is a 3-mer, and 0, 1, 4
a 3-mer with a gap of two. Residues are codes below ``symbols``; any other code is ambiguous, and a
word that contains one is not counted.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from bioseqrnn.support.arrays import Codes, Floats, Ints
from bioseqrnn.support.compiled import compiled, frozen

# -M and -H of ls-gkm: largest weight, at the centre, and residues over which the weight halves
CENTRE, HALF_LIFE = 50.0, 50.0


def contiguous(k: int) -> Ints:
    """The pattern of a k-mer without gaps: int64 [1, k]."""
    return np.arange(k)[None]


def gapped(span: int, informative: int) -> Ints:
    """All patterns of ``informative`` positions in a window of ``span``: int64 [patterns, k]."""
    return np.array(list(itertools.combinations(range(span), informative)), np.int64)


def columns_of(patterns: Ints, span: int, symbols: int, both_strands: bool) -> tuple[Ints, int]:
    """Column of each word of each pattern; words are ordered as numbers to the base ``symbols``.

    Returns
    -------
    column : int64 [patterns * symbols**k]
        With ``both_strands`` (for DNA in the order A C G T) a word and its reverse complement,
        whose pattern is mirrored in the window, share a column.
    count : int
        Number of columns.
    """
    k = patterns.shape[1]
    size = symbols**k
    column = np.arange(len(patterns) * size)
    if not both_strands:
        return column, len(column)
    number = {tuple(pattern): i for i, pattern in enumerate(patterns.tolist())}
    mirrored = [number[tuple(span - 1 - p for p in reversed(row))] for row in patterns.tolist()]
    powers = symbols ** np.arange(k)
    digits = np.arange(size)[:, None] // powers % symbols
    # the last residue's complement comes first, and A C G T backwards is T G C A
    complement = ((symbols - 1 - digits) * powers[::-1]).sum(axis=1)
    other = (np.array(mirrored)[:, None] * size + complement).ravel()
    kept, column = np.unique(np.minimum(column, other), return_inverse=True)
    return column, len(kept)


def count_words(
    codes: Codes,
    offsets: Ints,
    patterns: Ints,
    symbols: int,
    both_strands: bool,
    *,
    span: int | None = None,
    centred: bool = False,
) -> csr_array:
    """Count words in every record: sparse float32 [records, words].

    Parameters
    ----------
    codes : uint8 [residues]
    offsets : int64 [records + 1]
        Record ``i`` is ``codes[offsets[i]:offsets[i + 1]]``; a record shorter than a window has no
        word.
    patterns : int64 [patterns, k]
    symbols : int
    both_strands : bool
        Count a word and its reverse complement as one.
    span : int, optional
        Residues of a window; by default as many as the patterns need.
    centred : bool
        Weight a window less, the farther its middle is from the middle of the record: the weights
        of ls-gkm's default kernel (Lee, Bioinformatics 32:2196, 2016), with 50 as the largest.
    """
    span = span or int(patterns.max()) + 1
    column, count = columns_of(patterns, span, symbols, both_strands)
    windows = np.maximum(np.diff(offsets) - span + 1, 0)
    room = int(np.minimum(windows * len(patterns), count).sum())
    starts = np.zeros(len(offsets), np.int64)
    words, values = np.empty(room, np.int32), np.empty(room, np.float32)
    used = _count_words(
        frozen(codes), frozen(offsets), frozen(patterns), span, symbols, frozen(column), count,
        centred, starts, words, values,
    )  # fmt: skip
    # row offsets are 32 bits wide too if they fit: linear solvers are fast with these
    if used < 2**31:
        starts = starts.astype(np.int32)
    return csr_array((values[:used], words[:used], starts), shape=(len(offsets) - 1, count))


@compiled
def weight_of(start: int, span: int, length: int) -> np.float32:
    """Weight of the window at ``start`` in a record of ``length`` residues."""
    distance = abs(start + 0.5 * span - 0.5 * length)
    decayed = np.floor(CENTRE * 0.5 ** (distance / HALF_LIFE) + 1)
    return np.float32(max(1.0, decayed) / CENTRE)


@compiled
def _count_words(
    codes: Codes,
    offsets: Ints,
    patterns: Ints,
    span: int,
    symbols: int,
    column: Ints,
    count: int,
    centred: bool,
    starts: Ints,
    words: npt.NDArray[np.int32],
    values: Floats,
) -> int:
    """Write the sparse rows one after the other; return the number of values."""
    total = np.zeros(count, np.float32)
    size = 1
    for _ in range(patterns.shape[1]):
        size *= symbols
    used = 0
    for record in range(len(offsets) - 1):
        begin, end = offsets[record], offsets[record + 1]
        first = used
        for start in range(begin, end - span + 1):
            weight = np.float32(1)
            if centred:
                weight = weight_of(start - begin, span, end - begin)
            for pattern in range(len(patterns)):
                word = np.int64(0)
                known = True
                for place in range(patterns.shape[1]):
                    code = np.int64(codes[start + patterns[pattern, place]])
                    if code >= symbols:
                        known = False
                        break
                    word = word * symbols + code
                if known:
                    cell = column[pattern * size + word]
                    if total[cell] == 0:
                        words[used] = cell
                        used += 1
                    total[cell] += weight
        # sorted by column, so that sums always have the same order
        words[first:used].sort()
        for place in range(first, used):
            values[place] = total[words[place]]
            total[words[place]] = 0
        starts[record + 1] = used
    return used
