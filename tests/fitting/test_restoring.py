"""A checkpoint of the right name and checksum whose content is not this training's."""

from __future__ import annotations

import copy
import hashlib
import io
import os

import numpy as np
import pytest
import torch
from conftest import RESOURCES, encode, first_records

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fitting.checkpoint import checkpoint_path
from bioseqrnn.fitting.session import Session
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_fold
from bioseqrnn.support.errors import TrainingStopped

CONFIG = {"cell": "gru", "hidden_size": 3, "stem_filters": 2, "batch_size": 32, "epochs": 4}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("restoring")
    sources = []
    for label in ("ACP", "Random"):
        path = folder / f"{label}.fa"
        path.write_text(first_records(RESOURCES / "acp" / f"{label}.fa", 40))
        sources.append(Source(path, label))
    table = encode(folder, sources, where="acp")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    return folder


def train(tables, out, every=1e9, stop=False):
    out.mkdir(exist_ok=True)
    with Session(out / "model.safetensors", every) as session:
        if stop:
            left = iter(range(3))
            tick = session.tick

            def stopping():
                tick()
                if next(left, None) is None:
                    raise TrainingStopped("enough")

            session.tick = stopping
        train_fold(
            tables / "sequences.parquet",
            tables / "folds.parquet",
            FoldFiles(out / "model.safetensors", out / "history.tsv", out / "predictions.parquet"),
            FoldTraining("m", ModelConfig(**CONFIG), 0, 1),
            machine=MachineConfig(device="cpu"),
            session=session,
        )


@pytest.fixture(scope="module")
def stopped(tables, tmp_path_factory):
    """The content of a checkpoint in the second epoch, and what the training ends with."""
    out = tmp_path_factory.mktemp("stopped")
    with pytest.raises(TrainingStopped):
        train(tables, out, every=0.0, stop=True)
    data = checkpoint_path(out / "model.safetensors").read_bytes()
    content = torch.load(io.BytesIO(data[32:]), weights_only=True)
    whole = tmp_path_factory.mktemp("whole")
    train(tables, whole)
    return content, outputs(whole)


def outputs(out):
    return {path.name: path.read_bytes() for path in out.iterdir()}


def forge(path, content):
    """Write a content with its checksum."""
    data = io.BytesIO()
    torch.save(content, data)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(hashlib.sha256(data.getvalue()).digest() + data.getvalue())


def at(*keys, value):
    """A change of one place of the state."""

    def change(state):
        for key in keys[:-1]:
            state = state[key]
        old = state[keys[-1]]
        state[keys[-1]] = value(old) if callable(value) else value

    return change


def without(*keys):
    def change(state):
        for key in keys[:-1]:
            state = state[key]
        del state[keys[-1]]

    return change


def spoil(tensor):
    tensor = tensor.clone()
    tensor.view(-1)[0] = np.nan
    return tensor


