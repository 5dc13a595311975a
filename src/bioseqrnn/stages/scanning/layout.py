"""Which windows a genome has, and the units of work that they are cut into.

A unit is some consecutive windows of one record. Units depend on the genome and the settings alone,
so that a scan can be cut between any two of them and gives the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bioseqrnn.support.arrays import Bools, Ints

# most windows of a unit, and about how many residues it spans at most
UNIT_WINDOWS = 2048
UNIT_RESIDUES = 2**21


@dataclass(frozen=True)
class Layout:
    """Records of one or several files, and their windows.

    Window ``k`` of a record begins at residue ``k * stride``; the last one is moved back, so that
    it ends with the record. A record that is not longer than the window is one window.

    Attributes
    ----------
    names : list of str
    lengths : int64 [records]
        Residues, gaps included.
    window, stride : int
    """

    names: list[str]
    lengths: Ints
    window: int
    stride: int

    @cached_property
    def windows(self) -> Ints:
        """Number of windows of each record: int64 [records]."""
        counts: Ints = 1 + -(-np.maximum(self.lengths - self.window, 0) // self.stride)
        return counts

    def starts(self, record: int, first: int, count: int) -> Ints:
        """First residue of some windows of a record: int64 [count], ascending."""
        latest = max(0, int(self.lengths[record]) - self.window)
        return np.minimum(np.arange(first, first + count) * self.stride, latest)

    def size(self, record: int) -> int:
        """Residues of each window of a record."""
        return min(self.window, int(self.lengths[record]))


@dataclass(frozen=True)
class Units:
    """The units of a scan, in the order in which they are computed.

    Attributes
    ----------
    layout : Layout
    records, firsts, counts : int64 [units]
        Record, first window and number of windows of each.
    shuffled : bool [units]
        Whether the residues of the unit are shuffled before they are scored.
    """

    layout: Layout
    records: Ints
    firsts: Ints
    counts: Ints
    shuffled: Bools

    def __len__(self) -> int:
        return len(self.records)

    @classmethod
    def of(cls, layout: Layout, shuffled_bases: float = 0.0) -> Units:
        """Cut the windows of a genome into units.

        Parameters
        ----------
        layout : Layout
        shuffled_bases : float
            About how many bases are also scored after shuffling: those of whole units, evenly
            spread over the genome; all units if the genome has fewer.
        """
        most = max(1, min(UNIT_WINDOWS, UNIT_RESIDUES // layout.stride))
        each = -(-layout.windows // most)
        records = np.repeat(np.arange(len(each)), each)
        within = np.arange(len(records)) - np.repeat(np.cumsum(each) - each, each)
        firsts = within * most
        counts = np.minimum(most, layout.windows[records] - firsts)
        spans = np.minimum(counts * layout.stride, layout.lengths[records])
        wanted = min(1.0, shuffled_bases / max(1, int(spans.sum())))
        # a unit is chosen where the wanted share of the bases passes the size of one usual unit
        step = max(1, int(spans.max(initial=1)))
        passed = np.floor(np.cumsum(spans) * wanted / step)
        again = np.diff(passed, prepend=0) > 0 if wanted < 1 else np.ones(len(records), bool)
        if wanted and not again.any():
            again[int(spans.argmax())] = True
        order = np.argsort(
            np.concatenate([np.arange(len(records)), np.flatnonzero(again)]), kind="stable"
        )
        place = np.concatenate([np.arange(len(records)), np.flatnonzero(again)])[order]
        shuffled = np.concatenate([np.zeros(len(records), bool), np.ones(int(again.sum()), bool)])
        return cls(layout, records[place], firsts[place], counts[place], shuffled[order])

    def starts(self, unit: int) -> Ints:
        """First residue of each window of a unit."""
        return self.layout.starts(
            int(self.records[unit]), int(self.firsts[unit]), int(self.counts[unit])
        )

    def span(self, unit: int) -> tuple[int, int]:
        """First residue of a unit in its record, and its end."""
        starts = self.starts(unit)
        return int(starts[0]), int(starts[-1]) + self.layout.size(int(self.records[unit]))

    @cached_property
    def offsets(self) -> Ints:
        """Windows before each unit: int64 [units + 1]."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts)])

    def part(self, number: int, count: int) -> range:
        """Units of part ``number`` (from 1) of ``count``, of about equally many windows each."""
        cuts = self.offsets[-1] * np.arange(count + 1) // count
        ends = np.searchsorted(self.offsets, cuts)
        return range(int(ends[number - 1]), int(ends[number]))

    @property
    def shuffled_bases(self) -> int:
        """Bases that are shuffled and scored."""
        return sum(
            end - start for start, end in map(self.span, np.flatnonzero(self.shuffled).tolist())
        )
