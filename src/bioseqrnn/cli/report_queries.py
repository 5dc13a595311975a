"""``bioseqrnn report-queries``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.tables.declared.queries import QUERY_TABLES

OUTPUTS = ("predictions.html", *(f"predictions/{table.file}" for table in QUERY_TABLES))


def report_queries(
    predictions: Annotated[
        list[Path], typer.Argument(help="Parquet files, written by 'predict'."), Reads()
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for predictions.html and predictions/."),
        WritesInto(OUTPUTS),
    ],
    dataset: Annotated[str, typer.Option(help="Name in the title.")] = "dataset",
) -> None:
    """Make an HTML page on predictions: calls, their domain and sets, and refused records."""
    from bioseqrnn.stages.report.new_sequences import report_queries as make

    make(predictions, output, dataset=dataset)
