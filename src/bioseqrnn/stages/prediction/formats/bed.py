"""Predictions of a model per position as gzipped BED: runs of residues with the same call."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.stages.prediction.formats.runs import Run, Runs
from bioseqrnn.stages.prediction.formats.writer import Content, Writer
from bioseqrnn.support.gzipped import finish_text, gzip_text
from bioseqrnn.tasks import Task


class BedWriter(Writer):
    """Writes one line per run: id, start, end, class, score and no strand.

    Positions count from 0 and the end is excluded. The score is the mean probability of the class
    in the run, in thousandths, as usual in BED. A run can continue in the next part of its record.
    """

    def __init__(self, path: Path, content: Content, files: ExitStack) -> None:
        self._text, self._classes = gzip_text(path, files), content.classes
        self._runs = Runs()

    @staticmethod
    def suits(task: Task) -> bool:
        """Whether every residue is called."""
        return task.per_position

    def write(self, rows: pa.Table, part: Predicted) -> None:  # noqa: ARG002
        """Write the runs that end in these records or parts of records; refused ones have none."""
        ends = np.cumsum(part.lengths)
        names = part.source.ids.to_pylist()
        for name, start, end, length in zip(names, part.starts, ends, part.lengths, strict=True):
            self._write(self._runs.add(name, int(start), part.scores[end - length : end]))

    def finish(self, metadata: dict[str, Any]) -> None:  # noqa: ARG002
        """Write the last run, and end the text."""
        self._write(self._runs.end())
        finish_text(self._text)

    def _write(self, runs: Iterable[Run]) -> None:
        for run in runs:
            name, score = " ".join(run.name.split()), round(1000 * run.probability)
            self._text.write(
                f"{name}\t{run.start}\t{run.end}\t{self._classes[run.code]}\t{score}\t.\n"
            )
