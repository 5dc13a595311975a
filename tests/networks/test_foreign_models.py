"""Model files that anybody may have made: loaded right, or refused in one line."""

from __future__ import annotations

import io
import json
import pickle
import resource
from functools import partial

import pytest
import torch
from forging import forged, refused
from safetensors.torch import save

from bioseqrnn import __version__
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.card import CARD_KEY, read_card
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.counting import count_numbers
from bioseqrnn.networks.store import load_model, save_model
from bioseqrnn.onehot.alphabet import PROTEIN_SYMBOLS
from bioseqrnn.tasks import TASKS

CPU = torch.device("cpu")
CONFIG = ModelConfig(cell="gru", hidden_size=3, stem_filters=2, stem_width=3, positions=4, layers=2)
CARD = {
    "format": 1, "alphabet": "dna", "symbols": "ACGT", "strands": "single", "ids": "word",
    "classes": ["a", "b"], "task": "binary", "config": CONFIG.model_dump(), "model": "gru",
    "seed": 1, "fold": None, "epoch": 2, "device": "cpu", "trained_on": 10,
    "sources": {"a.fa": "0" * 64}, "versions": {"bioseqrnn": "9.9.9"}, "metrics": {"auroc": 0.9},
    "temperature": 1.1, "thresholds": {"b": 0.5},
}  # fmt: skip


@pytest.fixture(scope="module")
def weights():
    torch.manual_seed(1)
    return SequenceClassifier(CONFIG, 4, 2, TASKS["binary"]).state_dict()


def made(path, card, weights):
    text = card if isinstance(card, str) else json.dumps(card)
    path.write_bytes(save({k: v.contiguous() for k, v in weights.items()}, {CARD_KEY: text}))
    return path


def said_of(path, card, weights):
    """What loading says; None where it loads."""
    return refused(lambda: load_model(made(path, card, weights), CPU))


