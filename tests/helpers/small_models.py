"""Small models of every kind, not trained, and records for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.tasks import TASKS

CLASSES = {
    "binary": ["no", "yes"],
    "multiclass": ["EI", "IE", "N"],
    "multilabel": ["x", "y"],
    "regression": [],
    "per_position": ["E", "I"],
}


def small_network(path: Path, task: str, config: dict[str, Any] | None = None, **card: Any) -> Path:
    """Write a network of a task, whose scores differ between records; return its path."""
    torch.manual_seed(4)
    settings = {"cell": "gru", "hidden_size": 6, "stem_filters": 4, "positions": 8}
    if task == "per_position":
        settings |= {"window": 40, "window_overlap": 14}
    alphabet = card.get("alphabet", "dna")
    symbols = "ACGT" if alphabet == "dna" else "ACDEFGHIKLMNPQRSTVWY"
    model = ModelConfig(**(settings | (config or {})))
    classes = CLASSES[task]
    network = SequenceClassifier(model, len(symbols), TASKS[task].outputs(classes), TASKS[task])
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    given = {
        "alphabet": alphabet, "symbols": symbols, "classes": classes, "task": task,
        "config": model.model_dump(), "model": "gru", "trained_on": 10,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(path, network, given | card)
    return path
