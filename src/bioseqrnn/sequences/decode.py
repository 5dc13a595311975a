"""Packed sequences seen as letters, residue shares and counts, in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from bioseqrnn.sequences.alphabet import Alphabet
from bioseqrnn.sequences.packing import Floats, Ints, Packed, unpack

# Positions with padding in one dense chunk (84 bytes a position of protein)
CHUNK_POSITIONS = 2**18
CHUNK_BYTES = 2**22
UNKNOWN = {"dna": "N", "protein": "X"}


def dense_chunks(packed: Packed, rows: Ints, alphabet: Alphabet) -> Iterator[tuple[Floats, Ints]]:
    """Yield dense one-hot batches and lengths of some records, in their order."""
    start = 0
    while start < len(rows):
        # a long record makes its own chunk small, not every chunk
        most = CHUNK_POSITIONS // int(packed.lengths[rows[start]]) + 1
        longest = np.maximum.accumulate(packed.lengths[rows[start : start + most]])
        fits = longest * np.arange(1, len(longest) + 1) <= CHUNK_POSITIONS
        end = start + max(1, int(fits.sum()))
        yield unpack(packed, rows[start:end], alphabet)
        start = end


def letters(
    packed: Packed, rows: Ints, alphabet: Alphabet, ambiguous: str | None = None
) -> Iterator[str]:
    """Yield each sequence as text; every ambiguous residue is N (DNA), X (protein) or as given."""
    unknown = ambiguous or UNKNOWN[alphabet.name]
    symbols = np.frombuffer((alphabet.symbols + unknown).encode(), np.uint8)
    for onehot, lengths in dense_chunks(packed, rows, alphabet):
        codes = np.where(onehot.max(axis=2) == 1, onehot.argmax(axis=2), alphabet.width)
        for row, length in zip(symbols[codes], lengths, strict=True):
            yield row[:length].tobytes().decode()


def residue_shares(packed: Packed, rows: Ints, alphabet: Alphabet) -> Floats:
    """Share of each residue in a sequence: float32 [rows, symbols], rows sum to 1."""
    return np.concatenate(
        [
            onehot.sum(axis=1) / lengths[:, None]
            for onehot, lengths in dense_chunks(packed, rows, alphabet)
        ]
    )


def first_residues(packed: Packed, rows: Ints, alphabet: Alphabet) -> Floats:
    """One-hot of the first residue: float32 [rows, symbols]; ambiguity is shared equally."""
    size = alphabet.packed_size(1)
    heads = packed.data[packed.offsets[rows][:, None] + np.arange(size)]
    bits = np.unpackbits(heads, axis=1, count=alphabet.width).astype(np.float32)
    shares: Floats = bits / bits.sum(axis=1, keepdims=True)
    return shares


def ambiguous_residues(packed: Packed, alphabet: Alphabet) -> Ints:
    """Count the ambiguous residues of each sequence: int64 [n]."""
    # a sequence with one bit a residue has no ambiguous one, and most have none
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
    # summing widens every byte to eight
    for start, end in pairwise([*starts, len(packed)]):
        data = packed.data[packed.offsets[start] : packed.offsets[end]]
        offsets = packed.offsets[start:end] - packed.offsets[start]
        parts.append(np.add.reduceat(np.bitwise_count(data), offsets, dtype=np.int64))
    return np.concatenate(parts)
