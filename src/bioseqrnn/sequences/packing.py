"""Sequences to packed one-hot bytes and back to dense arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bioseqrnn.sequences.alphabet import Alphabet, Bytes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class BadResidueError(ValueError):
    """A letter that the alphabet does not have.

    Attributes
    ----------
    index : int
        Index of the sequence in the block.
    position : int
        Position in it, counted from 1.
    letter : str
    """

    def __init__(self, index: int, position: int, letter: str) -> None:
        super().__init__(f"sequence {index}, position {position}: '{letter}'")
        self.index, self.position, self.letter = index, position, letter


@dataclass(frozen=True)
class Packed:
    """Packed one-hot bits of several sequences, end to end.

    Attributes
    ----------
    data : uint8 [total bytes]
    offsets : int64 [n + 1]
        Sequence ``i`` is ``data[offsets[i]:offsets[i + 1]]``.
    lengths : int64 [n]
        Residues per sequence.
    """

    data: Bytes
    offsets: Ints
    lengths: Ints

    def __len__(self) -> int:
        return len(self.lengths)

    def row(self, index: int) -> bytes:
        """Packed bytes of one sequence."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()


def pack(sequences: list[str], alphabet: Alphabet) -> tuple[Packed, Ints]:
    """Encode sequences, one table lookup per two residues.

    Returns
    -------
    packed : Packed
    letter_counts : int64 [letters + 1]
        How often each letter number of ``alphabet`` occurs (index 0 is unused).

    Raises
    ------
    BadResidueError
        At the first letter that ``alphabet`` does not accept.
    """
    lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
    try:
        # a space after odd sequences, so that each starts on a pair
        text = "".join([s if len(s) % 2 == 0 else f"{s} " for s in sequences]).encode("ascii")
    except UnicodeEncodeError:
        raise _first_bad(sequences, alphabet) from None
    numbers = np.frombuffer(text.translate(alphabet.letter_numbers.tobytes()), np.uint8)
    counts = np.bincount(numbers, minlength=len(alphabet.letters) + 1)
    odd = lengths % 2 == 1
    if counts[0] != odd.sum():
        raise _first_bad(sequences, alphabet)
    counts[0] = 0

    stride = len(alphabet.letters) + 1
    pairs = numbers[0::2].astype(np.uint16) * stride + numbers[1::2]
    data = alphabet.pair_table[pairs].reshape(-1)
    sizes = (lengths * alphabet.width + 7) // 8
    padded_sizes = (lengths + 1) // 2 * alphabet.pair_table.shape[1]
    if (surplus := padded_sizes - sizes).any():
        # the last pair of an odd protein fills 3 of its 5 bytes
        ends = np.cumsum(padded_sizes)
        keep = np.ones(len(data), bool)
        for back in range(1, int(surplus.max()) + 1):
            keep[ends[surplus >= back] - back] = False
        data = data[keep]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return Packed(data, offsets, lengths), counts.astype(np.int64)


def _first_bad(sequences: list[str], alphabet: Alphabet) -> BadResidueError:
    for index, sequence in enumerate(sequences):
        for position, letter in enumerate(sequence, start=1):
            if letter.upper() not in alphabet.codes or not letter.isascii():
                return BadResidueError(index, position, letter)
    raise AssertionError("pack counted a bad letter that is not there")


def unpack(packed: Packed, indices: Ints, alphabet: Alphabet) -> tuple[Floats, Ints]:
    """Decode a batch to dense one-hot rows, zero-padded to its longest sequence.

    Parameters
    ----------
    packed : Packed
    indices : int64 [batch]
    alphabet : Alphabet

    Returns
    -------
    onehot : float32 [batch, longest, symbols]
        A row sums to 1 (an ambiguity code shares it equally), and to 0 past a sequence's end.
    lengths : int64 [batch]
    """
    lengths = packed.lengths[indices]
    longest = int(lengths.max(initial=0))
    width = alphabet.packed_size(longest)
    starts = packed.offsets[indices]
    sizes = packed.offsets[np.asarray(indices) + 1] - starts
    columns = np.arange(width)
    inside = columns < sizes[:, None]
    rows = np.zeros((len(lengths), width), np.uint8)
    rows[inside] = packed.data[(starts[:, None] + columns)[inside]]
    bits = np.unpackbits(rows, axis=1, count=longest * alphabet.width)
    onehot = bits.reshape(len(lengths), longest, alphabet.width).astype(np.float32)
    onehot /= np.maximum(onehot.sum(axis=2, keepdims=True), 1)
    return onehot, lengths


def reverse_complement(row: bytes, length: int) -> bytes:
    """Packed bits of the other strand of a packed DNA sequence.

    In the column order A C G T, reversing all bits reverses the positions and swaps A with T and
    C with G at once.
    """
    bits = np.unpackbits(np.frombuffer(row, np.uint8), count=4 * length)
    return np.packbits(bits[::-1]).tobytes()
