"""ONNX graphs give in onnxruntime what the networks give, whatever they are made of."""

from __future__ import annotations

import json
from itertools import combinations, product

import numpy as np
import pytest
import torch

from bioseqrnn.combination.model import CombinedScorer
from bioseqrnn.config.choices import CELLS, POOLINGS
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.inference.records import NetworkScorer
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.metrics.combination import Combination
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.onehot.alphabet import ALPHABETS, DNA
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import TASKS

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

CPU = torch.device("cpu")
LENGTHS = np.array([17, 1, 4, 30, 2, 11, 29])
POOLED = [[name] for name in POOLINGS] + [list(POOLINGS)]
# networks by their number
CASES = range(60)


def settings(case):
    """Drawn at random, but the same in every run; pairs of cell, task and pooling take turns."""
    rng = np.random.default_rng(case)

    def drawn(*choices):
        return choices[rng.integers(len(choices))]

    cell, task = list(CELLS)[case // 6 % 3], TASKS[list(TASKS)[case % 5]]
    strands, filters = ["none", "average"][case // 7 % 2], drawn(0, 6, 7)
    config = ModelConfig(
        cell=cell,
        hidden_size=drawn(3, 4, 5, 9),
        layers=drawn(1, 2),
        bidirectional=drawn(True, False),
        stem_filters=filters,
        stem_width=drawn(1, 3, 5, 9),
        stem_pool=1 if task.per_position else drawn(1, 2, 3),
        stem_summary=drawn(True, False) and filters > 0,
        positions=drawn(0, 3, 40),
        members=drawn(1, 2),
        pooling=POOLED[case % len(POOLED)],
        residues_per_step=drawn(1, 2, 3) if task.per_position else 1,
        reverse_complement=strands,
    )
    alphabet = ALPHABETS["dna" if strands == "average" else drawn("dna", "protein")]
    return config, task, alphabet, drawn(1.0, 0.6, 1.7)


def network_of(config, task, alphabet, seed=1):
    torch.manual_seed(seed)
    outputs = {"binary": 2, "regression": 1}.get(task.name, 3)
    network = SequenceClassifier(config, alphabet.width, outputs, task).eval()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            # the initial biases are 0, and a wrong order of gates would change nothing
            weight.add_(torch.randn_like(weight) * (0.3 if "bias" in name else 0.05))
        for member in network.members:
            member.head.weight.mul_(4)
    network.fit_outputs(torch.linspace(-0.4, 0.5, outputs), (3.0, 2.0))
    for member in network.members:
        member.opposite.copy_(torch.arange(outputs).flip(0))
    return network


def batch(alphabet, lengths=LENGTHS, seed=1):
    """Sequences with ambiguous residues."""
    rng = np.random.default_rng(seed)
    rows = np.array([[s in of for s in alphabet.symbols] for of in alphabet.codes.values()])
    rows = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    x = np.zeros((len(lengths), max(lengths), alphabet.width), np.float32)
    for row, length in enumerate(lengths):
        x[row, :length] = rows[rng.integers(0, len(rows), length)]
    return x, np.array(lengths)


def session(scorer, temperature, symbols):
    from bioseqrnn.combination.onnx import build

    made = build(scorer, temperature, symbols, {"task": scorer.task.name})
    return onnxruntime.InferenceSession(made.SerializeToString())


def units(task, found, lengths):
    """The outputs of all units, record by record."""
    if not task.per_position:
        return found
    inside = np.arange(found.shape[1]) < lengths[:, None]
    assert not found[~inside].any()
    return found[inside]


@torch.no_grad()
def difference(case):
    """Largest difference of a batch, and of its sequences alone, from the network here."""
    config, task, alphabet, temperature = settings(case)
    network = network_of(config, task, alphabet)
    x, lengths = batch(alphabet)
    want = network.scores(torch.from_numpy(x), torch.from_numpy(lengths)).numpy()
    want = calibrated(task, want, temperature)
    # sequences differ by far more than the tolerance
    assert want.std(axis=0).max() > 0.002
    run = session(NetworkScorer(network, alphabet, CPU), temperature, alphabet.width).run
    (together,) = run(None, {"x": x, "lengths": lengths})
    assert together.dtype == np.float64
    # what is past the ends is not read
    dirty = x.copy()
    dirty[np.arange(x.shape[1]) >= lengths[:, None]] = 7
    np.testing.assert_array_equal(run(None, {"x": dirty, "lengths": lengths})[0], together)
    alone = [
        units(task, run(None, {"x": x[i : i + 1, :n], "lengths": np.array([n])})[0], np.array([n]))
        for i, n in enumerate(lengths)
    ]
    found = units(task, together, lengths), np.concatenate(alone)
    return max(np.abs(one - want).max() for one in found)


@pytest.mark.parametrize("case", CASES)
def test_a_network_and_its_graph_agree(case):
    assert difference(case) < 1e-5


def test_the_cases_contain_every_pair():
    pairs = set()
    for case in CASES:
        config, task, _, _ = settings(case)
        kinds = [config.cell, task.name, config.reverse_complement]
        kinds += [] if task.per_position else ["+".join(config.pooling)]
        pairs |= {(a, b) for a in kinds for b in kinds}
    poolings = ["+".join(kinds) for kinds in POOLED]
    values = [list(CELLS), list(TASKS), ["none", "average"], poolings]
    wanted = {pair for some, more in combinations(values, 2) for pair in product(some, more)}
    # residues are not pooled
    never = set(product(["per_position"], poolings))
    assert wanted - never - pairs == set()
    assert never <= wanted


@pytest.mark.parametrize("task", TASKS)
@torch.no_grad()
def test_a_combination_of_networks(task):
    """Members have temperatures and weights of their own; one of weight 0 is not computed."""
    members = {
        cell: NetworkScorer(
            network_of(ModelConfig(cell=cell, hidden_size=4, stem_filters=5), TASKS[task], DNA, k),
            DNA,
            CPU,
        )
        for k, cell in enumerate(CELLS)
    }
    temperatures = dict(zip(members, (0.7, 1.0, 1.4), strict=True))
    scorer = CombinedScorer(
        TASKS[task], members, temperatures, Combination(np.array([0.6, 0.0, 0.5]), 2.5)
    )
    x, lengths = batch(DNA)
    found = [
        calibrated(
            TASKS[task],
            one.network.scores(torch.from_numpy(x), torch.from_numpy(lengths)).numpy(),
            temperatures[name],
        )
        for name, one in members.items()
    ]
    want = calibrated(TASKS[task], scorer.combination.scores(TASKS[task], found), 1.2)
    run = session(scorer, 1.2, DNA.width).run
    (got,) = run(None, {"x": x, "lengths": lengths})
    np.testing.assert_allclose(units(TASKS[task], got, lengths), want, atol=1e-5, rtol=0)


def test_certain_predictions_stay_numbers():
    """Logits of hundreds: probabilities of exactly 0 and 1, with a temperature."""
    for task in ("binary", "multilabel"):
        network = network_of(ModelConfig(cell="gru", hidden_size=4), TASKS[task], DNA)
        with torch.no_grad():
            network.head.weight.mul_(5000)
        x, lengths = batch(DNA)
        with torch.no_grad():
            raw = network.scores(torch.from_numpy(x), torch.from_numpy(lengths)).numpy()
        run = session(NetworkScorer(network, DNA, CPU), 1.5, DNA.width).run
        (got,) = run(None, {"x": x, "lengths": lengths})
        assert raw.min() < 1e-30
        np.testing.assert_allclose(got, calibrated(TASKS[task], raw, 1.5), atol=1e-5, rtol=0)


def test_what_onnx_does_not_have_is_refused(monkeypatch):
    network = network_of(ModelConfig(cell="gru", hidden_size=4), TASKS["binary"], DNA)
    monkeypatch.setattr(network.recurrent, "cell", "mgu")
    with pytest.raises(InputError, match="cell mgu: ONNX has no such operator; export"):
        session(NetworkScorer(network, DNA, CPU), 1.0, DNA.width)
    network = network_of(ModelConfig(cell="gru", hidden_size=4), TASKS["binary"], DNA)
    monkeypatch.setattr(network.pooling, "kinds", ["median"])
    with pytest.raises(InputError, match="pooling median: it cannot be written as ONNX; export"):
        session(NetworkScorer(network, DNA, CPU), 1.0, DNA.width)


def test_a_graph_reads_any_batch_and_any_length():
    network = network_of(ModelConfig(cell="lstm", hidden_size=4), TASKS["binary"], DNA)
    from bioseqrnn.combination.onnx import build

    made = build(NetworkScorer(network, DNA, CPU), 1.0, 4, {"classes": json.dumps(["a", "b"])})
    shapes = {
        value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*made.graph.input, *made.graph.output)
    }
    assert shapes == {
        "x": ["batch", "time", 4],
        "lengths": ["batch"],
        "probabilities": ["batch", 2],
    }
    assert (made.opset_import[0].version, made.ir_version) == (17, 8)
    assert made.metadata_props[0].value == '["a", "b"]'
