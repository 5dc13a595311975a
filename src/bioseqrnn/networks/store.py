"""``model.safetensors``: the weights and the card, written and read."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.card import CARD_KEY, FORMAT, package_versions, read_card, settings_of
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.counting import count_numbers
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import task_of

# types of the tensors in the file, with their names in safetensors
TYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}
# a number of weights that fits in the memory of any machine
SMALL = 100_000
Shapes = dict[str, tuple[tuple[int, ...], str]]


def save_model(path: Path, network: SequenceClassifier, card: dict[str, Any]) -> None:
    """Write weights and card atomically.

    The card must hold ``alphabet``, ``symbols``, ``classes``, ``task`` and ``config`` (the
    ModelConfig as a dict), from which the network is rebuilt; all other fields document it.
    """
    card = {"format": FORMAT, "versions": package_versions()} | card
    weights = {name: value.contiguous().cpu() for name, value in network.state_dict().items()}
    with atomic_path(path) as temporary:
        # save_file would replace the temporary file, which is locked, by another file
        temporary.write_bytes(save(weights, {CARD_KEY: json.dumps(card, sort_keys=True)}))


def load_model(path: Path, device: torch.device) -> tuple[SequenceClassifier, dict[str, Any]]:
    """Rebuild a network from its file; no code in the file is ever executed.

    Memory for the network of the card is allocated only after the number of weights in the file was
    compared with the card.

    Returns
    -------
    network : SequenceClassifier
        In evaluation mode on ``device``.
    card : dict

    Raises
    ------
    InputError
        The card is not valid (``read_card``), or the weights do not match it or are not finite.
    """
    card = read_card(path)
    with safe_open(path, framework="pt") as tensors:
        return build_network(tensors, card, path, device), card


def build_network(
    tensors: Any, card: dict[str, Any], path: Path, device: torch.device
) -> SequenceClassifier:
    """Rebuild a network from its checked card and an open file of tensors.

    Parameters
    ----------
    tensors : object with ``keys``, ``get_slice`` and ``get_tensor``
        As from ``safe_open``.
    card : dict
    path : Path
        For messages.
    device : torch.device
    """
    config, task = settings_of(card, path), task_of(card["task"])
    form = config, len(card["symbols"]), task.outputs(card["classes"]), task
    # the file handle has keys(), but is no dict to iterate over
    slices = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118
    found = {name: (tuple(s.get_shape()), s.get_dtype()) for name, s in slices.items()}
    _check_sizes(path, config, count_numbers(*form), found)
    network = SequenceClassifier(*form)
    _check_shapes(path, network, found)
    weights = {name: tensors.get_tensor(name) for name in found}
    _check_values(path, weights, form[2])
    network.load_weights(weights)
    return network.to(device).eval()


def _check_sizes(path: Path, config: ModelConfig, wanted: int, found: Shapes) -> None:
    """Raise InputError if the card has a size that no network with so many weights can have.

    Small differences pass: ``_check_shapes`` then names the weights that do not fit.
    """
    numbers = sum(math.prod(shape) for shape, _ in found.values())
    most = dict.fromkeys(("layers", "members"), len(found))
    most |= dict.fromkeys(("hidden_size", "stem_filters", "positions"), numbers)
    most |= {"stem_width": numbers} if config.stem_filters else {}
    for name, largest in most.items():
        value = getattr(config, name)
        if isinstance(value, int) and value > largest:
            raise InputError(
                f"model {path}: its card has {name} {value}, but its weights are {len(found)} "
                f"arrays of {numbers:,} numbers; the card does not belong to these weights"
            )
    if wanted > 2 * numbers + SMALL:
        raise InputError(
            f"model {path}: its card describes a network of {wanted:,} numbers, but its weights "
            f"are {numbers:,} numbers; the card does not belong to these weights"
        )


def _check_shapes(path: Path, wanted: SequenceClassifier, found: Shapes) -> None:
    """Raise InputError if arrays are missing, have a wrong shape or type, or are unknown."""
    # the first models had no buffers: load_weights adds their initial values
    buffers = {name for name, _ in wanted.named_buffers()}
    expected = {
        name: (tuple(value.shape), TYPES[value.dtype])
        for name, value in wanted.state_dict().items()
    }
    missing = [name for name in expected if name not in found and name not in buffers]
    if missing:
        raise InputError(f"model {path}: has no weights '{missing[0]}', which its card requires")
    for name, (shape, kind) in found.items():
        if name not in expected:
            raise InputError(f"model {path}: has weights '{name}', which are not in its card")
        # older files have the scale of values in single precision
        older = name in buffers and kind == "F32" and expected[name][1] == "F64"
        if (shape, kind) != expected[name] and not (older and shape == expected[name][0]):
            need = f"{list(expected[name][0])} {expected[name][1]}"
            raise InputError(
                f"model {path}: weights '{name}' are {list(shape)} {kind}, but its card (classes, "
                f"settings) requires {need}"
            )


def _check_values(path: Path, weights: dict[str, torch.Tensor], outputs: int) -> None:
    """Raise InputError if a weight is not finite, or ``opposite`` names a class that is missing."""
    for name, values in weights.items():
        if values.is_floating_point():
            fine = bool(torch.isfinite(values).all())
            why = "are infinite or not numbers"
        else:
            fine = bool(((values >= 0) & (values < outputs)).all())
            why = f"are outside the range of the {outputs} classes"
        if not fine:
            raise InputError(f"model {path}: weights '{name}' {why}; train or copy it again")
