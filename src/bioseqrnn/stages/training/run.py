"""One training job: tables in, model, history and predictions out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.validate import section
from bioseqrnn.fitting.loop import train_network
from bioseqrnn.fitting.session import Session
from bioseqrnn.inference.device import describe, set_deterministic
from bioseqrnn.inference.network import predict_packed
from bioseqrnn.inference.processes import Processes, start_processes
from bioseqrnn.metrics.own_scores import OwnScores, final_thresholds, own_rows, summarise_own
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.defaults import fit_config
from bioseqrnn.networks.store import save_model
from bioseqrnn.splits.subset import read_subset
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.chosen import read_chosen
from bioseqrnn.tables.declared.models import HISTORY
from bioseqrnn.tables.folds import read_roles
from bioseqrnn.tables.predictions import write_predictions
from bioseqrnn.tables.selected import read_selection
from bioseqrnn.tables.sequences import SequenceTable, read_sequences


def _read_mapped(sequences: Path, output: Path, processes: Processes) -> SequenceTable:
    """Read a table, or this process's part of it, whose sequences stay on disk beside the output.

    There, because it is the place that is known to have room: the system's folder for temporary
    files is memory on many machines, and small on others.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    return read_sequences(sequences, scratch=output.parent, part=(processes.rank, processes.count))


def _card(
    table: SequenceTable, checksum: str, config: ModelConfig, model: str, seed: int, device: str
) -> dict[str, Any]:
    """What every model card says, whatever the model was trained on."""
    keys = ("alphabet", "symbols", "strands", "ids", "classes", "task", "sources")
    return {key: table.metadata[key] for key in keys} | {
        "model": model,
        "config": config.model_dump(),
        "seed": seed,
        "device": device,
        "sequences_sha256": checksum,
    }


def _lengths(table: SequenceTable, rows: Ints) -> dict[str, list[int]]:
    """Residues of the shortest and longest record trained on, where records are not cut."""
    if table.metadata.get("block") is not None:
        return {}
    lengths = table.lengths[rows]
    return {"trained_lengths": [int(lengths.min()), int(lengths.max())]}


def train_fold(
    sequences: Path,
    folds: Path,
    output: Path,
    history: Path,
    predictions: Path,
    *,
    model: str,
    config: ModelConfig,
    fold: int,
    seed: int,
    device: str,
    threads: int,
    devices: int = 1,
    nodes: int = 1,
    session: Session | None = None,
    fraction: float = 1.0,
    search: dict[str, Any] | None = None,
) -> None:
    """Train on a fold's training records and stop by its validation records, which are predicted.

    With ``refit`` a second network is then trained on both for as many epochs (Goodfellow et al.,
    Deep Learning, 2016, algorithm 7.2), as the final model is; it, or without ``refit`` the first,
    predicts the test records and is what is kept.

    With ``fraction`` it is that share of the training and validation records (``folds.subset``)
    that does either, for as many more epochs, so that what fewer records do is not mixed up with
    what fewer steps do; ``search`` is what the card says of the search that ``config`` came from.

    Writes ``model.safetensors``, ``history.tsv`` and ``predictions.parquet``, all or none.
    With a ``session`` the training can be stopped and goes on when it is run again.
    """
    session = session or Session()
    processes = start_processes(device, devices, nodes, config.precision)
    set_deterministic(seed, threads)
    chosen = describe(processes.device, processes.count)
    table = _read_mapped(sequences, output, processes)
    config = fit_config(config, table.metadata)
    train, validation, test = read_roles(folds, table, fold)
    what = f"{model}, fold {fold}, seed {seed}"
    if fraction < 1:
        train, validation = read_subset(folds, table, (train, validation), fraction, fold)
        what += f", {fraction:g} of the records"
        longer = {k: math.ceil(getattr(config, k) / fraction) for k in ("epochs", "patience")}
        config = config.model_copy(update=longer)
    say(f"{what}: {len(train)} train, {len(validation)} validation, {len(test)} test records")
    say(f"{what}: on {chosen}")
    checksum = sha256(sequences)
    session.identify(
        what,
        sequences=checksum,
        folds=sha256(folds),
        fold=fold,
        seed=seed,
        fraction=fraction,
        config=config.model_dump(),
        device=processes.device.type,
        threads=threads,
        processes=processes.count,
    )
    trained = train_network(
        table,
        train,
        validation,
        config,
        seed=seed,
        device=processes.device,
        what=what,
        session=session,
        processes=processes,
    )
    predicted = {
        "validation": (validation, _predict(trained.network, table, validation, processes, session))
    }
    network, learned = trained.network, train
    if config.refit:
        learned = np.sort(np.concatenate([train, validation]))
        session.go_on_to("refit")
        network = train_network(
            table,
            learned,
            np.arange(0),
            config,
            seed=seed,
            device=processes.device,
            last_epoch=trained.best_epoch,
            what=f"{what}, refit",
            session=session,
            processes=processes,
        ).network
    predicted["test"] = (test, _predict(network, table, test, processes, session))
    own = _own_scores(network, table, learned, seed, processes)
    if not processes.leads:
        return
    card = _card(table, checksum, config, model, seed, chosen)
    card |= {"fold": fold, "trained_on": len(learned), "epoch": trained.best_epoch}
    card |= _lengths(table, learned)
    card |= {"fraction": fraction} if fraction < 1 else {}
    card |= {} if search is None else {"search": search}
    with together():
        save_model(output, network, card)
        HISTORY.write(history, trained.history)
        write_predictions(
            predictions,
            table,
            predicted,
            model=model,
            kind="network",
            fold=fold,
            seed=seed,
            about={"records": len(train) + len(validation), "fraction": fraction, "own": own},
        )


