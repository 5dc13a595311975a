from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.card import read_card
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.defaults import fit_config
from bioseqrnn.networks.pooling import Pooling
from bioseqrnn.networks.store import load_model, save_model
from bioseqrnn.networks.strands import reverse_complement
from bioseqrnn.support.errors import InputError

POOLINGS = [
    ["last"], ["max"], ["mean"], ["attention"], ["centre"],
    ["last", "max", "mean", "attention", "centre"],
]  # fmt: skip


def network(**settings):
    torch.manual_seed(2)
    return SequenceClassifier(ModelConfig(**settings), symbols=4, outputs=3).eval()


def sequences(*lengths):
    x = torch.zeros(len(lengths), max(lengths), 4)
    for row, length in enumerate(lengths):
        x[row, :length] = torch.eye(4)[torch.randint(0, 4, (length,))]
    return x, torch.tensor(lengths)


@pytest.mark.parametrize("pooling", [["max"], ["mean", "max"]], ids="+".join)
def test_masking_in_vain_changes_nothing(monkeypatch, pooling):
    """As on a GPU, which is not asked whether a batch has padding."""
    monkeypatch.setattr("bioseqrnn.networks.pooling.kernels_take", lambda _: False)
    net = network(cell="gru", pooling=pooling, stem_filters=6, reverse_complement="average")
    x, lengths = sequences(12, 12)
    looked = net(x, lengths)
    for module in ("layers", "pooling"):
        monkeypatch.setattr(f"bioseqrnn.networks.{module}.may_pad", lambda _: True)
    assert torch.equal(net(x, lengths), looked)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("pooling", POOLINGS, ids="+".join)
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(
    ("stem_filters", "stem_pool", "strands", "stem_summary"),
    [
        (0, 1, "none", False),
        (6, 1, "average", False),
        (6, 3, "average", True),
        (6, 1, "none", True),
    ],
)
def test_padding_never_changes_an_output(
    cell, pooling, bidirectional, stem_filters, stem_pool, strands, stem_summary
):
    net = network(
        cell=cell, hidden_size=5, layers=2, pooling=pooling, bidirectional=bidirectional,
        stem_filters=stem_filters, stem_pool=stem_pool, stem_width=3, positions=8,
        reverse_complement=strands, stem_summary=stem_summary,
    )  # fmt: skip
    torch.manual_seed(3)
    x, lengths = sequences(1, 4, 11, 30, 17)
    together = net(x, lengths)
    more = torch.nn.functional.pad(x, (0, 0, 0, 25))
    torch.testing.assert_close(net(more, lengths), together, atol=1e-6, rtol=0)
    for row, length in enumerate(lengths):
        alone = net(x[row : row + 1, :length], lengths[row : row + 1])
        torch.testing.assert_close(alone[0], together[row], atol=1e-6, rtol=0)


@pytest.mark.parametrize("pooling", POOLINGS, ids="+".join)
@pytest.mark.parametrize("strands", ["none", "average"])
def test_padding_gets_no_gradient(pooling, strands):
    net = network(
        cell="gru", hidden_size=5, pooling=pooling, stem_filters=6, stem_width=9, positions=8,
        reverse_complement=strands, stem_summary=True,
    )  # fmt: skip
    x, lengths = sequences(3, 12)
    x.requires_grad_()
    net(x, lengths)[0].sum().backward()
    assert x.grad[0, :3].abs().sum() > 0
    # the stem may look past the end, where the input is zero by contract, not the recurrence; past
    # the end of the other strand stands what is last here
    assert not x.grad[0, 3 + 4 : 12 - 4].any()


@pytest.mark.parametrize("strands", ["none", "average"])
def test_the_output_layer_reads_the_largest_value_of_each_filter(strands):
    """With a head that reads nothing else, outputs are a weighted sum of these values."""
    net = network(
        cell="gru", hidden_size=5, stem_filters=6, stem_width=3, stem_pool=2, stem_summary=True,
        reverse_complement=strands, dropout=0.0,
    ).eval()  # fmt: skip
    summary = net.pooling.output_size
    torch.nn.init.zeros_(net.head.weight[:, :summary])
    x, lengths = sequences(9, 5, 14)
    for row, length in enumerate(lengths):
        one = x[row : row + 1, :length]
        read = [one] if strands == "none" else [one, one.flip(1, 2)]
        found = [torch.relu(net.stem.convolution(s.transpose(1, 2)))[0].amax(dim=1) for s in read]
        wanted = net.head.bias + net.head.weight[:, summary:] @ torch.stack(found).amax(dim=0)
        torch.testing.assert_close(net(x, lengths)[row], wanted, atol=1e-6, rtol=0)


