"""``bioseqrnn evaluate``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import Bootstrap, Confidence, Folds, Seed


class ThresholdAim(StrEnum):
    """What a threshold is for."""

    mcc = "mcc"
    f1 = "f1"
    precision = "precision"
    none = "none"


OUTPUTS = (
    "runs.tsv", "summary.tsv", "comparisons.tsv", "classes.tsv", "temperatures.tsv",
    "thresholds.tsv", "strata.tsv", "calibration.tsv", "confusion.tsv", "learning_curves.tsv",
    "curves.parquet", "selected.json",
)  # fmt: skip


def evaluate(
    predictions: Annotated[
        list[Path],
        typer.Argument(
            help="predictions.parquet of every network and baseline, fold and seed. A network's "
            "has model.safetensors and history.tsv beside it."
        ),
        Reads(beside=("model.safetensors", "history.tsv")),
    ],
    folds: Folds,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for the tables and selected.json."),
        WritesInto(OUTPUTS),
    ],
    bootstrap: Bootstrap = 1000,
    confidence: Confidence = 0.95,
    seed: Seed = 1,
    sequences: Annotated[
        Path | None,
        typer.Option(help="sequences.parquet, for scores by length and G+C. Default: none."),
        Reads(),
    ] = None,
    threshold_aim: Annotated[
        ThresholdAim,
        typer.Option(help="What a class is called for, from which probability on."),
    ] = ThresholdAim.mcc,
    threshold_precision: Annotated[
        float, typer.Option(min=0.01, max=1, help="Precision to reach, of the aim precision.")
    ] = 0.9,
) -> None:
    """Score all models with intervals, compare them, and select one on validation records."""
    from bioseqrnn.metrics.thresholds import Aim
    from bioseqrnn.stages.evaluation.run import evaluate_models

    evaluate_models(
        predictions,
        folds,
        output,
        replicates=bootstrap,
        confidence=confidence,
        seed=seed,
        sequences=sequences,
        aim=Aim(threshold_aim.value, threshold_precision),
    )