HEAD = ("moving", "network", "head.weight")
MOMENTS = ("moving", "optimizer", "state", 0, "exp_avg")
CHANGES = {
    "empty": lambda state: state.clear(),
    "a part lacks": without("good"),
    "a weight lacks": without(*HEAD),
    "a weight too many": at("moving", "network", value=lambda w: w | {"more": torch.zeros(1)}),
    "weights NaN": at(*HEAD, value=spoil),
    "weights NaN where a divergence leads back": at("good", *HEAD[1:], value=spoil),
    "weights of another shape": at(*HEAD, value=lambda w: w[:, :-1]),
    "weights of another type": at(*HEAD, value=lambda w: w.double()),
    "weights are text": at(*HEAD, value="0.5"),
    "no average": at("moving", "average", value=None),
    "moments of another shape": at(*MOMENTS, value=lambda m: m[..., :1]),
    "moments NaN": at(*MOMENTS, value=spoil),
    "moments of fewer weights": lambda s: s["moving"]["optimizer"]["state"].popitem(),
    "learning rate is text": at("moving", "optimizer", "param_groups", 0, "lr", value="fast"),
    "learning rate NaN": at("moving", "optimizer", "param_groups", 0, "lr", value=float("nan")),
    "a method of the schedule": at("moving", "scheduler", value=lambda s: s | {"step": 5}),
    "a shorter schedule": at("moving", "scheduler", "total_steps", value=1),
    "random numbers": at("moving", "random", "cpu", value=lambda t: t[:9]),
    "no generator": at("moving", "generator", value="{"),
    "another generator": at("moving", "generator", value='{"bit_generator": "MT19937"}'),
    "rows are no list": at("moving", "rows", value=7),
    "rows of nothing": at("moving", "rows", value=lambda rows: [{}] * len(rows)),
    "rows of text": at("moving", "rows", 0, "train_loss", value="low"),
    "rows that skip an epoch": at("moving", "rows", 0, "epoch", value=3),
    "batch is negative": at("moving", "batch", value=-1),
    "sums NaN": at("moving", "sums", "loss", value=float("nan")),
    "sums of more": at("moving", "sums", value=lambda s: s | {"more": 1.0}),
    "the best is to come": at("moving", "best", "epoch", value=99),
    "the best has no weights": at("moving", "best", "weights", value=None),
    "halvings": at("halvings", value=-3),
    "finished is a number": at("finished", value=1),
    "positions": at("positions", value=[1, 2, 3]),
    "a state is a list": at("moving", value=[1, 2]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_does_not_fit_is_not_used(tables, stopped, tmp_path, capfd, change):
    content, whole = stopped
    content = copy.deepcopy(content)
    change(content["state"])
    path = checkpoint_path(tmp_path / "model.safetensors")
    forge(path, content)
    train(tables, tmp_path)
    said = capfd.readouterr().err
    assert said.count(f"checkpoint {path} is damaged and is not used (") == 1
    assert "resumes" not in said
    assert outputs(tmp_path) == whole


@pytest.mark.parametrize(
    "content",
    [7, [1], {}, {"fingerprint": {}}, {"state": {}}, {"fingerprint": [], "state": {}},
     {"fingerprint": {}, "state": "s"}, torch.zeros(3)],
    ids=str,
)  # fmt: skip
def test_another_object_is_not_used(tables, stopped, tmp_path, capfd, content):
    path = checkpoint_path(tmp_path / "model.safetensors")
    forge(path, content)
    train(tables, tmp_path)
    assert f"checkpoint {path} is damaged and is not used" in capfd.readouterr().err
    assert outputs(tmp_path) == stopped[1]


@pytest.mark.parametrize("data", [b"", b"x" * 31, b"PK\x03\x04" + bytes(999), b"\x80\x02."])
def test_bytes_with_a_right_checksum_are_not_used(tables, stopped, tmp_path, capfd, data):
    path = checkpoint_path(tmp_path / "model.safetensors")
    path.write_bytes(hashlib.sha256(data).digest() + data)
    train(tables, tmp_path)
    assert f"checkpoint {path} is damaged and is not used" in capfd.readouterr().err
    assert outputs(tmp_path) == stopped[1]


def test_a_fingerprint_of_odd_types_is_of_another_training(tables, stopped, tmp_path, capfd):
    content = copy.deepcopy(stopped[0])
    content["fingerprint"] = {"fold": torch.zeros(2), 3: "x", "config": [1]}
    path = checkpoint_path(tmp_path / "model.safetensors")
    forge(path, content)
    train(tables, tmp_path)
    assert f"checkpoint {path} belongs to another training" in capfd.readouterr().err
    assert outputs(tmp_path) == stopped[1]


def test_a_pipe_is_not_waited_for(tables, stopped, tmp_path, capfd):
    os.mkfifo(checkpoint_path(tmp_path / "model.safetensors"))
    train(tables, tmp_path)
    assert "not a regular file" in capfd.readouterr().err
    assert outputs(tmp_path) == stopped[1]


def test_what_fits_is_used(tables, stopped, tmp_path, capfd):
    forge(checkpoint_path(tmp_path / "model.safetensors"), stopped[0])
    train(tables, tmp_path)
    assert "resumes after" in capfd.readouterr().err
    assert outputs(tmp_path) == stopped[1]