def test_only_a_stem_of_whole_records_is_summarised():
    def summarises(strands="both", alphabet="dna", task="binary", **settings):
        metadata = {"alphabet": alphabet, "strands": strands, "task": task}
        return fit_config(ModelConfig(cell="gru", **settings), metadata).stem_summary

    assert summarises()
    assert not summarises(strands="single")
    assert not summarises(reverse_complement="augment")
    assert not summarises(strands="single", alphabet="protein")
    assert summarises(strands="single", stem_summary=True)
    assert not summarises(stem_summary=False)
    assert not summarises(stem_filters=0, stem_summary=True)
    assert not summarises(task="per_position", stem_summary=True)


def test_the_classic_network_is_its_two_equations():
    """h_t = tanh(W_hh h_{t-1} + W_xh x_t + b_h), y_t = W_hy h_t + b_y, at the last position."""
    net = network(
        cell="rnn", hidden_size=6, bidirectional=False, stem_filters=0, positions=0,
        pooling=["last"], dropout=0.0,
    )  # fmt: skip
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    x, lengths = sequences(9, 5)
    W = {name: value.detach().double().numpy() for name, value in net.named_parameters()}
    for row, length in enumerate(lengths):
        h = np.zeros(6)
        for x_t in x[row, :length].numpy():
            b_h = W["recurrent.bias_ih_l0"] + W["recurrent.bias_hh_l0"]
            h = np.tanh(W["recurrent.weight_hh_l0"] @ h + W["recurrent.weight_ih_l0"] @ x_t + b_h)
            y = W["head.weight"] @ h + W["head.bias"]
        np.testing.assert_allclose(net(x, lengths)[row].detach(), y, atol=1e-6)


def test_position_embedding_counts_from_both_ends():
    net = network(cell="gru", positions=4, stem_filters=0)
    added = net.position(torch.zeros(1, 10, 4), torch.tensor([10]))[0]
    start, end = net.position.from_start.weight, net.position.from_end.weight
    torch.testing.assert_close(added[1], start[1] + end[3])
    torch.testing.assert_close(added[5], start[3] + end[3])
    torch.testing.assert_close(added[9], start[3] + end[0])


def test_a_stem_that_pools_takes_the_largest_of_each_few_positions():
    net = network(cell="gru", hidden_size=5, stem_filters=6, stem_pool=3, positions=0)
    x, lengths = sequences(8, 3)
    steps, ends = net.recurrent_input(x, lengths)
    assert ends.tolist() == [3, 1]
    filtered = torch.relu(net.stem.convolution(x.transpose(1, 2)))
    torch.testing.assert_close(steps[0, 0], filtered[0, :, :3].amax(1))
    torch.testing.assert_close(steps[0, 2], filtered[0, :, 6:].amax(1))
    assert not steps[1, 1:].any()


def test_the_middle_position_is_one_of_the_summaries():
    pooling = Pooling(["centre"], 2)
    output = torch.arange(12.0).view(1, 6, 2)
    mask = torch.arange(6) < 5
    pooled = pooling(output, output[:, -1], mask.unsqueeze(0))
    assert pooled.tolist() == [[4.0, 5.0]]


def test_a_strand_and_the_other_give_the_same():
    for pooling in POOLINGS:
        net = network(
            cell="lstm", hidden_size=5, stem_filters=6, stem_pool=2, pooling=pooling,
            reverse_complement="average",
        )  # fmt: skip
        x, lengths = sequences(1, 7, 20)
        other = reverse_complement(x, lengths)
        assert not torch.equal(other, x)
        torch.testing.assert_close(net(other, lengths), net(x, lengths), atol=1e-6, rtol=0)
        one = network(
            cell="lstm", hidden_size=5, stem_filters=6, stem_pool=2, pooling=pooling,
            reverse_complement="none",
        )  # fmt: skip
        assert (one(other, lengths) - one(x, lengths)).abs().max() > 1e-4


