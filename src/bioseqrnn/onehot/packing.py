"""Encoding of sequences to packed one-hot bytes, and decoding to dense arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.onehot.alphabet import REFUSED, UNUSUAL, Alphabet
from bioseqrnn.support.arrays import Bools, Bytes, Floats, Ints
from bioseqrnn.support.compiled import compiled, frozen


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
    held : bool [n], optional
        Which sequences this process holds. The others are held by other processes: here they have
        a length but no bytes. None: all are held.
    """

    data: Bytes
    offsets: Ints
    lengths: Ints
    held: Bools | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def slice(self, start: int, end: int) -> Packed:
        """Sequences from ``start`` to before ``end``; no bytes are copied."""
        offsets = self.offsets[start : end + 1]
        data = self.data[offsets[0] : offsets[-1]]
        return Packed(data, offsets - offsets[0], self.lengths[start:end])

    @staticmethod
    def join(parts: list[Packed]) -> Packed:
        """Join several, in order."""
        sizes = np.cumsum([0, *(len(part.data) for part in parts)])
        offsets = [part.offsets[1:] + start for part, start in zip(parts, sizes[:-1], strict=True)]
        return Packed(
            np.concatenate([part.data for part in parts]),
            np.concatenate([np.zeros(1, np.int64), *offsets]),
            np.concatenate([part.lengths for part in parts]),
        )

    def row(self, index: int) -> bytes:
        """Packed bytes of one sequence."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()


# no sequence
NOTHING = Packed(np.zeros(0, np.uint8), np.zeros(1, np.int64), np.zeros(0, np.int64))


def pack_lines(text: bytes, count: int, alphabet: Alphabet) -> tuple[Packed, bool] | None:
    r"""Encode ``count`` sequences, each ended by ``\n``.

    Returns
    -------
    packed : Packed
    unusual : bool
        Whether any letter is lower case, an ambiguity code or U for T.
    Or None
        if a byte is neither a letter of the alphabet nor the end of a line.
    """
    letters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    if len(ends) != count:
        return None
    offsets, lengths = np.empty(count + 1, np.int64), np.empty(count, np.int64)
    _measure(ends, alphabet.width, offsets, lengths)
    # the last pair of a protein of odd length is written whole
    data = np.empty(int(offsets[-1]) + 2, np.uint8)
    codes = np.empty(len(letters), np.uint8)
    if alphabet.width == 4:
        flags = _plain_nibbles(letters, codes)
        if flags:
            flags = _look_up(letters, alphabet.numbers, codes)
        if flags < REFUSED:
            _pack_nibbles(codes, ends, data, offsets)
    else:
        flags = _look_up(letters, alphabet.numbers, codes)
        if flags < REFUSED:
            _pack_pairs(codes, ends, alphabet.pairs, data, offsets)
    if flags >= REFUSED:
        return None
    return Packed(data[: offsets[-1]], offsets, lengths), bool(flags)


@compiled
def _measure(ends: Ints, width: int, offsets: Ints, lengths: Ints) -> None:
    """Write the length of each line, and where its packed bytes begin."""
    offsets[0], begin = 0, 0
    for i in range(len(ends)):
        lengths[i] = ends[i] - begin
        offsets[i + 1] = offsets[i] + (lengths[i] * width + 7) // 8
        begin = ends[i] + 1


@compiled
def _plain_nibbles(text: Bytes, codes: Bytes) -> int:
    """Write the one-hot nibbles of upper-case A C G T; return nonzero if there is another letter.

    It uses comparisons and no table, so the compiler can make vector instructions of it.
    """
    other = np.uint8(0)
    for i in range(text.size):
        letter = text[i]
        nibble = np.uint8(8) if letter == 65 else np.uint8(0)
        nibble |= np.uint8(4) if letter == 67 else np.uint8(0)
        nibble |= np.uint8(2) if letter == 71 else np.uint8(0)
        nibble |= np.uint8(1) if letter == 84 else np.uint8(0)
        other |= np.uint8(1) if (nibble == 0) & (letter != 10) else np.uint8(0)
        codes[i] = nibble
    return int(other)


@compiled
def _look_up(text: Bytes, numbers: Bytes, codes: Bytes) -> int:
    """Write the number of every letter; return the highest flag found."""
    seen = np.uint8(0)
    for i in range(text.size):
        number = numbers[text[i]]
        seen |= number
        codes[i] = number & 31
    if seen & REFUSED:
        return REFUSED
    return int(seen & UNUSUAL)


@compiled
def _pack_nibbles(codes: Bytes, ends: Ints, data: Bytes, offsets: Ints) -> None:
    """Pack four-bit rows, two per byte."""
    one, begin = np.uint64(1), np.uint64(0)
    for record in range(ends.size):
        end, out = np.uint64(ends[record]), np.uint64(offsets[record])
        half = (end - begin) >> one
        for j in range(half):
            first = begin + np.uint64(2) * np.uint64(j)
            data[out + np.uint64(j)] = (codes[first] << np.uint8(4)) | codes[first + one]
        if (end - begin) & one:
            data[out + half] = codes[end - one] << np.uint8(4)
        begin = end + one


@compiled
def _pack_pairs(codes: Bytes, ends: Ints, pairs: Bytes, data: Bytes, offsets: Ints) -> None:
    """Pack 20-bit rows, two in five bytes, which are looked up in ``pairs``."""
    one, begin = np.uint64(1), np.uint64(0)
    for record in range(ends.size):
        end, out = np.uint64(ends[record]), np.uint64(offsets[record])
        while begin + one < end:
            pair = (np.uint64(codes[begin]) << np.uint64(5)) | np.uint64(codes[begin + one])
            for k in range(5):
                data[out + np.uint64(k)] = pairs[pair, k]
            out += np.uint64(5)
            begin += np.uint64(2)
        if begin < end:
            alone = (np.uint64(codes[begin]) << np.uint64(5)) | np.uint64(31)
            for k in range(3):
                data[out + np.uint64(k)] = pairs[alone, k]
        begin = end + one


def pack_onehot(bits: Bytes) -> Packed:
    """Pack sequences of one length.

    Parameters
    ----------
    bits : uint8 [n, length, symbols]
        1 for each residue that a position can be, else 0.
    """
    data = np.packbits(bits.reshape(len(bits), -1), axis=1)
    offsets = np.arange(len(bits) + 1) * data.shape[1]
    return Packed(data.reshape(-1), offsets, np.full(len(bits), bits.shape[1]))


def unpack(
    packed: Packed, indices: Ints, alphabet: Alphabet, out: Floats | None = None
) -> tuple[Floats, Ints]:
    """Decode a batch to dense one-hot rows, zero-padded to its longest sequence.

    Parameters
    ----------
    packed : Packed
    indices : int64 [batch]
    alphabet : Alphabet
    out : float32 array, optional
        Array of at least batch × longest × symbols values, which is filled instead of a new one.

    Returns
    -------
    onehot : float32 [batch, longest, symbols]
        A row sums to 1 (an ambiguity code splits it equally), and to 0 after a sequence's end.
    lengths : int64 [batch]
    """
    indices = np.ascontiguousarray(indices, np.int64)
    lengths = packed.lengths[indices]
    shape = (len(indices), int(lengths.max(initial=0)), alphabet.width)
    if out is None:
        onehot = np.empty(shape, np.float32)
    else:
        onehot = out.reshape(-1)[: shape[0] * shape[1] * shape[2]].reshape(shape)
    kernel = _unpack_nibbles if alphabet.width == 4 else _unpack_masks
    kernel(frozen(packed.data), frozen(packed.offsets), lengths, frozen(indices), onehot)
    return onehot, lengths


@compiled
def _unpack_nibbles(
    data: Bytes, offsets: Ints, lengths: Ints, indices: Ints, onehot: Floats
) -> None:
    rows = np.zeros((256, 8), np.float32)
    for value in range(256):
        for half in range(2):
            nibble = value & 15 if half else value >> 4
            count = 0
            for column in range(4):
                count += (nibble >> (3 - column)) & 1
            for column in range(4):
                if (nibble >> (3 - column)) & 1:
                    rows[value, 4 * half + column] = np.float32(1) / np.float32(count)
    # copies two floats at a time as one number
    pairs, flat = rows.view(np.uint64), onehot.reshape(-1).view(np.uint64)
    one, two, four = np.uint64(1), np.uint64(2), np.uint64(4)
    size = np.uint64(onehot.shape[1]) * two
    for i in range(len(indices)):
        start, length = np.uint64(offsets[indices[i]]), np.uint64(lengths[i])
        place, end = np.uint64(i) * size, np.uint64(i + 1) * size
        for j in range(length >> one):
            byte = np.uint64(data[start + np.uint64(j)])
            flat[place] = pairs[byte, 0]
            flat[place + one] = pairs[byte, 1]
            flat[place + two] = pairs[byte, 2]
            flat[place + np.uint64(3)] = pairs[byte, 3]
            place += four
        if length & one:
            byte = np.uint64(data[start + (length >> one)])
            flat[place] = pairs[byte, 0]
            flat[place + one] = pairs[byte, 1]
            place += two
        while place < end:
            flat[place] = np.uint64(0)
            place += one


@compiled
def _unpack_masks(data: Bytes, offsets: Ints, lengths: Ints, indices: Ints, onehot: Floats) -> None:
    """Unpack rows of 20 bits: two in five bytes."""
    # for every half row: the number of set bits, and the first of them
    counts, columns = np.zeros(1024, np.uint8), np.zeros(1024, np.uint8)
    for half in range(1024):
        for column in range(10):
            if (half >> column) & 1:
                counts[half] += 1
                columns[half] = 9 - column
    one, size = np.uint64(1), np.uint64(onehot.shape[1]) * np.uint64(20)
    flat = onehot.reshape(-1)
    flat[:] = 0
    for i in range(len(indices)):
        byte, place = np.uint64(offsets[indices[i]]), np.uint64(i) * size
        length = np.uint64(lengths[i])
        for j in range(length):
            # the row begins at a whole byte or at half a byte
            word = (
                np.uint64(data[byte]) << np.uint64(16)
                | np.uint64(data[byte + one]) << np.uint64(8)
                | np.uint64(data[byte + np.uint64(2)])
            )
            if j & 1:
                mask = word & np.uint64(0xFFFFF)
                byte += np.uint64(3)
            else:
                mask = word >> np.uint64(4)
                byte += np.uint64(2)
            first, second = mask >> np.uint64(10), mask & np.uint64(1023)
            count = counts[first] + counts[second]
            if count == 1:
                shift = columns[first] if first else 10 + columns[second]
                flat[place + np.uint64(shift)] = np.float32(1)
            else:
                for k in range(20):
                    if (mask >> np.uint64(19 - k)) & one:
                        flat[place + np.uint64(k)] = np.float32(1) / np.float32(count)
            place += np.uint64(20)
