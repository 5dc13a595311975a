"""Check of the state in a checkpoint against the initial state of the training, before its use.

The file may be forged: its checksum shows only that it has not changed since it was written. A
state that does not fit is not used, and the training starts from the beginning.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.fitting.checkpoint import ODD
from bioseqrnn.fitting.state import MOST_HALVINGS, TrainingState

# entries of the schedule that change from step to step; the others are its settings
SCHEDULE_MOVES = {"last_epoch", "_step_count", "_last_lr", "_get_lr_called_within_step"}
# state of AdamW for each weight
MOMENTS = ("exp_avg", "exp_avg_sq")
ROW = ("epoch", "learning_rate", "train_loss")


class UnfitError(Exception):
    """A state does not fit; the message names the part that does not."""


def restore(state: TrainingState, found: dict[str, Any]) -> str:
    """Restore a state; return the name of the part that does not fit, or an empty text.

    Parameters
    ----------
    state : TrainingState
        Initial state; it does not change if something does not fit.
    found : dict
        Content of the checkpoint: normally from ``TrainingState.state_dict``, but not trusted.
    """
    begun = state.state_dict()
    try:
        _check(found, begun)
        state.load_state_dict(found)
    except (UnfitError, *ODD) as error:
        state.load_state_dict(begun)
        return str(error) if isinstance(error, UnfitError) else "not a state of this training"
    return ""


def _check(found: dict[str, Any], begun: dict[str, Any]) -> None:
    _require(found.keys() == begun.keys(), "its parts")
    for part in ("moving", "good"):
        _check_moving(found[part], begun["moving"])
    halvings = found["halvings"]
    _require(type(halvings) is int and 0 <= halvings <= MOST_HALVINGS, "halvings")
    _require(type(found["finished"]) is bool, "finished")
    fits = [n is None or (type(n) is int and n > 0) for n in found["positions"]]
    _require(len(fits) == 2 and all(fits), "positions")


def _check_moving(found: dict[str, Any], begun: dict[str, Any]) -> None:
    """Check the part of the state that is restored after a divergence."""
    _require(found.keys() == begun.keys(), "its parts")
    weights = begun["network"]
    _check_tensors(found["network"], weights, "network")
    if begun["average"] is None:
        _require(found["average"] is None, "average")
    else:
        _check_tensors(found["average"], weights, "average")
    _check_optimizer(found["optimizer"], begun["optimizer"], begun["network"])
    schedule = begun["scheduler"]
    _require(found["scheduler"].keys() == schedule.keys(), "scheduler")
    for name, value in found["scheduler"].items():
        same = _alike(value, schedule[name]) if name in SCHEDULE_MOVES else value == schedule[name]
        _require(same, f"scheduler, {name}")
    _check_tensors(found["random"], begun["random"], "random")
    for name in ("generator", "dealt_from"):
        np.random.default_rng().bit_generator.state = json.loads(found[name])
    rows = found["rows"]
    _require(type(rows) is list, "rows")
    for number, row in enumerate(rows, 1):
        _require(row.keys() == rows[0].keys() and set(ROW) <= row.keys(), "rows")
        _require(all(_is_number(value) for value in row.values()), "rows")
        _require(row["epoch"] == number, "rows")
    _require(type(found["batch"]) is int and found["batch"] >= 0, "batch")
    _require(_alike(found["sums"], begun["sums"]), "sums")
    best = found["best"]
    _require(best.keys() == begun["best"].keys(), "best")
    _require(type(best["epoch"]) is int and 0 <= best["epoch"] <= len(rows), "best, epoch")
    for name in ("loss", "lack", "least"):
        value = best[name]
        _require(type(value) in (int, float) and not math.isnan(value), f"best, {name}")
    if best["epoch"]:
        _check_tensors(best["weights"], weights, "best")
    else:
        _require(best["weights"] is None, "best")


def _check_optimizer(found: dict[str, Any], begun: dict[str, Any], weights: dict[str, Any]) -> None:
    """Check the moments of each weight, and the settings of each group of weights."""
    _require(found.keys() == begun.keys(), "optimizer")
    _require(_alike(found["param_groups"], begun["param_groups"]), "optimizer, groups")
    numbers = [number for group in begun["param_groups"] for number in group["params"]]
    _require(
        [n for group in found["param_groups"] for n in group["params"]] == numbers, "optimizer"
    )
    shapes = {tuple(weight.shape) for weight in weights.values()}
    moments = found["state"]
    _require(not moments or list(moments) == numbers, "optimizer, moments")
    for kept in moments.values():
        _require(set(kept) == {"step", *MOMENTS}, "optimizer, moments")
        first = kept[MOMENTS[0]]
        _require(tuple(first.shape) in shapes, "optimizer, moments")
        for name in MOMENTS:
            _check_tensors({name: kept[name]}, {name: first}, "optimizer, moments")
        _require(kept["step"].shape == () and bool(torch.isfinite(kept["step"])), "optimizer, step")


def _check_tensors(found: dict[str, Any], begun: dict[str, Any], what: str) -> None:
    """Check the names, shapes and types of tensors, and that all numbers are finite."""
    _require(type(found) is type(begun) or isinstance(found, dict), what)
    _require(found.keys() == begun.keys(), what)
    for name, tensor in begun.items():
        other = found[name]
        same = isinstance(other, Tensor) and (other.shape, other.dtype) == (
            tensor.shape,
            tensor.dtype,
        )
        _require(same, f"{what}, {name}")
        _require(bool(torch.isfinite(other).all()), f"{what}, {name} is not finite")


def _alike(found: Any, begun: Any) -> bool:
    """Whether two values have the same names, lengths and types; finite numbers may differ."""
    if isinstance(begun, dict):
        same = isinstance(found, dict) and found.keys() == begun.keys()
        return same and all(_alike(found[name], value) for name, value in begun.items())
    if isinstance(begun, (list, tuple)):
        same = isinstance(found, (list, tuple)) and len(found) == len(begun)
        return same and all(_alike(a, b) for a, b in zip(found, begun, strict=True))
    if _is_number(begun):
        return _is_number(found)
    return bool(type(found) is type(begun) and found == begun)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _require(fits: bool, what: str) -> None:
    if not fits:
        raise UnfitError(what)
