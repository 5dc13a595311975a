"""One baseline job: tables in, predictions out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bioseqrnn.config.choices import BASELINES
from bioseqrnn.metrics.own_scores import own_rows, summarise_own
from bioseqrnn.splits.subset import read_subset
from bioseqrnn.stages.baselines.methods import applicable, scores_of
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_roles
from bioseqrnn.tables.predictions import write_predictions
from bioseqrnn.tables.sequences import read_sequences


def train_baseline(
    sequences: Path,
    folds: Path,
    output: Path,
    *,
    baseline: str,
    fold: int,
    seed: int,
    threads: int,
    fraction: float = 1.0,
) -> None:
    """Fit a baseline to a fold's training records; predict its validation and test records.

    Writes the same prediction table as a network. With a ``fraction`` below 1, the same subset of
    the training and validation records is used as for a network (``splits.subset``).
    """
    if baseline not in BASELINES:
        raise InputError(f"baseline '{baseline}' is unknown; known: {', '.join(BASELINES)}")
    table = read_sequences(sequences)
    if not applicable(baseline, table.task.name):
        raise InputError(
            f"baseline '{baseline}' scores whole records, but '{sequences}' has a label for each "
            "residue (task per_position)"
        )
    train, validation, test = read_roles(folds, table, fold)
    if fraction < 1:
        train, validation = read_subset(folds, table, (train, validation), fraction, fold)
    start = time.perf_counter()
    # for OpenMP and BLAS; sums are split over threads, so their number affects the result
    with threadpool_limits(threads):
        # predict training records together with test records, so that one fit is enough
        own = own_rows(table.task, np.concatenate([train, validation]), seed)
        asked = np.concatenate([test, own])
        validated, scores = scores_of(baseline, table, train, validation, asked, seed)
    units = len(scores) if table.task.per_position else len(test)
    about: dict[str, Any] = {"records": len(train) + len(validation), "fraction": fraction}
    if len(own):
        about["own"] = summarise_own(table.task, table.targets[own], scores[units:])
    predicted = {"validation": (validation, validated), "test": (test, scores[:units])}
    write_predictions(
        output,
        table,
        predicted,
        model=baseline,
        kind="baseline",
        fold=fold,
        seed=seed,
        about=about,
    )
    say(f"{baseline}, fold {fold}: {len(test)} test records, {time.perf_counter() - start:.1f} s")
