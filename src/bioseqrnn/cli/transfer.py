"""``bioseqrnn transfer``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import (
    BOOTSTRAP,
    CONFIDENCE,
    DEVICE,
    SEED,
    THREADS,
    Bootstrap,
    Confidence,
    Device,
    Seed,
    Threads,
)
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.tables.declared.models import MATRIX


def transfer(
    models: Annotated[
        list[Path],
        typer.Argument(help="model.safetensors of every dataset, model, fold and seed."),
        Reads(),
    ],
    dataset: Annotated[
        list[str],
        typer.Option(
            help="Name of a dataset; give this option and the next two once for each dataset."
        ),
    ],
    sequences: Annotated[list[Path], typer.Option(help="Its sequences.parquet."), Reads()],
    folds: Annotated[list[Path], typer.Option(help="Its folds.parquet."), Reads()],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for matrix.tsv and heatmap.svg."),
        WritesInto((MATRIX.file, "heatmap.svg")),
    ],
    bootstrap: Bootstrap = BOOTSTRAP,
    confidence: Confidence = CONFIDENCE,
    seed: Seed = SEED,
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Test networks on the negatives of other datasets, as a matrix."""
    from bioseqrnn.metrics.bootstrap import Resampling
    from bioseqrnn.stages.transfer.run import transfer_models

    transfer_models(
        dataset,
        sequences,
        folds,
        models,
        output,
        resampling=Resampling(bootstrap, confidence, seed),
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
    )
