"""Choice of the configuration of the final model, on validation records only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.metrics.numbers import rounded
from bioseqrnn.networks.card import read_card, refuse_permuted, require_run
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.models import HISTORY

CRITERION = "mean of the lowest validation loss over folds and seeds"


def select_model(model_files: list[Path]) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Choose the network with the lowest validation loss; test records are not used.

    Parameters
    ----------
    model_files : list of Path
        ``model.safetensors`` of every fold and seed, each with ``history.tsv`` in its folder.

    Returns
    -------
    selected : dict
        ``model``, ``config`` (None for a searched model), ``epochs`` (median of the best epochs),
        ``networks`` (``config`` and ``epochs`` of every network), ``criterion``, ``candidates``
        (a list of model, validation_loss, runs) and ``devices`` (used for training).
    histories : DataFrame
        All histories concatenated, with ``model``, ``fold`` and ``seed``.
    losses : DataFrame
        ``model``, ``fold``, ``seed``, ``validation_loss`` of each network's kept epoch.

    Raises
    ------
    InputError
        A model or history is missing or invalid, or a model was trained with other settings than
        others of the same name.
    """
    histories: list[pd.DataFrame] = []
    devices: set[str] = set()
    losses: list[tuple[str, int, int, float]] = []
    epochs: dict[str, list[int]] = {}
    configs: dict[str, dict[str, Any] | None] = {}
    for path in model_files:
        history_path = path.with_name("history.tsv")
        for needed in (path, history_path):
            if not needed.exists():
                raise InputError(
                    f"{needed}: is missing, although predictions.parquet exists beside it; restore "
                    "it, or also remove the predictions, so that the workflow trains that network "
                    "again"
                )
        card = read_card(path)
        require_run(card, path)
        refuse_permuted(card, path)
        history = HISTORY.read(history_path)
        name = card["model"]
        # a searched model has the settings of its fold; the final model has its own search
        config = None if "search" in card else card["config"]
        if configs.setdefault(name, config) != config:
            raise InputError(
                f"{path}: model '{name}' was trained with two different configurations"
            )
        histories.append(
            pd.DataFrame(
                {"model": name, "fold": card["fold"], "seed": card["seed"]}, history.index
            ).join(history)
        )
        devices.add(card["device"])
        losses.append((name, card["fold"], card["seed"], _kept_loss(history_path, history, card)))
        epochs.setdefault(name, []).append(int(card["epoch"]))
    if not losses:
        raise InputError("no network to select from")
    table = pd.DataFrame(losses, columns=["model", "fold", "seed", "validation_loss"])
    by_model = table.groupby("model", sort=False)["validation_loss"]
    means = {str(name): float(mean) for name, mean in by_model.mean().items()}
    chosen = min(means, key=lambda name: means[name])
    selected = {
        "model": chosen,
        "config": configs[chosen],
        "epochs": round(float(np.median(epochs[chosen]))),
        "networks": {
            name: {"config": configs[name], "epochs": round(float(np.median(epochs[name])))}
            for name in means
        },
        "criterion": CRITERION,
        "candidates": [
            {"model": name, "validation_loss": rounded(mean), "runs": len(epochs[name])}
            for name, mean in means.items()
        ],
        "devices": sorted(devices),
    }
    return selected, pd.concat(histories, ignore_index=True), table


def _kept_loss(path: Path, history: pd.DataFrame, card: dict[str, Any]) -> float:
    """Validation loss of the epoch whose network was kept."""
    if {"epoch", "validation_loss"} <= set(history):
        kept = history.loc[history["epoch"] == card["epoch"], "validation_loss"]
        values = pd.to_numeric(kept, errors="coerce")
        if len(values) == 1 and np.isfinite(values.iloc[0]):
            return float(values.iloc[0])
    raise InputError(
        f"{path}: has no validation_loss of epoch {card['epoch']}, which the model beside it was "
        "kept from; train it again"
    )
