"""Predictions as Parquet: all columns, with metadata."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.stages.prediction.formats.writer import Content, Writer
from bioseqrnn.support.io import METADATA_KEY
from bioseqrnn.support.parquet import sealed_writer


class ParquetWriter(Writer):
    """Writes a sealed table with checksums of its pages."""

    def __init__(self, path: Path, content: Content, files: ExitStack) -> None:
        self._writer = files.enter_context(
            sealed_writer(path, content.schema, compression="zstd", store_schema=False)
        )

    def write(self, rows: pa.Table, part: Predicted) -> None:  # noqa: ARG002
        """Write the rows."""
        self._writer.write_table(rows)

    def finish(self, metadata: dict[str, Any]) -> None:
        """Write the metadata as JSON under the key ``bioseqrnn``."""
        text = json.dumps(metadata, sort_keys=True)
        self._writer.add_key_value_metadata({METADATA_KEY: text})
