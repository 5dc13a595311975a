"""The baseline jobs: one fold, tables in and predictions out; and a baseline of all records."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bioseqrnn.baselines.methods import check_settings, choose, fit, require_applicable
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.store import save_baseline
from bioseqrnn.metrics.own_scores import own_rows, summarise_own
from bioseqrnn.splits.subset import read_subset
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.folds import read_roles
from bioseqrnn.tables.predictions import write_predictions
from bioseqrnn.tables.selected import read_selection
from bioseqrnn.tables.sequences import read_sequences

# fields of the metadata of a table that describe the models fitted to it
DESCRIBED = ("alphabet", "symbols", "strands", "ids", "classes", "task", "sources")


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

    Settings are chosen on the validation records, which a model fitted to the training records
    predicts, as thresholds and calibration require. A second model, fitted to training and
    validation records with the same settings, predicts the test records. (``cnn`` chooses its
    number of epochs on the validation records.)

    Writes the same prediction table as a network. With a ``fraction`` below 1, the same subset of
    the training and validation records is used as for a network (``splits.subset``).
    """
    table = read_sequences(sequences)
    require_applicable(baseline, table.task.name, str(sequences))
    train, validation, test = read_roles(folds, table, fold)
    if fraction < 1:
        train, validation = read_subset(folds, table, (train, validation), fraction, fold)
    problem, start = Problem(table, seed), time.perf_counter()
    # for OpenMP and BLAS; sums are split over threads, so their number affects the result
    with threadpool_limits(threads):
        settings, fitted = choose(baseline, problem, train, validation)
        validated = fitted.scores(problem.records(validation))
        learned = np.concatenate([train, validation])
        fitted = fit(baseline, problem, learned, settings)
        scores = fitted.scores(problem.records(test))
        own = own_rows(table.task, learned, seed)
        about: dict[str, Any] = {"records": len(learned), "fraction": fraction}
        about |= {"chosen": settings} if settings else {}
        if len(own):
            owned = fitted.scores(problem.records(own))
            about["own"] = summarise_own(table.task, table.targets[own], owned)
    write_predictions(
        output,
        table,
        {"validation": (validation, validated), "test": (test, scores)},
        model=baseline,
        kind="baseline",
        fold=fold,
        seed=seed,
        about=about,
    )
    say(f"{baseline}, fold {fold}: {len(test)} test records, {time.perf_counter() - start:.1f} s")


def fit_final_baseline(
    sequences: Path,
    output: Path,
    *,
    baseline: str,
    settings: Mapping[str, Any],
    seed: int,
    threads: int,
) -> None:
    """Fit a baseline to all records of a table, and write it (``baselines.store``).

    Parameters
    ----------
    sequences : Path
        ``sequences.parquet``.
    output : Path
        File to write, ``{baseline}.safetensors``.
    baseline : str
    settings : mapping
        Settings on which the folds agreed (``baselines.methods.agreed``).
    seed, threads : int

    Raises
    ------
    InputError
        The baseline is unknown or does not apply to the task, or a setting is missing or wrong.
    """
    table = read_sequences(sequences)
    require_applicable(baseline, table.task.name, str(sequences))
    problem, start = Problem(table, seed), time.perf_counter()
    check_settings(baseline, problem.form, settings, "--settings")
    rows = np.arange(len(table))
    with threadpool_limits(threads):
        fitted = fit(baseline, problem, rows, settings)
        own = own_rows(table.task, rows, seed)
        owned = fitted.scores(problem.records(own))
    card = {key: table.metadata[key] for key in DESCRIBED} | {
        "baseline": baseline,
        "seed": seed,
        "sequences_sha256": sha256(sequences),
        "trained_on": len(rows),
    }
    if len(own):
        card["own"] = summarise_own(table.task, table.targets[own], owned)
    # with records cut into blocks, the lengths of records are not known
    if table.metadata.get("block") is None:
        card["trained_lengths"] = [int(table.lengths.min()), int(table.lengths.max())]
    save_baseline(output, fitted, card)
    say(f"final {baseline}: {len(rows)} records, {time.perf_counter() - start:.1f} s")


def selected_settings(selected: Path, baseline: str) -> dict[str, Any]:
    """Return the settings of a baseline in ``selected.json``, on which the folds agreed.

    Raises
    ------
    InputError
        The baseline is not a member of the final model.
    """
    members = read_selection(selected, ("final",))["final"]["members"]
    for member in members:
        if member["name"] == baseline:
            return dict(member.get("settings") or {})
    known = ", ".join(member["name"] for member in members)
    raise InputError(f"{selected}: '{baseline}' is not a member of the final model ({known})")
