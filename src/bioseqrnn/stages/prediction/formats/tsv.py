"""Predictions as TSV: all columns except the probabilities of single residues."""

from __future__ import annotations

import io
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO, cast

import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.stages.prediction.formats.writer import Content, Writer
from bioseqrnn.support.console import Guarded
from bioseqrnn.support.gzipped import finish_text, gzip_text


class TsvWriter(Writer):
    """Writes text with a header; probabilities have six decimal places, values twelve digits."""

    beside = False

    def __init__(self, path: Path, content: Content, files: ExitStack) -> None:
        self._text = self._open(path, files)
        self._columns = [f.name for f in content.schema if not pa.types.is_list(f.type)]
        # a value of regression is in the unit of the labels, which can be any
        self._digits = "%.6f" if content.task.probabilistic else "%.12g"
        self._header = True

    def _open(self, path: Path, files: ExitStack) -> TextIO:
        """Open the file as text."""
        return files.enter_context(path.open("w", encoding="utf-8", newline="\n"))

    def write(self, rows: pa.Table, part: Predicted) -> None:  # noqa: ARG002
        """Write one line per row; the first time, write the header before them."""
        rows.select(self._columns).to_pandas().to_csv(
            self._text, sep="\t", index=False, header=self._header, float_format=self._digits,
            lineterminator="\n",
        )  # fmt: skip
        self._header = False


class GzippedTsvWriter(TsvWriter):
    """The same text, gzipped."""

    beside = True

    def _open(self, path: Path, files: ExitStack) -> TextIO:
        return gzip_text(path, files)

    def finish(self, metadata: dict[str, Any]) -> None:  # noqa: ARG002
        """End the text."""
        finish_text(cast("io.TextIOWrapper", self._text))


class StandardOutput(TsvWriter):
    """The same text on standard output; on a terminal, invisible characters are escaped."""

    def _open(self, path: Path, files: ExitStack) -> TextIO:  # noqa: ARG002
        sys.stdout.flush()
        text = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n")
        # standard output itself stays open
        files.callback(text.detach)
        return cast("TextIO", Guarded(text)) if sys.stdout.isatty() else text

    def write(self, rows: pa.Table, part: Predicted) -> None:
        """Write the rows at once."""
        super().write(rows, part)
        self._text.flush()