def _own_scores(
    network: SequenceClassifier,
    table: SequenceTable,
    learned: Ints,
    seed: int,
    processes: Processes,
) -> OwnScores | None:
    """What a network says of the records that taught it; None where the task has no thresholds.

    They are few enough for nothing to stop in between.
    """
    rows = own_rows(table.task, learned, seed)
    if not len(rows):
        return None
    scores = predict_packed(
        network, table.packed, table.alphabet, rows, processes.device, processes=processes
    )
    return summarise_own(table.task, table.targets[rows], scores)


def _predict(
    network: SequenceClassifier,
    table: SequenceTable,
    rows: Ints,
    processes: Processes,
    session: Session,
) -> Doubles:
    """Scores of some records, between whose batches training can stop."""
    return predict_packed(
        network,
        table.packed,
        table.alphabet,
        rows,
        processes.device,
        processes=processes,
        between=session.tick,
    )


def train_final(
    sequences: Path,
    selected: Path,
    output: Path,
    *,
    seed: int,
    device: str,
    threads: int,
    devices: int = 1,
    nodes: int = 1,
    session: Session | None = None,
    searches: tuple[Path, ...] = (),
) -> None:
    """Train the selected configuration on all records, for the epochs that cross-validation took.

    ``selected`` is ``selected.json`` of the evaluation; writes ``model.safetensors``. Settings and
    epochs of a searched model are those of its ``chosen.json``, among ``searches`` on all records.
    With a ``session`` the training can be stopped and goes on when it is run again.
    """
    session = session or Session()
    choice = read_selection(selected)
    search = None
    found = [result for path in searches if (result := read_chosen(path)).model == choice["model"]]
    if found:
        config, search = found[0].config, found[0].card
        choice["epochs"] = found[0].epochs
    elif choice["config"] is None:
        raise InputError(
            f"{selected}: the settings of {choice['model']} were searched; give --chosen with "
            "those of a search on all records"
        )
    else:
        config = section(ModelConfig, choice["config"], f"{selected}: config")
    processes = start_processes(device, devices, nodes, config.precision)
    set_deterministic(seed, threads)
    chosen = describe(processes.device, processes.count)
    table = _read_mapped(sequences, output, processes)
    config = fit_config(config, table.metadata)
    what = f"final {choice['model']}"
    say(f"{what}: all {len(table)} records, {choice['epochs']} epochs, on {chosen}")
    checksum = sha256(sequences)
    session.identify(
        what,
        sequences=checksum,
        epochs=choice["epochs"],
        seed=seed,
        config=config.model_dump(),
        device=processes.device.type,
        threads=threads,
        processes=processes.count,
    )
    trained = train_network(
        table,
        np.arange(len(table)),
        np.arange(0),
        config,
        seed=seed,
        device=processes.device,
        last_epoch=choice["epochs"],
        what=what,
        session=session,
        processes=processes,
    )
    own = None
    if choice.get("thresholds"):
        own = _own_scores(trained.network, table, np.arange(len(table)), seed, processes)
    if not processes.leads:
        return
    card = _card(table, checksum, config, choice["model"], seed, chosen)
    card |= {
        "fold": None,
        "trained_on": len(table),
        "epoch": choice["epochs"],
        "metrics": choice["metrics"],
        # found with the networks of the folds, whose settings this one shares
        "temperature": choice.get("temperature"),
        "thresholds": final_thresholds(table.task, choice, own),
    }
    card |= _lengths(table, np.arange(len(table)))
    card |= {} if search is None else {"search": search}
    save_model(output, trained.network, card)