def test_a_card_with_any_field_changed(tmp_path, weights):
    path = tmp_path / "m"
    assert said_of(path, CARD, weights) is None
    needed = ("format", "alphabet", "symbols", "classes", "task", "config", "model")
    for what, card in forged(CARD):
        said = said_of(path, card, weights)
        assert said is None or said.startswith(f"model {path}: "), what
        assert said is None or refused(partial(read_card, path)) or "weights" in said, what
        if what.endswith('"away"') and what.split(" ")[0] in needed:
            assert said is not None, what
    for blob in ("", "[]", "null", '"x"', "{", '{"format": 1, "format": 1}', "[" * 10_000):
        assert (said_of(path, blob, weights) or "").startswith(f"model {path}: card: "), blob


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"format": 2},
            "format 2, but this version reads 1; it was written by bioseqrnn 9.9.9; update "
            "bioseqrnn",
        ),
        ({"trained_on": "x"}, "card: trained_on must be a valid integer, not 'x'"),
        ({"task": "ordinal"}, "card: task must be 'binary', 'multiclass'"),
        ({"alphabet": "rna"}, "card: alphabet must be 'dna' or 'protein', not 'rna'"),
        ({"symbols": "ACGU"}, "card: symbols of dna must be ACGT"),
        ({"classes": []}, "card: classes: a binary task cannot have 0"),
        ({"classes": ["a", "a"]}, "card: classes: a class appears twice"),
        ({"classes": ["a", "b", "c"], "task": "multiclass"}, "weights 'head.bias' are [2] F32"),
        ({"classes": ["a", "b\tc"]}, "card: classes: a name contains a control character"),
        ({"temperature": 0.0}, "card: temperature must be greater than"),
        ({"thresholds": {"b": 1.5}}, "card: thresholds.b must be less than or equal to 1, not 1.5"),
        ({"thresholds": {"z": 0.5}}, "card: thresholds: there is no class 'z'"),
        ({"metrics": {"auroc": "good"}}, "card: metrics.auroc must be a valid number, not 'good'"),
        ({"imported": {"file": "x"}}, "card: 'imported.from' is missing"),
        ({"fold": -1}, "card: fold must be greater than or equal to 0, not -1"),
    ],
    ids=range(15),
)
def test_the_wrong_field_is_named(tmp_path, weights, changes, said):
    found = said_of(tmp_path / "m", CARD | changes, weights)
    assert found is not None
    assert found.startswith(f"model {tmp_path / 'm'}: {said}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"new_setting": 3}, (
            f"has setting new_setting, which this version ({__version__}) does not know; it was "
            "written by bioseqrnn 9.9.9; update bioseqrnn"
        )),
        ({"hidden_size": 20_000}, "its card has hidden_size 20000, but its weights are"),
        ({"hidden_size": 2**62}, "its card has hidden_size"),
        ({"layers": 10**9}, "its card has layers 1000000000"),
        ({"members": 100}, "its card has members 100"),
        ({"positions": 10**12}, "its card has positions"),
        ({"stem_filters": 10**12}, "its card has stem_filters"),
        ({"stem_width": 10**12 + 1}, "its card has stem_width"),
        ({"hidden_size": 200}, "its card describes a network of "),
        ({"hidden_size": 4}, "weights '"),
        ({"layers": 1}, "has weights '"),
        ({"layers": 3}, "has no weights 'recurrent.weight_ih_l2'"),
        ({"cell": "lstm"}, "weights 'recurrent."),
        ({"hidden_size": "x"}, "card: config: hidden_size must be a valid integer, not 'x'"),
    ],
    ids=range(14),
)  # fmt: skip
def test_settings_are_held_against_the_weights(tmp_path, weights, changes, said):
    card = CARD | {"config": CARD["config"] | changes}
    found = said_of(tmp_path / "m", card, weights)
    assert found is not None
    assert found.startswith(f"model {tmp_path / 'm'}: {said}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w["head.bias"].fill_(float("nan")), "weights 'head.bias' are infinite or not"),
        (lambda w: w["prior"].fill_(float("inf")), "weights 'prior' are infinite or not numbers"),
        (lambda w: w["recurrent.bias_hh_l0"][0].fill_(-float("inf")), "weights 'recurrent.bias_hh"),
        (lambda w: w["opposite"].fill_(7), (
            "weights 'opposite' are outside the range of the 2 classes"
        )),
        (lambda w: w.pop("head.weight"), "has no weights 'head.weight', which its card requires"),
        (lambda w: w.update(extra=torch.zeros(3)), (
            "has weights 'extra', which are not in its card"
        )),
        (lambda w: w.update({"head.bias": w["head.bias"].double()}), "'head.bias' are [2] F64"),
        (lambda w: w.update({"head.bias": w["head.bias"].half()}), "'head.bias' are [2] F16"),
        (lambda w: w.update({"head.bias": torch.zeros(2, 1)}), "'head.bias' are [2, 1] F32"),
    ],
    ids=range(9),
)  # fmt: skip
def test_weights_are_those_of_the_card_and_finite(tmp_path, weights, change, said):
    other = {name: value.clone() for name, value in weights.items()}
    change(other)
    found = said_of(tmp_path / "m", CARD, other)
    assert found is not None
    assert found.startswith(f"model {tmp_path / 'm'}: ")
    assert said in found


@pytest.mark.parametrize("task", ["binary", "per_position", "regression"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"cell": "lstm", "layers": 3, "members": 2, "pooling": ["attention", "last", "centre"]},
        {"cell": "rnn", "bidirectional": False, "stem_filters": 0, "positions": 0},
        {"residue_properties": False, "positions": 7, "residues_per_step": 4, "stem_pool": 3},
    ],
    ids=range(4),
)
@pytest.mark.parametrize("symbols", [4, 20])
def test_numbers_are_counted_before_there_are_any(task, settings, symbols):
    config = ModelConfig(**{"cell": "gru", "hidden_size": 5} | settings)
    form = config, symbols, TASKS[task].outputs(["a", "b"]), TASKS[task]
    state = SequenceClassifier(*form).state_dict()
    assert count_numbers(*form) == sum(value.numel() for value in state.values())


def test_buffers_that_came_later_may_be_missing(tmp_path, weights):
    other = {k: v for k, v in weights.items() if k not in ("prior", "scale", "opposite")}
    assert said_of(tmp_path / "m", CARD, other) is None


