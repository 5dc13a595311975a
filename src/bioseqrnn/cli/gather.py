"""``bioseqrnn gather``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import DatasetOptionsJson


def gather(
    shards: Annotated[
        list[Path], typer.Argument(help="Every part that 'encode --shard' wrote."), Reads()
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="sequences.parquet to write."), Writes()
    ],
    intake: Annotated[
        Path, typer.Option("--intake", "--audit", help="intake.tsv to write."), Writes()
    ],
    options: DatasetOptionsJson = "{}",
    dataset: Annotated[str, typer.Option(help="Name of the dataset in messages.")] = "dataset",
) -> None:
    """Join the shards of a dataset into the table that one job would have written."""
    from bioseqrnn.config.datasets import DatasetOptions
    from bioseqrnn.config.validate import section_from_json
    from bioseqrnn.stages.sequences.shards import gather_shards

    settings = section_from_json(DatasetOptions, options, "--options")
    gather_shards(shards, output, intake, options=settings, where=dataset)
