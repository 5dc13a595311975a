"""Predictions as gzipped TSV: all columns except the probabilities of single residues."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.stages.prediction.formats.writer import Content, Writer
from bioseqrnn.support.gzipped import finish_text, gzip_text


class TsvWriter(Writer):
    """Writes text with a header; probabilities have six decimal places, values twelve digits."""

    def __init__(self, path: Path, content: Content, files: ExitStack) -> None:
        self._text = gzip_text(path, files)
        self._columns = [f.name for f in content.schema if not pa.types.is_list(f.type)]
        # a value of regression is in the unit of the labels, which can be any
        self._digits = "%.6f" if content.task.probabilistic else "%.12g"
        self._header = True

    def write(self, rows: pa.Table, part: Predicted) -> None:  # noqa: ARG002
        """Write one line per row; the first time, write the header before them."""
        rows.select(self._columns).to_pandas().to_csv(
            self._text, sep="\t", index=False, header=self._header, float_format=self._digits,
            lineterminator="\n",
        )  # fmt: skip
        self._header = False

    def finish(self, metadata: dict[str, Any]) -> None:  # noqa: ARG002
        """End the text."""
        finish_text(self._text)
