"""Windows of long records; a network per position reads one window at once.

Windows begin at even residues, where a byte of the packed sequence begins in both alphabets. A
window can therefore be an offset into the packed sequences, which are not copied.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.sequences import SequenceTable
from bioseqrnn.tasks.truth import PositionTruth, residues_of


@dataclass(frozen=True)
class Windows:
    """Stretches of records.

    Attributes
    ----------
    records : int64 [n]
        Number of the record of each window, ascending.
    starts, lengths : int64 [n]
        Residues, from 0; starts are even, and ascend within a record.
    """

    records: Ints
    starts: Ints
    lengths: Ints

    def __len__(self) -> int:
        return len(self.starts)

    def of(self, packed: Packed, width: int, rows: Ints) -> Packed:
        """The windows of the sequences ``rows``, of ``width`` bits per residue, for unpacking only.

        Windows may overlap: an offset is the start of a window, but not the end of the window
        before it.
        """
        begins = packed.offsets[rows[self.records]] + self.starts * width // 8
        held = None if packed.held is None else packed.held[rows[self.records]]
        return Packed(packed.data, np.append(begins, len(packed.data)), self.lengths, held)


def overlapping(lengths: Ints, window: int, overlap: int) -> Windows:
    """Windows that cover records for prediction; neighbours share at least ``overlap`` residues.

    Successive windows of a record begin ``window - overlap`` residues apart, except the last, which
    ends with the record. A record that is not longer than the window is one window.

    Parameters
    ----------
    lengths : int64 [records]
    window, overlap : int
        Residues; even numbers are used, and the step between windows is rounded down.
    """
    window -= window % 2
    step = max(2, (window - overlap) // 2 * 2)
    counts = 1 + -(-np.maximum(lengths - window, 0) // step)
    records = np.repeat(np.arange(len(lengths)), counts)
    first = np.cumsum(counts) - counts
    # the last window is moved back so that it ends with the record; since its start is even, it may
    # be one residue shorter than the others
    latest = np.maximum(0, (lengths - window + 1) // 2 * 2)
    starts = np.minimum((np.arange(len(records)) - first[records]) * step, latest[records])
    return Windows(records, starts, np.minimum(window, lengths[records] - starts))


def most_windows(lengths: Ints, window: int | None) -> int:
    """Largest number of windows that ``shifted`` makes from records of these lengths."""
    if window is None:
        return len(lengths)
    window -= window % 2
    return int(np.where(lengths > window, -(-lengths // window) + 1, 1).sum())


def shifted(
    table: SequenceTable, rows: Ints, window: int | None, rng: np.random.Generator
) -> tuple[SequenceTable, Ints]:
    """Return a table of windows for one epoch, and its rows that are windows of ``rows``.

    Every residue is in one window. The end of the first window is drawn at random for each record,
    so that in each epoch a residue has other neighbours and another position in the window. Windows
    are views, which take 24 bytes each.
    """
    lengths = table.lengths
    window = None if window is None else window - window % 2
    if window is None or not (lengths > window).any():
        return table, rows
    # a record that is shorter than the window is one window
    first = np.where(lengths > window, 2 * rng.integers(1, window // 2 + 1, len(lengths)), lengths)
    counts = 1 + -(-(lengths - first) // window)
    begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    records = np.repeat(np.arange(len(lengths)), counts)
    number = np.arange(len(records)) - begins[records]
    starts = np.maximum(first[records] + (number - 1) * window, 0)
    ends = np.minimum(first[records] + number * window, lengths[records])
    windows = Windows(records, starts, ends - starts)
    truth = table.targets
    assert isinstance(truth, PositionTruth)
    codes = PositionTruth(
        truth.codes, np.append(truth.offsets[records] + starts, truth.offsets[-1])
    )
    packed = windows.of(table.packed, table.alphabet.width, np.arange(len(table)))
    return replace(table, packed=packed, targets=codes), residues_of(begins, rows)
