"""Packed sequences as letters, residue fractions and counts, in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed, unpack
from bioseqrnn.support.arrays import Floats, Ints

# Positions, including padding, in one dense chunk (84 bytes per position in proteins)
CHUNK_POSITIONS = 2**18
CHUNK_BYTES = 2**22
# Up to this number, unpacking with NumPy takes less time than importing Numba
FEW_RESIDUES = 2**20
UNKNOWN = {"dna": "N", "protein": "X"}


def dense_chunks(packed: Packed, rows: Ints, alphabet: Alphabet) -> Iterator[tuple[Floats, Ints]]:
    """Yield dense one-hot batches and lengths of some records, in their order."""
    dense = unpack_few if packed.lengths[rows].sum() <= FEW_RESIDUES else unpack
    start = 0
    while start < len(rows):
        # a long record makes only its own chunk small
        most = CHUNK_POSITIONS // int(packed.lengths[rows[start]]) + 1
        longest = np.maximum.accumulate(packed.lengths[rows[start : start + most]])
        fits = longest * np.arange(1, len(longest) + 1) <= CHUNK_POSITIONS
        end = start + max(1, int(fits.sum()))
        yield dense(packed, rows[start:end], alphabet)
        start = end


def unpack_few(packed: Packed, indices: Ints, alphabet: Alphabet) -> tuple[Floats, Ints]:
    """Decode a batch to the same numbers as ``packing.unpack``, without compiled code."""
    starts, lengths = packed.offsets[indices], packed.lengths[indices]
    longest = int(lengths.max(initial=0))
    columns = np.arange(alphabet.packed_size(longest))
    inside = columns < (packed.offsets[indices + 1] - starts)[:, None]
    heads = packed.data[np.where(inside, starts[:, None] + columns, 0)] * inside
    bits = np.unpackbits(heads, axis=1, count=longest * alphabet.width)
    onehot = bits.reshape(len(indices), longest, alphabet.width).astype(np.float32)
    onehot /= np.maximum(onehot.sum(axis=2, keepdims=True), 1)
    return onehot, lengths


def letters(packed: Packed, rows: Ints, alphabet: Alphabet) -> Iterator[str]:
    """Yield each sequence as text; every ambiguous residue becomes N (DNA) or X (protein)."""
    symbols = np.frombuffer((alphabet.symbols + UNKNOWN[alphabet.name]).encode(), np.uint8)
    for onehot, lengths in dense_chunks(packed, rows, alphabet):
        codes = np.where(onehot.max(axis=2) == 1, onehot.argmax(axis=2), alphabet.width)
        for row, length in zip(symbols[codes], lengths, strict=True):
            yield row[:length].tobytes().decode()


def codes(onehot: Floats, alphabet: Alphabet) -> str:
    """Return one sequence as text; an ambiguous residue becomes its code, like R for A or G.

    Parameters
    ----------
    onehot : float32 [length, symbols]
    """
    powers = 1 << np.arange(alphabet.width)
    numbers = {
        sum(1 << alphabet.symbols.index(s) for s in symbols): letter
        # of several codes for the same residues, the first one: T and not U
        for letter, symbols in reversed(alphabet.codes.items())
    }
    numbers[int(powers.sum())] = UNKNOWN[alphabet.name]
    return "".join(numbers[row] for row in ((onehot > 0) @ powers).tolist())


def residue_shares(packed: Packed, rows: Ints, alphabet: Alphabet) -> Floats:
    """Fraction of each residue in a sequence: float32 [rows, symbols]; rows sum to 1."""
    # double precision: sums are exact, so they do not depend on the other sequences of a chunk
    return np.concatenate(
        [
            (onehot.sum(axis=1, dtype=np.float64) / lengths[:, None]).astype(np.float32)
            for onehot, lengths in dense_chunks(packed, rows, alphabet)
        ]
    )


def first_residues(packed: Packed, rows: Ints, alphabet: Alphabet) -> Floats:
    """One-hot row of the first residue: float32 [rows, symbols]; ambiguity codes split equally."""
    size = alphabet.packed_size(1)
    heads = packed.data[packed.offsets[rows][:, None] + np.arange(size)]
    bits = np.unpackbits(heads, axis=1, count=alphabet.width).astype(np.float32)
    # in an untrusted file, a protein can have a residue without a bit
    shares: Floats = bits / np.maximum(bits.sum(axis=1, keepdims=True), 1)
    return shares


def ambiguous_residues(packed: Packed, alphabet: Alphabet) -> Ints:
    """Count the ambiguous residues of each sequence: int64 [n]."""
    # a sequence with one bit per residue has no ambiguous residue, as most sequences
    suspects = np.flatnonzero(_bits(packed) != packed.lengths)
    counts = np.zeros(len(packed), np.int64)
    done = 0
    for onehot, _ in dense_chunks(packed, suspects, alphabet):
        largest = onehot.max(axis=2)
        rows = suspects[done : done + len(onehot)]
        counts[rows] = ((largest > 0) & (largest < 1)).sum(axis=1)
        done += len(onehot)
    return counts


def _bits(packed: Packed) -> Ints:
    """Count the set bits of each sequence: int64 [n]."""
    cuts = np.arange(0, int(packed.offsets[-1]), CHUNK_BYTES)
    starts = np.unique(np.searchsorted(packed.offsets, cuts)).tolist()
    parts = []
    # in chunks, because summing needs eight bytes for every byte
    for start, end in pairwise([*starts, len(packed)]):
        data = packed.data[packed.offsets[start] : packed.offsets[end]]
        offsets = packed.offsets[start:end] - packed.offsets[start]
        parts.append(np.add.reduceat(np.bitwise_count(data), offsets, dtype=np.int64))
    return np.concatenate(parts)
