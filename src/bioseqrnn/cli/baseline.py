"""``bioseqrnn baseline``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Writes
from bioseqrnn.cli.options import Fold, Folds, Fraction, Seed, Sequences, Threads


class BaselineName(StrEnum):
    """The plain methods."""

    majority = "majority"
    composition = "composition"
    kmer_logistic = "kmer_logistic"
    gapped_kmer = "gapped_kmer"
    gradient_boosting = "gradient_boosting"
    pwm = "pwm"
    cnn = "cnn"


def baseline(
    sequences: Sequences,
    folds: Folds,
    fold: Fold,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="predictions.parquet to write."), Writes()
    ],
    method: Annotated[BaselineName, typer.Option(help="Which baseline.")],
    fraction: Fraction = 1.0,
    seed: Seed = 1,
    threads: Threads = 1,
) -> None:
    """Fit a plain method on a fold's training records and predict its test records."""
    from bioseqrnn.stages.baselines.run import train_baseline

    train_baseline(
        sequences,
        folds,
        output,
        baseline=method.value,
        fold=fold,
        seed=seed,
        threads=threads,
        fraction=fraction,
    )
