"""``bioseqrnn evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import BOOTSTRAP, CONFIDENCE, SEED, Bootstrap, Confidence, Folds, Seed
from bioseqrnn.cli.settings import default, option
from bioseqrnn.config.evaluation import ConformalConfig, ThresholdConfig
from bioseqrnn.config.settings import RunConfig
from bioseqrnn.tables.declared.evaluation import CURVES, EVALUATED, SELECTED

NOTHING = "none"
OUTPUTS = tuple(table.file for table in (*EVALUATED, CURVES, SELECTED))


def evaluate(
    predictions: Annotated[
        list[Path],
        typer.Argument(
            help="predictions.parquet of every network and baseline, fold and seed. For a network, "
            "model.safetensors and history.tsv must be in the same folder."
        ),
        Reads(beside=("model.safetensors", "history.tsv")),
    ],
    folds: Folds,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for the tables and selected.json."),
        WritesInto(OUTPUTS),
    ],
    bootstrap: Bootstrap = BOOTSTRAP,
    confidence: Confidence = CONFIDENCE,
    seed: Seed = SEED,
    sequences: Annotated[
        Path | None,
        typer.Option(help="sequences.parquet, for scores by length and G+C. Default: none."),
        Reads(),
    ] = None,
    combine: Annotated[
        list[str] | None,
        typer.Option(
            help="A model or baseline whose scores are combined; repeat it. 'none': nothing is "
            "combined. Default: the selected network and every baseline but majority."
        ),
    ] = None,
    final: Annotated[str, option(RunConfig, "final")] = default(RunConfig, "final"),
    threshold_aim: Annotated[str, option(ThresholdConfig, "aim")] = default(ThresholdConfig, "aim"),
    threshold_precision: Annotated[float, option(ThresholdConfig, "precision")] = default(
        ThresholdConfig, "precision"
    ),
    error_rate: Annotated[float, option(ConformalConfig, "error_rate")] = default(
        ConformalConfig, "error_rate"
    ),
) -> None:
    """Score all models with intervals, compare them, and select one on validation records."""
    from bioseqrnn.metrics.thresholds import Aim
    from bioseqrnn.stages.evaluation.combine import Plan
    from bioseqrnn.stages.evaluation.run import evaluate_models

    evaluate_models(
        predictions,
        folds,
        output,
        replicates=bootstrap,
        confidence=confidence,
        seed=seed,
        sequences=sequences,
        aim=Aim(threshold_aim, threshold_precision),
        plan=Plan([] if combine == [NOTHING] else combine, final, error_rate),
    )
