"""``model.safetensors``: the weights and the card, written and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save

from bioseqrnn.atomic import atomic_path
from bioseqrnn.config.schema import ModelConfig
from bioseqrnn.models.card import CARD_KEY, FORMAT, package_versions, read_card
from bioseqrnn.models.classifier import SequenceClassifier
from bioseqrnn.tasks import task_of

# what models did before they could be told: a card without one of these is of such a model
BEFORE: dict[str, Any] = {
    "residue_properties": False,
    "stem_pool": 1,
    "memory": 0,
    "reverse_complement": "none",
    "members": 1,
}


def save_model(path: Path, network: SequenceClassifier, card: dict[str, Any]) -> None:
    """Write weights and card atomically.

    The card must hold ``alphabet``, ``symbols``, ``classes``, ``task`` and ``config`` (the
    ModelConfig as a dict), from which the network is rebuilt; the rest documents it.
    """
    card = {"format": FORMAT, "versions": package_versions()} | card
    weights = {name: value.contiguous().cpu() for name, value in network.state_dict().items()}
    with atomic_path(path) as temporary:
        # save_file would put another file in the place of the temporary one, which is locked
        temporary.write_bytes(save(weights, {CARD_KEY: json.dumps(card, sort_keys=True)}))


def load_model(path: Path, device: torch.device) -> tuple[SequenceClassifier, dict[str, Any]]:
    """Rebuild a network from its file; no code in the file is ever executed.

    Returns
    -------
    network : SequenceClassifier
        In evaluation mode on ``device``.
    card : dict
    """
    card = read_card(path)
    task = task_of(card["task"])
    network = SequenceClassifier(
        ModelConfig(**(BEFORE | card["config"])),
        len(card["symbols"]),
        task.outputs(card["classes"]),
        task,
    )
    with safe_open(path, framework="pt") as tensors:
        # the file handle has keys(), but is no dict to iterate over
        weights = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
    network.load_weights(weights)
    return network.to(device).eval(), card
