"""Which configuration the final model gets: decided on validation records only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file
from bioseqrnn.models.card import read_card

CRITERION = "mean of the least validation loss over folds and seeds"


def select_model(model_files: list[Path]) -> tuple[dict[str, Any], pd.DataFrame]:
    """Choose the network with the least validation loss; test records play no part.

    Parameters
    ----------
    model_files : list of Path
        ``model.safetensors`` of every fold and seed, each with its ``history.tsv`` beside it.

    Returns
    -------
    selected : dict
        ``model``, ``config`` (None of a searched model), ``epochs`` (median of the best epochs),
        ``criterion``, ``candidates`` (a list of model, validation_loss, runs) and ``devices``
        (what trained).
    learning_curves : DataFrame
        All histories, one under the other, with ``model``, ``fold`` and ``seed``.
    """
    histories: list[pd.DataFrame] = []
    devices: set[str] = set()
    losses: dict[str, list[float]] = {}
    epochs: dict[str, list[int]] = {}
    configs: dict[str, dict[str, Any] | None] = {}
    for path in model_files:
        card = read_card(path)
        history_path = require_file(path.with_name("history.tsv"), "training history")
        history = pd.read_csv(history_path, sep="\t")
        name = card["model"]
        # the settings of a searched model are those of its fold; the final one has its own search
        config = None if "search" in card else card["config"]
        if configs.setdefault(name, config) != config:
            raise InputError(f"{path}: model '{name}' was trained with two configurations")
        histories.append(
            pd.DataFrame(
                {"model": name, "fold": card["fold"], "seed": card["seed"]}, history.index
            ).join(history)
        )
        devices.add(card["device"])
        kept = history.set_index("epoch").loc[card["epoch"]]
        losses.setdefault(name, []).append(float(kept["validation_loss"]))
        epochs.setdefault(name, []).append(int(card["epoch"]))
    if not losses:
        raise InputError("no network to select from")
    means = {name: float(np.mean(values)) for name, values in losses.items()}
    chosen = min(means, key=lambda name: means[name])
    selected = {
        "model": chosen,
        "config": configs[chosen],
        "epochs": round(float(np.median(epochs[chosen]))),
        "criterion": CRITERION,
        "candidates": [
            {"model": name, "validation_loss": round(mean, 6), "runs": len(losses[name])}
            for name, mean in means.items()
        ],
        "devices": sorted(devices),
    }
    return selected, pd.concat(histories, ignore_index=True)
