"""Combines the scores of overlapping windows to scores of each residue."""

from __future__ import annotations

import numpy as np

from bioseqrnn.inference.windows import Windows
from bioseqrnn.support.arrays import Doubles, Ints


class Stitch:
    """Weighted means of the scores of each residue in overlapping windows.

    The weights of a window decrease linearly from its middle to its ends, because the network has
    not read the residues beyond the ends. If a record has only one window, all weights are equal.

    Parameters
    ----------
    windows : Windows
        Windows that together cover every residue.
    lengths : int64 [records]
        Lengths of the records from which the windows are cut.
    outputs : int
        Number of scores of a residue.
    """

    def __init__(self, windows: Windows, lengths: Ints, outputs: int) -> None:
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        self._begins = offsets[windows.records] + windows.starts
        self._lengths = windows.lengths
        self._alone = np.bincount(windows.records, minlength=len(lengths))[windows.records] == 1
        self.sums = np.zeros((int(offsets[-1]), outputs))
        self._weights = np.zeros(int(offsets[-1]))
        for place in range(len(windows)):
            self._weights[self._where(place)] += self._weight(place)

    def _where(self, place: int) -> slice:
        begin = int(self._begins[place])
        return slice(begin, begin + int(self._lengths[place]))

    def _weight(self, place: int) -> Doubles:
        length = int(self._lengths[place])
        if self._alone[place]:
            return np.ones(length)
        weight = np.arange(1.0, length + 1)
        least: Doubles = np.minimum(weight, weight[::-1])
        return least

    def add(self, places: Ints, scores: Doubles) -> None:
        """Add the scores, float64 [residues, outputs], of some windows, one after the other."""
        begin = 0
        for place in places.tolist():
            end = begin + int(self._lengths[place])
            # one window at a time: windows of a batch may overlap
            self.sums[self._where(place)] += scores[begin:end] * self._weight(place)[:, None]
            begin = end

    def means(self) -> Doubles:
        """Scores of all residues, float64 [residues, outputs]."""
        means: Doubles = self.sums / self._weights[:, None]
        return means
