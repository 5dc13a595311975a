"""Words of packed sequences: which occur in training records, and how many a record shares.

A word is a run of k unambiguous residues. Packed sequences are read in place, so that a record of
any length needs no memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Bytes, Ints
from bioseqrnn.support.compiled import compiled, frozen

# what the table of words says of a word: it is in no record, or in records of several folds
NONE, SEVERAL = -1, 2**15 - 1
# of a record that is in no fold
NEW = -2
# most bytes of the words in a model file, as one bit each: 12-mers of DNA, 5-mers of proteins
MOST_BYTES = 2**21
Table = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Counted:
    """Counts of some records.

    Attributes
    ----------
    residues : int64 [n, symbols]
        How often each residue occurs, without ambiguous ones.
    words, known : int64 [n]
        Number of words, and of those that are known.
    """

    residues: Ints
    words: Ints
    known: Ints


def word_size(residues: int, alphabet: Alphabet) -> int:
    """Choose k: the largest for which there are at most as many possible words as residues.

    A random sequence then has about two thirds of its words among those of the training records,
    where the shares of real and random sequences differ most (docs/domain.md). The table has at
    most ``MOST_BYTES``.
    """
    size = 1
    while alphabet.width ** (size + 1) <= min(residues, 8 * MOST_BYTES):
        size += 1
    return size


def empty_table(size: int, alphabet: Alphabet) -> Table:
    """Return a table in which no word is known: int16 [symbols**size]."""
    return np.full(alphabet.width**size, NONE, np.int16)


def add_words(
    table: Table, packed: Packed, folds: Ints, size: int, alphabet: Alphabet, both_strands: bool
) -> None:
    """Note the fold of each word of some records; ``SEVERAL`` if it is in more than one.

    Parameters
    ----------
    folds : int64 [n]
        From 0 to ``SEVERAL - 1``.
    both_strands : bool
        Whether the words of the reverse complement are noted too.
    """
    _add_words(
        frozen(packed.data), frozen(packed.offsets), frozen(packed.lengths), frozen(folds), size,
        alphabet.width, both_strands, table,
    )  # fmt: skip


def count(table: Table, packed: Packed, folds: Ints, size: int, alphabet: Alphabet) -> Counted:
    """Count residues, words, and words that are known from records of other folds.

    Parameters
    ----------
    folds : int64 [n]
        The fold of each record; ``NEW`` for new records.
    """
    residues = np.zeros((len(packed), alphabet.width), np.int64)
    words, known = np.zeros(len(packed), np.int64), np.zeros(len(packed), np.int64)
    _count(
        frozen(packed.data), frozen(packed.offsets), frozen(packed.lengths), frozen(folds), size,
        alphabet.width, frozen(table), residues, words, known,
    )  # fmt: skip
    return Counted(residues, words, known)


def as_bits(table: Table, without: int) -> Bytes:
    """Return which words are known as one bit each: uint8 [words / 8].

    Parameters
    ----------
    without : int
        Words that are in no other fold than this one are left out.
    """
    return np.packbits((table != NONE) & (table != without))


def from_bits(bits: Bytes, size: int, alphabet: Alphabet) -> Table:
    """Return a table in which the words of ``as_bits`` are in ``SEVERAL`` folds."""
    known = np.unpackbits(bits, count=alphabet.width**size).astype(bool)
    return np.where(known, np.int16(SEVERAL), np.int16(NONE))


@compiled
def _code(data: Bytes, start: int, place: int, width: int) -> int:
    """Number of a residue; ``width`` if it is ambiguous."""
    if width == 4:
        byte = np.int64(data[start + (place >> 1)])
        mask = byte & 15 if place & 1 else byte >> 4
    else:
        # two rows of 20 bits in five bytes
        at = start + ((place * 20) >> 3)
        mask = np.int64(data[at]) << 16 | np.int64(data[at + 1]) << 8 | np.int64(data[at + 2])
        mask = mask & 0xFFFFF if place & 1 else mask >> 4
    if mask == 0 or mask & (mask - 1):
        return width
    bit = 0
    for step in (16, 8, 4, 2, 1):
        if mask >> step:
            mask >>= step
            bit += step
    return width - 1 - bit


@compiled
def _add_words(
    data: Bytes, offsets: Ints, lengths: Ints, folds: Ints, size: int, width: int, both: bool,
    table: Table,
) -> None:  # fmt: skip
    top = 1
    for _ in range(size - 1):
        top *= width
    for i in range(len(lengths)):
        word, other, run, fold = 0, 0, 0, folds[i]
        for place in range(lengths[i]):
            code = _code(data, offsets[i], place, width)
            if code == width:
                run = 0
                continue
            run += 1
            word = (word % top) * width + code
            # the complement of A C G T is T G C A
            other = other // width + (width - 1 - code) * top
            if run < size:
                continue
            if table[word] == -1:
                table[word] = fold
            elif table[word] != fold:
                table[word] = 32767
            if both:
                if table[other] == -1:
                    table[other] = fold
                elif table[other] != fold:
                    table[other] = 32767


@compiled
def _count(
    data: Bytes, offsets: Ints, lengths: Ints, folds: Ints, size: int, width: int, table: Table,
    residues: Ints, words: Ints, known: Ints,
) -> None:  # fmt: skip
    top = 1
    for _ in range(size - 1):
        top *= width
    for i in range(len(lengths)):
        word, run = 0, 0
        for place in range(lengths[i]):
            code = _code(data, offsets[i], place, width)
            if code == width:
                run = 0
                continue
            residues[i, code] += 1
            run += 1
            word = (word % top) * width + code
            if run >= size:
                words[i] += 1
                if table[word] != -1 and table[word] != folds[i]:
                    known[i] += 1
