"""Runs of residues with one call, as BED."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

import numpy as np

from bioseqrnn.stages.prediction.calls import most_probable
from bioseqrnn.support.arrays import Doubles


@dataclass
class _Run:
    name: str
    start: int
    end: int
    code: int
    # of its call, over its residues
    probability: float


class RunWriter:
    """Writes a line for each run: id, start, end, class, score and no strand.

    Positions count from 0, the end is excluded; the score is the mean probability of the class in
    the run, in thousandths, as BED has it. A run goes on from one stretch of a record to the next.
    """

    def __init__(self, text: TextIO, classes: list[str]) -> None:
        self._text, self._classes = text, classes
        self._open: _Run | None = None

    def add(self, name: str, start: int, scores: Doubles) -> None:
        """Add the stretch of a record from residue ``start`` on; float64 [residues, classes]."""
        codes = most_probable(scores)
        begins = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1])
        picked = scores[np.arange(len(codes)), codes]
        sums = np.add.reduceat(picked, begins)
        ends = np.append(begins[1:], len(codes))
        if start == 0:
            self.finish()
        for begin, end, total in zip(begins.tolist(), ends.tolist(), sums.tolist(), strict=True):
            code, last = int(codes[begin]), self._open
            if last is not None and last.code == code and begin == 0:
                last.end, last.probability = start + end, last.probability + total
                continue
            self.finish()
            self._open = _Run(name, start + begin, start + end, code, total)

    def finish(self) -> None:
        """Write the run that is open."""
        run, self._open = self._open, None
        if run is not None:
            name = " ".join(run.name.split())
            score = round(1000 * run.probability / (run.end - run.start))
            self._text.write(
                f"{name}\t{run.start}\t{run.end}\t{self._classes[run.code]}\t{score}\t.\n"
            )
