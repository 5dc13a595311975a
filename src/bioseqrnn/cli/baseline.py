"""``bioseqrnn baseline``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import (
    SEED,
    THREADS,
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
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="predictions.parquet to write; with --final, the model, a .safetensors file.",
        ),
        Writes(),
    ],
    method: Annotated[
        str, option_of(Baseline, help=f"Name of the baseline. {described(BASELINES)}")
    ],
    folds: Annotated[
        Path | None,
        typer.Option(help="folds.parquet, written by 'split'. [required without --final]"),
        Reads(),
    ] = None,
    fold: Annotated[
        int | None,
        typer.Option(min=0, help="Fold that tests, from 0. [required without --final]"),
    ] = None,
    final: Annotated[
        bool,
        typer.Option(
            "--final",
            help="Fit to all records instead of one fold, and write the model; --folds, --fold and "
            "--fraction are not used.",
        ),
    ] = False,
    selected: Annotated[
        Path | None,
        typer.Option(
            help="selected.json, written by 'evaluate': as --final, with the settings on which the "
            "folds agreed."
        ),
        Reads(),
    ] = None,
    settings: Annotated[
        str,
        typer.Option(
            help="With --final: settings as a JSON object, like '{\"strength\": 10}', as in the "
            "metadata of the folds' predictions.parquet under 'chosen'; docs/baselines.md lists "
            "them."
        ),
    ] = "{}",
    fraction: Fraction = 1.0,
    seed: Seed = SEED,
    threads: Threads = THREADS,
) -> None:
    """Fit a simple baseline to the training records of a fold and predict its test records.

    With --final, fit it on all records and write the fitted model.
    """
    from bioseqrnn.stages.baselines.run import (
        fit_final_baseline,
        selected_settings,
        train_baseline,
    )
    from bioseqrnn.support.checked import parse_object
    from bioseqrnn.support.errors import InputError

    if final or selected is not None:
        fit_final_baseline(
            sequences,
            output,
            baseline=method,
            settings=parse_object(settings, "--settings")
            if selected is None
            else selected_settings(selected, method),
            seed=seed,
            threads=threads,
        )
        return
    if folds is None or fold is None:
        raise InputError(
            "give --folds and --fold, or --final or --selected for a model of all records"
        )
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
