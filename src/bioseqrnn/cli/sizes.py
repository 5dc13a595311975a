"""``bioseqrnn sizes``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.options import Folds, Seed


def sizes(
    predictions: Annotated[
        list[Path],
        typer.Argument(
            help="predictions.parquet of every model, fold and fraction (1 among them), one seed."
        ),
    ],
    folds: Folds,
    output: Annotated[Path, typer.Option("--output", "-o", help="sizes.tsv to write.")],
    bootstrap: Annotated[
        int, typer.Option(min=100, help="Bootstrap replicates behind the intervals.")
    ] = 1000,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Confidence of the intervals.")
    ] = 0.95,
    seed: Seed = 1,
) -> None:
    """Score models by the number of records trained with, and say what more would bring."""
    from bioseqrnn.evaluation.sizes import evaluate_sizes

    evaluate_sizes(
        predictions, folds, output, replicates=bootstrap, confidence=confidence, seed=seed
    )
