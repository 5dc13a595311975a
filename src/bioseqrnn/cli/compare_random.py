"""``bioseqrnn compare-random``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import Folds


def compare_random(
    predictions: Annotated[
        list[Path],
        typer.Argument(help="predictions.parquet of every model, fold and seed."),
        Reads(),
    ],
    folds: Folds,
    random_predictions: Annotated[
        list[Path],
        typer.Option(help="predictions.parquet of the same models on random folds."),
        Reads(),
    ],
    random_folds: Annotated[
        Path, typer.Option(help="folds.parquet that 'split --grouping none' wrote."), Reads()
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="random_folds.tsv to write."), Writes()
    ],
) -> None:
    """Score models on random folds beside those that keep related sequences together."""
    from bioseqrnn.stages.evaluation.random_folds import compare_random_folds

    compare_random_folds(predictions, folds, random_predictions, random_folds, output)
