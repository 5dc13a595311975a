"""``bioseqrnn baseline``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Writes
from bioseqrnn.cli.options import (
    SEED,
    THREADS,
    Fold,
    Folds,
    Fraction,
    Seed,
    Sequences,
    Threads,
)
from bioseqrnn.cli.settings import option_of
from bioseqrnn.config.choices import BASELINES, described
from bioseqrnn.config.values import Baseline


def baseline(
    sequences: Sequences,
    folds: Folds,
    fold: Fold,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="predictions.parquet to write."), Writes()
    ],
    method: Annotated[
        str, option_of(Baseline, help=f"Name of the baseline. {described(BASELINES)}")
    ],
    fraction: Fraction = 1.0,
    seed: Seed = SEED,
    threads: Threads = THREADS,
) -> None:
    """Fit a simple baseline to the training records of a fold and predict its test records."""
    from bioseqrnn.stages.baselines.run import train_baseline

    train_baseline(
        sequences,
        folds,
        output,
        baseline=method,
        fold=fold,
        seed=seed,
        threads=threads,
        fraction=fraction,
    )
