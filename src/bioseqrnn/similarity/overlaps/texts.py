"""Packed sequences as one code per residue, and their regions of low complexity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Bools, Bytes, Ints
from bioseqrnn.support.compiled import compiled, frozen

AMBIGUOUS = 31
# Letters of a gram, and the largest fraction of pairs of equal grams in a word. It is 1.6 % (DNA)
# and 6 % (proteins) in random words, about half in repeats of two letters, and less in repeats of
# longer units.
GRAMS = {"dna": (3, 0.1), "protein": (1, 0.25)}


@dataclass(frozen=True)
class Texts:
    """Several sequences, end to end.

    Attributes
    ----------
    codes : uint8 [residues]
        Column of each residue in the alphabet; ``AMBIGUOUS`` if it can be several.
    starts : int64 [n + 1]
        Sequence ``i`` is ``codes[starts[i]:starts[i + 1]]``.
    alphabet : Alphabet
    """

    codes: Bytes
    starts: Ints
    alphabet: Alphabet

    @property
    def both_strands(self) -> bool:
        """Whether stretches are also read on the other strand."""
        return self.alphabet.name == "dna"

    @property
    def strands(self) -> int:
        """Number of strands that stretches are read on."""
        return 2 if self.both_strands else 1

    def owners(self, places: Ints) -> Ints:
        """Number of the sequence that contains each place: int64 [places]."""
        return np.searchsorted(self.starts, places, side="right") - 1

    def __len__(self) -> int:
        return len(self.starts) - 1


def read_texts(packed: Packed, rows: Ints, alphabet: Alphabet) -> Texts:
    """Decode some sequences to one byte per residue."""
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(packed.lengths[rows])])
    codes = np.empty(int(starts[-1]), np.uint8)
    kernel = _decode_nibbles if alphabet.width == 4 else _decode_masks
    kernel(frozen(packed.data), frozen(packed.offsets), frozen(rows), frozen(starts), codes)
    return Texts(frozen(codes), frozen(starts), alphabet)


def low_complexity(texts: Texts, length: int) -> Bools:
    """Return for each place whether the word of ``length`` letters from there has low complexity.

    Returns
    -------
    bool [residues]
        True if too many pairs of the word's triplets (DNA) or letters (proteins) are equal. The
        value has no meaning where the sequence ends before the word does.
    """
    gram, most = GRAMS[texts.alphabet.name]
    low = np.zeros(len(texts.codes), np.bool_)
    _mark_low(texts.codes, texts.starts, length, gram, most, low)
    return low


@compiled
def _decode_nibbles(data: Bytes, offsets: Ints, rows: Ints, starts: Ints, codes: Bytes) -> None:
    letter = np.full(16, AMBIGUOUS, np.uint8)
    for column in range(4):
        letter[1 << (3 - column)] = column
    for i in range(len(rows)):
        byte, start = offsets[rows[i]], starts[i]
        for j in range(starts[i + 1] - start):
            both = np.int64(data[byte + (j >> 1)])
            codes[start + j] = letter[both & 15 if j & 1 else both >> 4]


@compiled
def _decode_masks(data: Bytes, offsets: Ints, rows: Ints, starts: Ints, codes: Bytes) -> None:
    for i in range(len(rows)):
        byte, start = offsets[rows[i]], starts[i]
        for j in range(starts[i + 1] - start):
            first = byte + 5 * (j >> 1) + 2 * (j & 1)
            word = (np.int64(data[first]) << 16) | (np.int64(data[first + 1]) << 8)
            word |= np.int64(data[first + 2])
            mask = word & 0xFFFFF if j & 1 else word >> 4
            code = np.uint8(AMBIGUOUS)
            if mask & (mask - 1) == 0:
                code = np.uint8(19)
                while mask > 1:
                    mask >>= 1
                    code -= np.uint8(1)
            codes[start + j] = code


@compiled
def _mark_low(codes: Bytes, starts: Ints, length: int, gram: int, most: float, low: Bools) -> None:
    size = 32**gram
    counts = np.zeros(size, np.int64)
    grams = length - gram + 1
    limit = most * grams * (grams - 1) / 2
    for i in range(len(starts) - 1):
        start, end = starts[i], starts[i + 1]
        equal, number = 0, np.int64(0)
        for j in range(start, end):
            number = (number * 32 + np.int64(codes[j])) % size
            if j - start < gram - 1:
                continue
            equal += counts[number]
            counts[number] += 1
            # start of the window of grams that ends here
            first = j - length + 1
            if first < start:
                continue
            low[first] = equal >= limit
            leaving = np.int64(0)
            for k in range(gram):
                leaving = leaving * 32 + np.int64(codes[first + k])
            counts[leaving] -= 1
            equal -= counts[leaving]
        # remove the remaining grams of this sequence from the counts
        for j in range(max(start, end - length), end - gram + 1):
            number = np.int64(0)
            for k in range(gram):
                number = number * 32 + np.int64(codes[j + k])
            counts[number] = 0
