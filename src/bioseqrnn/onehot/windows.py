"""Counts of gapped words as a product of two small tables: records × windows, windows × words.

A window of 8 bases has 28 words of 6 bases with gaps, so a table of records × words has up to 28
entries for each residue. A window occurs in many records, and has the same words in each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from bioseqrnn.onehot.words import count_words, gapped, weight_of
from bioseqrnn.support.arrays import Codes, Doubles, Floats, Ints
from bioseqrnn.support.compiled import compiled, frozen

Indices = npt.NDArray[np.int32]

# outputs that the kernels of products take at a time
LANES = 4


@dataclass(frozen=True)
class GappedCounts:
    """Counts of gapped words, each row scaled to length 1 (a row without words is 0).

    Attributes
    ----------
    windows : csr_array, float32 [records, windows]
    words : csr_array, float32 [windows, words]
        The columns are those of ``count_words``.
    scale : float64 [records]
        1 / length of each row of the product.
    """

    windows: csr_array
    words: csr_array
    scale: Doubles

    @staticmethod
    def of(windows: csr_array, words: csr_array) -> GappedCounts:
        """Scale the rows of a product."""
        lengths = np.empty(windows.shape[0])
        _lengths(*_parts(windows), *_parts(words), np.zeros(words.shape[1]), lengths)
        return GappedCounts(windows, words, 1 / np.where(lengths > 0, lengths, np.inf))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of records and words."""
        return self.windows.shape[0], self.words.shape[1]

    def times(self, weights: Doubles) -> Doubles:
        """Multiply the scaled counts by weights [words, outputs]: float64 [records, outputs]."""
        wide = _widened(weights)
        found = _times(self.windows, _times(self.words, wide)) * self.scale[:, None]
        return np.ascontiguousarray(found[:, : weights.shape[1]])

    def turned_times(self, values: Doubles) -> Doubles:
        """Multiply the transposed table by values [records, outputs]: float64 [words, outputs]."""
        wide = _widened(values * self.scale[:, None])
        found = _turned_times(self.words, _turned_times(self.windows, wide))
        return np.ascontiguousarray(found[:, : values.shape[1]])


