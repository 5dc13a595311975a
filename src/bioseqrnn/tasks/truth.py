"""The true labels of records, one array per dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bioseqrnn.support.arrays import Codes, Ints


@dataclass(frozen=True)
class PositionTruth:
    """The class of every residue of several records, joined end to end.

    Attributes
    ----------
    codes : uint8 [residues]
        Index of each residue's class.
    offsets : int64 [n + 1]
        Record ``i`` has ``codes[offsets[i]:offsets[i + 1]]``.
    """

    codes: Codes
    offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, rows: Ints) -> PositionTruth:
        """The records with these numbers, in this order."""
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        return PositionTruth(self.codes[residues_of(self.offsets, rows)], offsets)

    @property
    def lengths(self) -> Ints:
        """Residues of each record, int64 [n]."""
        return np.diff(self.offsets)

    @property
    def records(self) -> Ints:
        """Number of the record of each residue, int64 [residues]."""
        return np.repeat(np.arange(len(self)), self.lengths)


def residues_of(offsets: Ints, rows: Ints) -> Ints:
    """Return the places of all residues of some records, record after record: int64 [residues]."""
    # computed for these records only: there can be millions of others
    begins = offsets[rows]
    lengths = offsets[rows + 1] - begins
    ends = np.cumsum(lengths)
    steps = np.repeat(begins - (ends - lengths), lengths)
    places: Ints = np.arange(len(steps)) + steps
    return places


# int64 [n]; bool [n, labels]; float64 [n]; or a class for every residue
Truth = npt.NDArray[Any] | PositionTruth
