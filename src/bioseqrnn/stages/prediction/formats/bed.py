"""Predictions of a model per position as gzipped BED: runs of residues with the same call."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.stages.prediction.calls import most_probable
from bioseqrnn.stages.prediction.formats.writer import Content, Writer
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.support.gzipped import finish_text, gzip_text
from bioseqrnn.tasks import Task


@dataclass
class _Run:
    name: str
    start: int
    end: int
    code: int
    # sum of the probabilities of the run's class over its residues
    probability: float


class BedWriter(Writer):
    """Writes one line per run: id, start, end, class, score and no strand.

    Positions count from 0 and the end is excluded. The score is the mean probability of the class
    in the run, in thousandths, as usual in BED. A run can continue in the next part of its record.
    """

    def __init__(self, path: Path, content: Content, files: ExitStack) -> None:
        self._text, self._classes = gzip_text(path, files), content.classes
        self._open: _Run | None = None

    @staticmethod
    def suits(task: Task) -> bool:
        """Whether every residue is called."""
        return task.per_position

    def write(self, rows: pa.Table, part: Predicted) -> None:  # noqa: ARG002
        """Write the runs that end in these records or parts of records; refused ones have none."""
        ends = np.cumsum(part.lengths)
        names = part.source.ids.to_pylist()
        for name, start, end, length in zip(names, part.starts, ends, part.lengths, strict=True):
            self._add(name, int(start), part.scores[end - length : end])

    def finish(self, metadata: dict[str, Any]) -> None:  # noqa: ARG002
        """Write the last run, and end the text."""
        self._end_run()
        finish_text(self._text)

    def _add(self, name: str, start: int, scores: Doubles) -> None:
        """Add the part of a record that begins at ``start``; scores float64 [residues, classes]."""
        codes = most_probable(scores)
        begins = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1])
        picked = scores[np.arange(len(codes)), codes]
        sums = np.add.reduceat(picked, begins)
        ends = np.append(begins[1:], len(codes))
        if start == 0:
            self._end_run()
        for begin, end, total in zip(begins.tolist(), ends.tolist(), sums.tolist(), strict=True):
            code, last = int(codes[begin]), self._open
            if last is not None and last.code == code and begin == 0:
                last.end, last.probability = start + end, last.probability + total
                continue
            self._end_run()
            self._open = _Run(name, start + begin, start + end, code, total)

    def _end_run(self) -> None:
        """Write the open run, if there is one."""
        run, self._open = self._open, None
        if run is not None:
            name = " ".join(run.name.split())
            score = round(1000 * run.probability / (run.end - run.start))
            self._text.write(
                f"{name}\t{run.start}\t{run.end}\t{self._classes[run.code]}\t{score}\t.\n"
            )