def gapped_counts(
    codes: Codes, offsets: Ints, shape: tuple[int, int], symbols: int, both_strands: bool
) -> tuple[GappedCounts, GappedCounts]:
    """Count gapped words once, with equal weights and with more weight in the middle.

    Parameters
    ----------
    codes, offsets, symbols, both_strands
        As for ``count_words``.
    shape : tuple of int
        Residues of a window, and how many of them belong to a word.

    Returns
    -------
    plain, centred : GappedCounts
        Before the scaling equal to ``count_words`` with ``gapped(*shape)``, without and with
        ``centred``; they share the table of words.
    """
    span, _ = shape
    letters = symbols + 1
    room = int(np.maximum(np.diff(offsets) - span + 1, 0).sum())
    starts = np.zeros(len(offsets), np.int64)
    found, plain, centred = np.empty(room, np.int32), *np.empty((2, room), np.float32)
    used = _count_windows(
        frozen(codes), frozen(offsets), span, symbols, both_strands,
        np.zeros((letters**span, 2)), starts, found, plain, centred,
    )  # fmt: skip
    seen = np.zeros(letters**span, np.bool_)
    seen[found[:used]] = True
    columns = np.cumsum(seen, dtype=np.int32)[found[:used]] - np.int32(1)
    present = np.flatnonzero(seen)
    texts = (present[:, None] // letters ** np.arange(span)[::-1] % letters).astype(np.uint8)
    words = count_words(
        texts.ravel(), np.arange(len(present) + 1) * span, gapped(*shape), symbols, both_strands,
        span=span,
    )  # fmt: skip
    size = len(offsets) - 1, len(present)
    if used < 2**31:
        # else SciPy would copy the columns to 64 bits
        starts = starts.astype(np.int32)
    tables = (csr_array((x[:used], columns, starts), shape=size) for x in (plain, centred))
    equal, weighted = (GappedCounts.of(table, words) for table in tables)
    return equal, weighted


@compiled
def _count_windows(
    codes: Codes,
    offsets: Ints,
    span: int,
    symbols: int,
    both_strands: bool,
    total: Doubles,
    starts: Ints,
    found: Indices,
    plain: Floats,
    centred: Floats,
) -> int:
    """Write the sparse rows one after the other; return the number of values."""
    used = 0
    for record in range(len(offsets) - 1):
        begin, end = offsets[record], offsets[record + 1]
        first = used
        for start in range(begin, end - span + 1):
            window, turned, power = np.int64(0), np.int64(0), np.int64(1)
            for place in range(start, start + span):
                code = np.int64(codes[place])
                if code > symbols:
                    code = np.int64(symbols)
                window = window * (symbols + 1) + code
                # A C G T backwards is T G C A
                turned += power * (symbols - 1 - code if code < symbols else code)
                power *= symbols + 1
            if both_strands and turned < window:
                # it has the same words
                window = turned
            if total[window, 0] == 0:
                found[used] = window
                used += 1
            total[window, 0] += 1
            total[window, 1] += weight_of(start - begin, span, end - begin)
        found[first:used].sort()
        for place in range(first, used):
            plain[place] = total[found[place], 0]
            centred[place] = total[found[place], 1]
            total[found[place]] = 0
        starts[record + 1] = used
    return used


def _parts(table: csr_array) -> tuple[Ints, Indices, Floats]:
    starts = np.asarray(table.indptr, np.int64)
    return frozen(starts), frozen(table.indices), frozen(table.data)


def _widened(values: Doubles) -> Doubles:
    """Add columns of zeros to more than one, so that kernels can take ``LANES`` at a time."""
    columns = values.shape[1]
    return values if columns == 1 else np.pad(values, ((0, 0), (0, -columns % LANES)))


# SciPy would copy a table to float64 for each product, and takes twice as long for three columns
def _times(table: csr_array, values: Doubles) -> Doubles:
    out = np.empty((table.shape[0], values.shape[1]))
    _multiply(*_parts(table), frozen(values), out)
    return out


def _turned_times(table: csr_array, values: Doubles) -> Doubles:
    out = np.zeros((table.shape[1], values.shape[1]))
    _multiply_turned(*_parts(table), frozen(values), out)
    return out


@compiled
def _multiply(starts: Ints, columns: Indices, data: Floats, values: Doubles, out: Doubles) -> None:
    """Write a sparse table times ``values`` [columns, outputs] to ``out`` [rows, outputs]."""
    outputs = values.shape[1]
    for row in range(len(starts) - 1):
        if outputs == 1:
            total = 0.0
            for place in range(starts[row], starts[row + 1]):
                total += data[place] * values[columns[place], 0]
            out[row, 0] = total
        for first in range(0, outputs - LANES + 1, LANES):
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for place in range(starts[row], starts[row + 1]):
                count, column = data[place], columns[place]
                a += count * values[column, first]
                b += count * values[column, first + 1]
                c += count * values[column, first + 2]
                d += count * values[column, first + 3]
            out[row, first], out[row, first + 1] = a, b
            out[row, first + 2], out[row, first + 3] = c, d


@compiled
def _multiply_turned(
    starts: Ints, columns: Indices, data: Floats, values: Doubles, out: Doubles
) -> None:
    """Add the transposed table times ``values`` [rows, outputs] to ``out`` [columns, outputs]."""
    outputs = values.shape[1]
    for row in range(len(starts) - 1):
        if outputs == 1:
            value = values[row, 0]
            for place in range(starts[row], starts[row + 1]):
                out[columns[place], 0] += data[place] * value
        for first in range(0, outputs - LANES + 1, LANES):
            a, b = values[row, first], values[row, first + 1]
            c, d = values[row, first + 2], values[row, first + 3]
            for place in range(starts[row], starts[row + 1]):
                count, column = data[place], columns[place]
                out[column, first] += count * a
                out[column, first + 1] += count * b
                out[column, first + 2] += count * c
                out[column, first + 3] += count * d


@compiled
def _lengths(
    starts: Ints,
    windows: Indices,
    counts: Floats,
    word_starts: Ints,
    words: Indices,
    in_window: Floats,
    total: Doubles,
    lengths: Doubles,
) -> None:
    """Euclidean length of each row of the product; ``total`` [words] is 0 before and after."""
    for record in range(len(starts) - 1):
        for place in range(starts[record], starts[record + 1]):
            window = windows[place]
            for entry in range(word_starts[window], word_starts[window + 1]):
                total[words[entry]] += counts[place] * in_window[entry]
        squares = 0.0
        for place in range(starts[record], starts[record + 1]):
            window = windows[place]
            for entry in range(word_starts[window], word_starts[window + 1]):
                squares += total[words[entry]] ** 2
                total[words[entry]] = 0
        lengths[record] = np.sqrt(squares)