def test_files_that_are_no_model(tmp_path, weights):
    whole = made(tmp_path / "whole", CARD, weights).read_bytes()
    torch_file = io.BytesIO()
    torch.save({"a": 1}, torch_file)
    for content, why in (
        (whole[: len(whole) // 2], "not a readable safetensors file"),
        (whole[:20], "not a readable safetensors file"),
        (b"", "it is empty"),
        (pickle.dumps({"a": 1}), "it is a pickle"),
        (torch_file.getvalue(), "it is a zip archive (like torch.save"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 100, "it is an HDF5 file"),
        (save({"a": torch.zeros(2)}), "not written by bioseqrnn (no model card)"),
        (b"\xff" * 8 + b"{}", "not a readable safetensors file"),
    ):
        path = tmp_path / "m"
        path.write_bytes(content)
        for read in (read_card, partial(load_model, device=CPU)):
            said = refused(partial(read, path))
            assert said is not None
            assert said.startswith(f"model {path}: ")
            assert why in said


@pytest.mark.parametrize("task", ["regression", "per_position", "multilabel"])
def test_models_of_every_task_are_loaded(tmp_path, task):
    classes = {"regression": [], "per_position": ["E", "I"], "multilabel": ["x"]}[task]
    outputs = TASKS[task].outputs(classes)
    net = SequenceClassifier(CONFIG, 20, outputs, TASKS[task])
    card = {k: v for k, v in CARD.items() if k not in ("thresholds", "format", "versions")}
    card |= {"task": task, "classes": classes, "alphabet": "protein", "symbols": PROTEIN_SYMBOLS}
    save_model(tmp_path / "m", net, card)
    loaded, _ = load_model(tmp_path / "m", CPU)
    for name, value in net.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)


def test_predict_ends_in_one_line(cli, tmp_path, weights):
    (tmp_path / "q.fa").write_text(">q\nACGTACGT\n")
    path = made(tmp_path / "m", CARD | {"task": 3}, weights)
    done = cli("predict", "q.fa", "--model", path, "--output", "o.parquet")
    assert done.code == 2
    assert done.err == (
        f"bioseqrnn: error: model {path}: card: task must be 'binary', 'multiclass', 'multilabel', "
        "'regression' or 'per_position', not 3\n"
    )
    assert not (tmp_path / "o.parquet").exists()


def test_forged_headers_allocate_nothing(tmp_path, weights):
    """Sizes, shapes and places of arrays that exceed the file, or any memory."""
    whole = made(tmp_path / "whole", CARD, weights).read_bytes()
    size = int.from_bytes(whole[:8], "little")
    header, body = json.loads(whole[8 : 8 + size]), whole[8 + size :]
    name = next(name for name in header if name != "__metadata__")
    path = tmp_path / "m"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for length in (3, 99_999_999, 2**40, 2**63, 2**64 - 1):
        path.write_bytes(length.to_bytes(8, "little") + whole[8:])
        assert "not a readable safetensors file" in refused(partial(load_model, path, device=CPU))
    for shape, places in (
        ([2**40], [0, 4]),
        ([2**40], [0, 2**42]),
        ([2**31, 2**31], header[name]["data_offsets"]),
        ([2**62, 4], [0, 0]),
        ([-1], [0, 4]),
    ):
        forged = header | {name: {"dtype": "F32", "shape": shape, "data_offsets": places}}
        text = json.dumps(forged).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + body)
        assert "not a readable safetensors file" in refused(partial(load_model, path, device=CPU))
    # kilobytes
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_names_in_a_model_are_no_paths(cli, tmp_path, weights):
    """Nothing is written beside the output, and an output that is a link replaces only the link."""
    card = CARD | {"model": "../../owned", "classes": ["=1+1", "../x"]}
    card |= {"thresholds": {"../x": 0.5}} if "thresholds" in CARD else {}
    path = made(tmp_path / "m", card, weights)
    (tmp_path / "q.fa").write_text(">../../owned\nACGTACGT\n")
    (tmp_path / "precious").write_text("of the user")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "o.parquet").symlink_to(tmp_path / "precious")
    (tmp_path / "out" / "o.tsv.gz").symlink_to(tmp_path / "nothing")
    done = cli("predict", "q.fa", "--model", path, "--output", "out/o.parquet")
    assert done.code == 0, done.err
    assert (tmp_path / "precious").read_text() == "of the user"
    assert not (tmp_path / "out" / "o.parquet").is_symlink()
    names = {str(found.relative_to(tmp_path)) for found in tmp_path.rglob("*")}
    assert names == {"m", "q.fa", "precious", "out", "out/o.parquet", "out/o.tsv.gz"}
