"""Records that are windows of a genome, related where their intervals are near each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.support.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Places:
    """Intervals of records on chromosomes; strands do not matter.

    Two intervals are near if they overlap, or if fewer than ``distance`` bases are between them.

    Attributes
    ----------
    chrom : int64 [n]
        Number of each record's chromosome; -1 if the record is no window of a genome.
    start, end : int64 [n]
        Counted from 0, end excluded.
    distance : int
        In bases; with 0, only intervals that overlap are near.
    """

    chrom: Ints
    start: Ints
    end: Ints
    distance: int

    def edges(self) -> tuple[Ints, Ints, Floats]:
        """Link each interval to the one before it that ends last; see ``similarity.related``.

        These are at most n - 1 pairs, and they connect every two intervals that are near. Closeness
        is the overlap as a fraction of the shorter interval. Time is that of sorting n intervals.
        """
        inside, start, end = self._in_line()
        order = np.lexsort((end, start))
        inside, start, end = inside[order], start[order], end[order]
        last = np.maximum.accumulate(end)
        longer = np.ones(len(end), np.bool_)
        longer[1:] = end[1:] > last[:-1]
        # the interval with the last end so far
        reaching = np.maximum.accumulate(np.where(longer, np.arange(len(end)), 0))
        linked = np.flatnonzero(start[1:] < last[:-1] + self.distance) + 1
        before = reaching[linked - 1]
        shared = np.minimum(end[before], end[linked]) - start[linked]
        shorter = np.minimum(end[before] - start[before], end[linked] - start[linked])
        closeness = np.maximum(shared, 0) / np.maximum(shorter, 1)
        return inside[before], inside[linked], closeness.astype(np.float32)

    def near(self, chosen: Bools) -> Bools:
        """Whether a record is a chosen record or near one: bool [n]."""
        inside, start, end = self._in_line()
        taken = chosen[inside]
        # a chosen interval is near if it begins before the end of this one, and does not end before
        # its start
        begun = np.searchsorted(np.sort(start[taken]), end + self.distance)
        ended = np.searchsorted(np.sort(end[taken]) + self.distance, start, side="right")
        near = chosen.copy()
        near[inside] |= begun > ended
        return near

    def _in_line(self) -> tuple[Ints, Ints, Ints]:
        """Rows with a place, and their starts and ends with all chromosomes end to end."""
        inside = np.flatnonzero(self.chrom >= 0)
        size = int(self.end[inside].max(initial=0)) + self.distance
        before = self.chrom[inside] * size
        return inside, before + self.start[inside], before + self.end[inside]
