"""A model file as an ONNX file: the probabilities, or values, that ``predict`` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import ModelProto, TensorProto, helper

from bioseqrnn import __version__
from bioseqrnn.combination.model import CombinedScorer
from bioseqrnn.combination.store import NETWORK, load_final
from bioseqrnn.inference.records import NetworkScorer, Scorer
from bioseqrnn.networks.card import MEMBERS, raw_card
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.onnx.graph import DOUBLE, Graph
from bioseqrnn.networks.onnx.network import scores
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tasks import Task
from bioseqrnn.tasks.task import SMALLEST

FORMAT = 1
# Names of the dimensions that may have any size
BATCH, TIME = "batch", "time"
# fields of the card that are copied as they are
COPIED = ("classes", "thresholds", "trained_lengths")


def export_onnx(model: Path, output: Path, *, only: str | None = None) -> None:
    """Write a model as an ONNX file. docs/onnx.md describes its inputs, output and metadata.

    Parameters
    ----------
    model : Path
        ``model.safetensors`` of a network, or a final model.
    output : Path
        ONNX file to write.
    only : str, optional
        Name of the network in a final model that is exported alone, with its own temperature.

    Raises
    ------
    InputError
        The model is invalid, a baseline counts in it, or it has a cell or a pooling that ONNX does
        not have.
    """
    _refuse_baselines(model, only)
    scorer, card = load_final(model, torch.device("cpu"), only=only)
    metadata = _metadata(scorer, card, model)
    made = build(scorer, float(card.get("temperature") or 1.0), len(card["symbols"]), metadata)
    with atomic_path(output) as temporary:
        temporary.write_bytes(made.SerializeToString(deterministic=True))
    say(f"{output}: {card['model']} as ONNX, {len(made.graph.node)} nodes")


def _refuse_baselines(path: Path, only: str | None) -> None:
    """Raise InputError if a baseline of a final model, or a baseline alone, is asked for."""
    card = raw_card(path)
    members = card.get(MEMBERS)
    if not isinstance(members, list) or not all(isinstance(m, dict) for m in members):
        return
    networks = [str(m.get("name")) for m in members if m.get("kind") == NETWORK]
    instead = f"export its network alone: --with {networks[0]}" if networks else "it has no network"
    kinds = {str(m.get("name")): m.get("kind") for m in members if m.get("weight") != 0}
    if only is None and any(kind != NETWORK for kind in kinds.values()):
        raise InputError(
            f"model {path}: combines baselines with a network, and baselines cannot be written as "
            f"ONNX; {instead}"
        )
    if only not in (None, *networks) and only in [m.get("name") for m in members]:
        raise InputError(
            f"model {path}: '{only}' is a baseline, which cannot be written as ONNX; {instead}"
        )


def build(
    scorer: Scorer, temperature: float, symbols: int, metadata: Mapping[str, str]
) -> ModelProto:
    """Return the checked ONNX model of a network, or of a combination of networks.

    Parameters
    ----------
    scorer : NetworkScorer, or CombinedScorer whose members that count are networks
    temperature : float
        Of the scores of the scorer.
    symbols : int
        One-hot columns.
    metadata : mapping of str to str
    """
    graph, task = Graph(), scorer.task
    mask = graph.inside("x", "lengths")
    # whatever is past a sequence's end is not read
    x = graph.masked("x", mask)
    if isinstance(scorer, CombinedScorer):
        weights = dict(zip(scorer.members, scorer.combination.weights, strict=True))
        members = [
            _calibrated(graph, task, _scores(graph, one, x), scorer.temperatures[name])
            for name, one in scorer.used.items()
        ]
        shares = [float(weights[name]) for name in scorer.used]
        found = _combined(graph, task, members, shares, scorer.combination.centre)
    else:
        found = _scores(graph, scorer, x)
    found = _calibrated(graph, task, found, temperature)
    if task.per_position:
        wide = graph.add("Unsqueeze", mask, graph.integers(2))
        found = graph.add("Where", wide, found, graph.constant(0.0, np.float64))
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [BATCH, TIME, symbols]),
        helper.make_tensor_value_info("lengths", TensorProto.INT64, [BATCH]),
    ]
    units = [BATCH, TIME] if task.per_position else [BATCH]
    name = "probabilities" if task.probabilistic else "values"
    shape: list[str | int | None] = [*units, _network(scorer).outputs]
    output = helper.make_tensor_value_info(name, DOUBLE, shape)
    return graph.model(inputs, (found, output), dict(metadata))


def _network(scorer: Scorer) -> SequenceClassifier:
    """The network of a scorer; of a combination, the first that counts."""
    one = next(iter(scorer.used.values())) if isinstance(scorer, CombinedScorer) else scorer
    assert isinstance(one, NetworkScorer)
    return one.network


def _scores(graph: Graph, scorer: Scorer, x: str) -> str:
    return scores(graph, _network(scorer), x, "lengths")


def _calibrated(graph: Graph, task: Task, found: str, temperature: float) -> str:
    """Divide probabilities, as logits, by a temperature; see ``metrics.calibration``."""
    if not task.probabilistic or temperature == 1:
        return found
    return _combined(graph, task, [found], [1 / temperature], 0.0)


def _combined(
    graph: Graph, task: Task, members: Sequence[str], weights: Sequence[float], centre: float
) -> str:
    """Weighted sum of logits, or of deviations from a centre; see ``metrics.combination``."""
    if list(weights) == [1.0]:
        return members[0]

    def number(value: float) -> str:
        return graph.constant(value, np.float64)

    total = ""
    for member, weight in zip(members, weights, strict=True):
        if not task.probabilistic:
            evidence = graph.add("Sub", member, number(centre))
        elif task.exclusive:
            evidence = graph.add("Log", graph.add("Max", member, number(SMALLEST)))
        else:
            p = graph.add("Max", member, number(SMALLEST))
            p = graph.add("Min", p, number(1 - SMALLEST))
            other = graph.add("Log", graph.add("Sub", number(1.0), p))
            evidence = graph.add("Sub", graph.add("Log", p), other)
        evidence = graph.add("Mul", evidence, number(weight))
        total = graph.add("Add", total, evidence) if total else evidence
    if not task.probabilistic:
        return graph.add("Add", total, number(centre))
    return graph.add("Softmax", total, axis=-1) if task.exclusive else graph.add("Sigmoid", total)


def _metadata(scorer: Scorer, card: Mapping[str, Any], path: Path) -> dict[str, str]:
    """What a program needs to encode sequences and to call classes."""
    network = _network(scorer)
    texts = {
        "format": str(FORMAT),
        "bioseqrnn": __version__,
        "model": card["model"],
        "model_sha256": sha256(path),
        "task": card["task"],
        "alphabet": card["alphabet"],
        "symbols": card["symbols"],
        "strands": card.get("strands", "single"),
        "letters": json.dumps(ALPHABETS[card["alphabet"]].codes),
    }
    texts |= {key: json.dumps(card[key], ensure_ascii=False) for key in COPIED if card.get(key)}
    if network.window is not None:
        texts |= {"window": str(network.window), "window_overlap": str(network.window_overlap)}
    return texts
