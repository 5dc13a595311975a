"""The training jobs: the network of a fold, and the final model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.validate import section
from bioseqrnn.fitting.session import Session
from bioseqrnn.metrics.own_scores import final_thresholds
from bioseqrnn.networks.store import save_model
from bioseqrnn.splits.subset import read_subset
from bioseqrnn.stages.training.job import Job
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.chosen import read_chosen
from bioseqrnn.tables.declared.models import HISTORY
from bioseqrnn.tables.folds import read_roles
from bioseqrnn.tables.predictions import write_predictions
from bioseqrnn.tables.selected import read_selection


@dataclass(frozen=True)
class FoldTraining:
    """A training in a fold.

    Attributes
    ----------
    model : str
        Its name in tables.
    config : ModelConfig
    fold : int
        Test fold, from 0.
    seed : int
    fraction : float
        Fraction of the training and validation records that is used.
    search : dict, optional
        Entry of the card about the search that ``config`` came from.
    """

    model: str
    config: ModelConfig
    fold: int
    seed: int
    fraction: float = 1.0
    search: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """Its name in the log."""
        name = f"{self.model}, fold {self.fold}, seed {self.seed}"
        return name + (f", {self.fraction:g} of the records" if self.fraction < 1 else "")


@dataclass(frozen=True)
class FoldFiles:
    """Files that the training of a fold writes: all of them, or none."""

    model: Path
    history: Path
    predictions: Path


def train_fold(
    sequences: Path,
    folds: Path,
    files: FoldFiles,
    training: FoldTraining,
    *,
    machine: MachineConfig,
    session: Session | None = None,
) -> None:
    """Train on a fold's training records, with its validation records for early stopping.

    With ``refit``, a second network is then trained on both for as many epochs (Goodfellow et al.,
    Deep Learning, 2016, algorithm 7.2), like the final model. The second network (without
    ``refit``, the first) predicts the test records and is kept. The first predicts the validation
    records.

    With a fraction below 1, a subset of the training and validation records is used
    (``splits.subset``), for proportionally more epochs: scores of smaller subsets then show the
    effect of fewer records, not of fewer steps.

    A training with a ``session`` can be stopped; the same call resumes from its checkpoint.

    Parameters
    ----------
    sequences, folds : Path
        ``sequences.parquet`` and ``folds.parquet``.
    files : FoldFiles
        Files to write.
    training : FoldTraining
    machine : MachineConfig
    session : Session, optional
    """
    what, fold, fraction = training.name, training.fold, training.fraction
    job = Job.start(
        sequences,
        files.model,
        training.config,
        seed=training.seed,
        machine=machine,
        session=session,
    )
    table = job.table
    train, validation, test = read_roles(folds, table, fold)
    if fraction < 1:
        train, validation = read_subset(folds, table, (train, validation), fraction, fold)
        longer = {k: math.ceil(getattr(job.config, k) / fraction) for k in ("epochs", "patience")}
        job = replace(job, config=job.config.model_copy(update=longer))
    say(f"{what}: {len(train)} train, {len(validation)} validation, {len(test)} test records")
    say(f"{what}: on {job.devices}")
    job.identify(what, __name__, folds=sha256(folds), fold=fold, fraction=fraction)
    trained = job.train(train, what, validation=validation)
    predicted = {"validation": (validation, job.predict(trained.network, validation))}
    network, learned = trained.network, train
    if job.config.refit:
        learned = np.sort(np.concatenate([train, validation]))
        job.session.go_on_to("refit")
        refitted = job.train(learned, f"{what}, refit", last_epoch=trained.best_epoch)
        network = refitted.network
    predicted["test"] = (test, job.predict(network, test))
    own = job.own_scores(network, learned)
    if not job.processes.leads:
        return
    card = job.card(training.model, learned, trained.best_epoch) | {"fold": fold}
    card |= {"fraction": fraction} if fraction < 1 else {}
    card |= {} if training.search is None else {"search": training.search}
    with together():
        save_model(files.model, network, card)
        HISTORY.write(files.history, trained.history)
        write_predictions(
            files.predictions,
            table,
            predicted,
            model=training.model,
            kind="network",
            fold=fold,
            seed=training.seed,
            about={"records": len(train) + len(validation), "fraction": fraction, "own": own},
        )


def train_final(
    sequences: Path,
    selected: Path,
    output: Path,
    *,
    seed: int,
    machine: MachineConfig,
    session: Session | None = None,
    searches: tuple[Path, ...] = (),
    model: str | None = None,
) -> None:
    """Train a network on all records, for the number of epochs from cross-validation.

    A training with a ``session`` can be stopped; the same call resumes from its checkpoint.

    Parameters
    ----------
    sequences : Path
        ``sequences.parquet``.
    selected : Path
        ``selected.json`` of the evaluation.
    output : Path
        ``model.safetensors`` to write.
    seed : int
    machine : MachineConfig
    session : Session, optional
    searches : tuple of Path
        ``chosen.json`` of searches on all records; if one is of this model, its settings and number
        of epochs are used.
    model : str, optional
        Name of the network; None: the selected one. Only the selected one gets a temperature and
        thresholds of its own.

    Raises
    ------
    InputError
        The settings of the selected model were searched in each fold, and ``searches`` has no
        search of it.
    """
    choice = chosen_network(read_selection(selected), selected, model)
    config, epochs, search = chosen_settings(choice, selected, searches)
    job = Job.start(sequences, output, config, seed=seed, machine=machine, session=session)
    table, what = job.table, f"final {choice['model']}"
    rows = np.arange(len(table))
    say(f"{what}: all {len(table)} records, {epochs} epochs, on {job.devices}")
    job.identify(what, __name__, epochs=epochs)
    network = job.train(rows, what, last_epoch=epochs).network
    own = job.own_scores(network, rows)
    if not job.processes.leads:
        return
    card = job.card(choice["model"], rows, epochs) | {
        "fold": None,
        "metrics": choice["metrics"],
        # fitted on the networks of the folds, which have the same settings
        "temperature": choice.get("temperature"),
        "thresholds": final_thresholds(table.task, choice, own),
    }
    card |= {} if own is None else {"own": own}
    card |= {} if search is None else {"search": search}
    save_model(output, network, card)


def chosen_network(choice: dict[str, Any], selected: Path, model: str | None) -> dict[str, Any]:
    """Return the entries of a selection that are about one network."""
    if model is None or model == choice["model"]:
        return choice
    networks = choice.get("networks") or {}
    if model not in networks:
        known = ", ".join(networks) or choice["model"]
        raise InputError(f"{selected}: has no network '{model}' (known: {known})")
    found: dict[str, Any] = networks[model]
    return {"model": model, "metrics": {}} | found


def chosen_settings(
    choice: dict[str, Any], selected: Path, searches: tuple[Path, ...]
) -> tuple[ModelConfig, int, dict[str, Any] | None]:
    """Return settings and epochs of the final model, and its card's entry about their search."""
    for found in [read_chosen(path) for path in searches]:
        if found.model == choice["model"]:
            return found.config, found.epochs, found.card
    if choice["config"] is None:
        raise InputError(
            f"{selected}: the settings of {choice['model']} were searched; give --chosen with the "
            "settings of a search on all records"
        )
    return section(ModelConfig, choice["config"], f"{selected}: config"), choice["epochs"], None
