"""``bioseqrnn learning-curve``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import BOOTSTRAP, CONFIDENCE, SEED, Bootstrap, Confidence, Folds, Seed


def learning_curve(
    predictions: Annotated[
        list[Path],
        typer.Argument(
            help="predictions.parquet of every model, fold and fraction (including 1), for one "
            "seed."
        ),
        Reads(),
    ],
    folds: Folds,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="learning_curve.tsv to write."), Writes()
    ],
    bootstrap: Bootstrap = BOOTSTRAP,
    confidence: Confidence = CONFIDENCE,
    seed: Seed = SEED,
) -> None:
    """Score models by the number of training records, and predict the gain from more."""
    from bioseqrnn.stages.evaluation.learning_curve import evaluate_learning_curve

    evaluate_learning_curve(
        predictions, folds, output, replicates=bootstrap, confidence=confidence, seed=seed
    )
