"""``bioseqrnn diagnose``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import SEED, THREADS, Seed, Sequences, Threads


def diagnose(
    models: Annotated[
        list[Path],
        typer.Argument(
            help="model.safetensors of one or more models; models with the same name (other folds "
            "and seeds) are combined."
        ),
        Reads(),
    ],
    sequences: Sequences,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for gradients.tsv and gradients.svg."),
        WritesInto(("gradients.tsv", "gradients.svg")),
    ],
    folds: Annotated[
        Path | None,
        typer.Option(
            help="folds.parquet, written by 'split': the model of a fold is examined on the test "
            "records of that fold. Default: any records."
        ),
        Reads(),
    ] = None,
    records: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Records for each model, drawn at random. Default: 32, or fewer above 128 units.",
        ),
    ] = None,
    longest: Annotated[int, typer.Option(min=1, help="Largest k, in residues.")] = 200,
    seed: Seed = SEED,
    threads: Threads = THREADS,
) -> None:
    """Plot how far back each network's gradient reaches: |∂h(T)/∂h(T-k)| against k."""
    from bioseqrnn.stages.diagnosis.run import diagnose_models

    diagnose_models(
        models,
        sequences,
        folds,
        output,
        records=records,
        longest=longest,
        seed=seed,
        threads=threads,
    )
