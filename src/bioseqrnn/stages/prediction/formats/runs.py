"""Runs of residues with the same call, in the parts of records that a model predicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bioseqrnn.stages.prediction.calls import most_probable
from bioseqrnn.support.arrays import Doubles


@dataclass
class Run:
    """Consecutive residues of a record with the same most probable class.

    Attributes
    ----------
    name : str
        Id of the record.
    start, end : int
        Residues, from 0, end excluded.
    code : int
        Index of the class.
    total : float
        Sum of the probabilities of the class over the residues.
    """

    name: str
    start: int
    end: int
    code: int
    total: float

    @property
    def probability(self) -> float:
        """Mean probability of the class."""
        return self.total / (self.end - self.start)


class Runs:
    """Finds runs; one can continue in the next part of its record.

    Attributes
    ----------
    open : Run or None
        The run that the next part may continue.
    """

    def __init__(self) -> None:
        self.open: Run | None = None

    def add(self, name: str, start: int, scores: Doubles) -> Iterator[Run]:
        """Yield the runs that end in, or before, the part of a record that begins at ``start``.

        Parameters
        ----------
        name : str
        start : int
        scores : float64 [residues, classes]
        """
        codes = most_probable(scores)
        begins = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1])
        picked = scores[np.arange(len(codes)), codes]
        sums = np.add.reduceat(picked, begins)
        ends = np.append(begins[1:], len(codes))
        if start == 0:
            yield from self.end()
        for begin, end, total in zip(begins.tolist(), ends.tolist(), sums.tolist(), strict=True):
            code, last = int(codes[begin]), self.open
            if last is not None and last.code == code and begin == 0:
                last.end, last.total = start + end, last.total + total
                continue
            yield from self.end()
            self.open = Run(name, start + begin, start + end, code, total)

    def end(self) -> Iterator[Run]:
        """Yield the open run, if there is one."""
        run, self.open = self.open, None
        if run is not None:
            yield run
