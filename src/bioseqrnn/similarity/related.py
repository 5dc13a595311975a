"""What relates records, in the form that groups, exclusion and counts of leaks use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bioseqrnn.support.arrays import Bools, Floats, Ints


class Relation(Protocol):
    """A kind of relation between the records of a dataset."""

    def edges(self) -> tuple[Ints, Ints, Floats]:
        """Return pairs of related records, enough to connect all that are related.

        Returns
        -------
        first, second : int64 [pairs]
            Rows of the records.
        closeness : float32 [pairs]
            0 to 1; a group that is too large is cut where its pairs are least close.
        """
        ...

    def near(self, chosen: Bools) -> Bools:
        """Whether a record is, equals or is related to one of the chosen records: bool [n]."""
        ...


@dataclass(frozen=True)
class Pairs:
    """Pairs of different sequences that are related.

    Attributes
    ----------
    sequence : int64 [n]
        Number of each record's sequence; a DNA sequence and its reverse complement share it.
    first, second : int64 [pairs]
        Numbers of the two sequences, the lower one first; each pair occurs once.
    closeness : float32 [pairs]
        Fraction of identical residues: of the alignment (``similarity.pairs``) or, of a shared
        stretch, of the shorter sequence (``similarity.overlaps``).
    """

    sequence: Ints
    first: Ints
    second: Ints
    closeness: Floats

    def __len__(self) -> int:
        return len(self.first)

    def edges(self) -> tuple[Ints, Ints, Floats]:
        """Return each pair once, by the first record of either sequence; see ``Relation``."""
        rows = self._first_rows()
        return rows[self.first], rows[self.second], self.closeness

    def near(self, chosen: Bools) -> Bools:
        """Whether a record has the sequence of a chosen record, or a related one: bool [n]."""
        has, related = self._around(chosen)
        return (has | related)[self.sequence]

    def beside(self, chosen: Bools) -> Bools:
        """Whether a record is related to a chosen record of another sequence: bool [n]."""
        return self._around(chosen)[1][self.sequence]

    @property
    def partners(self) -> Ints:
        """First record that each record is related to: int64 [n], -1 for none."""
        rows = self._first_rows()
        partner = np.full(len(rows), len(self.sequence))
        np.minimum.at(partner, self.first, rows[self.second])
        np.minimum.at(partner, self.second, rows[self.first])
        partner[partner == len(self.sequence)] = -1
        return partner[self.sequence]

    def _around(self, chosen: Bools) -> tuple[Bools, Bools]:
        """Sequences of chosen records, and sequences related to these: bool [sequences] each."""
        has = np.zeros(int(self.sequence.max(initial=-1)) + 1, np.bool_)
        has[self.sequence[chosen]] = True
        related = np.zeros(len(has), np.bool_)
        related[self.first[has[self.second]]] = True
        related[self.second[has[self.first]]] = True
        return has, related

    def _first_rows(self) -> Ints:
        """First record of each sequence: int64 [sequences]."""
        rows = np.full(int(self.sequence.max(initial=-1)) + 1, len(self.sequence))
        np.minimum.at(rows, self.sequence, np.arange(len(self.sequence)))
        return rows