def test_strands_are_summarised_as_positions_are():
    net = network(
        cell="gru", hidden_size=3, pooling=["max", "mean", "last"], reverse_complement="average"
    )
    x, lengths = sequences(9, 14)
    strands = (x, reverse_complement(x, lengths))
    one, other = (net._summary(*net.stem_output(strand, lengths)) for strand in strands)
    want = torch.cat([torch.maximum(one, other)[:, :6], ((one + other) / 2)[:, 6:]], 1)
    torch.testing.assert_close(net(x, lengths), net.head(want))


def test_an_ensemble_predicts_the_mean_of_its_members():
    net = network(cell="gru", hidden_size=3, members=3)
    x, lengths = sequences(9, 14)
    each = [torch.softmax(member(x, lengths).double(), 1) for member in net.members]
    assert len(each) == net.size == 3
    assert (each[0] - each[1]).abs().max() > 1e-3
    torch.testing.assert_close(net.scores(x, lengths), sum(each) / 3)
    weights = list(net.weights_by_member())
    assert sum(len(own) for own in weights) == len(list(net.parameters()))
    assert {id(w) for own in weights for w in own} == {id(w) for w in net.parameters()}
    # without others it is a network as ever, with the same names
    alone = network(cell="gru", hidden_size=3)
    assert alone.state_dict().keys() == {k for k in net.state_dict() if "others" not in k}


CARD = {
    "alphabet": "dna", "symbols": "ACGT", "classes": ["a", "b", "c"], "task": "multiclass",
    "model": "net", "trained_on": 9,
}  # fmt: skip


def test_saved_model_predicts_the_same(tmp_path):
    config = ModelConfig(
        cell="lstm", hidden_size=5, pooling=["attention", "last"], members=2, stem_pool=3,
        reverse_complement="average",
    )  # fmt: skip
    net = SequenceClassifier(config, 4, 3).eval()
    save_model(tmp_path / "m.safetensors", net, CARD | {"config": config.model_dump()})
    loaded, card = load_model(tmp_path / "m.safetensors", torch.device("cpu"))
    x, lengths = sequences(4, 9)
    torch.testing.assert_close(loaded(x, lengths), net(x, lengths), atol=0, rtol=0)
    torch.testing.assert_close(loaded.scores(x, lengths), net.scores(x, lengths), atol=0, rtol=0)
    assert card["classes"] == ["a", "b", "c"]
    assert card["versions"]["torch"]


def test_a_model_of_an_earlier_version_is_read_as_it_was_written(tmp_path):
    """Its card lacks settings that came later, whose defaults are not what it does."""
    config = ModelConfig(
        cell="gru", hidden_size=5, stem_width=9, stem_pool=1, reverse_complement="none", members=1
    )
    net = SequenceClassifier(config, 4, 3).eval()
    earlier = (
        "cell", "hidden_size", "layers", "bidirectional", "stem_filters", "stem_width", "positions",
        "pooling", "dropout", "epochs", "patience", "batch_size", "learning_rate", "schedule",
        "weight_decay", "gradient_clip", "precision",
    )  # fmt: skip
    card = CARD | {"config": {key: config.model_dump()[key] for key in earlier}}
    save_model(tmp_path / "m.safetensors", net, card)
    loaded, _ = load_model(tmp_path / "m.safetensors", torch.device("cpu"))
    x, lengths = sequences(4, 9)
    torch.testing.assert_close(loaded(x, lengths), net(x, lengths), atol=0, rtol=0)


def test_card_is_read_without_torch_and_junk_is_refused(tmp_path):
    config = ModelConfig(cell="rnn", hidden_size=2)
    net = SequenceClassifier(config, 4, 3)
    path = tmp_path / "m.safetensors"
    save_model(path, net, CARD | {"config": config.model_dump()})
    code = (
        "import sys, json; from pathlib import Path\n"
        "from bioseqrnn.networks.card import read_card\n"
        f"card = read_card(Path({str(path)!r}))\n"
        "print(json.dumps([card['task'], 'torch' in sys.modules]))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout) == ["multiclass", False]
    (tmp_path / "junk").write_bytes(b"not a model")
    with pytest.raises(InputError, match="not a readable safetensors file"):
        read_card(tmp_path / "junk")
