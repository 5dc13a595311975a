"""The commands on a GPU: training, resuming, prediction, precision, agreement with the CPU.

BIOSEQRNN_GPU_TESTS=cpu runs them on a CPU, to see whether they themselves are right.
"""

from __future__ import annotations

import json
import os
import subprocess

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import BIN, RESOURCES, encode
from stopping import stop_with_a_checkpoint

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.recurrent import LAYERS
from bioseqrnn.networks.store import load_model
from bioseqrnn.onehot.on_device import dense_on
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.tables.predictions import read_predictions

DEVICE = os.environ.get("BIOSEQRNN_GPU_TESTS", "cuda")
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        DEVICE == "cuda" and not torch.cuda.is_available(), reason="needs a CUDA device"
    ),
]
SETTINGS = {"hidden_size": 32, "stem_filters": 16, "batch_size": 64, "epochs": 6, "dropout": 0.2}
OUTPUTS = ("model.safetensors", "history.tsv", "predictions.parquet")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpu")
    sources = [Source(RESOURCES / "splice" / f"{c}.fa", c) for c in ("EI", "IE", "N")]
    table = encode(folder, sources, where="splice")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=5, validation_fraction=0.1, seed=1, grouping="duplicates"),
    )
    return folder


def start(tables, out, *words, **changes):
    return subprocess.Popen(
        [
            BIN / "bioseqrnn", "train", "--sequences", tables / "sequences.parquet",
            "--folds", tables / "folds.parquet", "--fold", "0", "--model", "m",
            "--device", DEVICE, "--config", json.dumps({"cell": "gru"} | SETTINGS | changes),
            "--output", out / OUTPUTS[0], *words,
        ],
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def train(tables, out, *words, **changes):
    process = start(tables, out, *words, **changes)
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert f"on {DEVICE} (" in err
    return out


def predict(model, device, output):
    subprocess.run(
        [
            BIN / "bioseqrnn", "predict", RESOURCES / "splice" / "query.fa",
            "--model", model / OUTPUTS[0], "--device", device, "--output", output,
        ],
        check=True,
    )  # fmt: skip
    return pd.read_parquet(output)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_training_and_prediction_agree_with_the_cpu(tables, tmp_path, cell):
    trained = train(tables, tmp_path / cell, cell=cell)
    history = pd.read_table(trained / "history.tsv")
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]
    here = predict(trained, DEVICE, tmp_path / "here.parquet")
    on_cpu = predict(trained, "cpu", tmp_path / "cpu.parquet")
    numbers = here.select_dtypes("number").columns
    assert len(numbers)
    np.testing.assert_allclose(here[numbers], on_cpu[numbers], atol=1e-4)
    assert list(here.columns) == list(on_cpu.columns)


def test_the_same_training_gives_the_same_bytes(tables, tmp_path):
    one, other = (train(tables, tmp_path / name) for name in ("one", "other"))
    for name in OUTPUTS:
        assert (one / name).read_bytes() == (other / name).read_bytes()


@pytest.mark.parametrize("layers", [1, 2])
def test_stopped_training_goes_on_to_the_same_bytes(tables, tmp_path, layers):
    """With two layers there is dropout between them, of which cuDNN draws the numbers itself."""
    settings = {"epochs": 30, "patience": 30, "layers": layers}
    whole = train(tables, tmp_path / "whole", **settings)
    out = tmp_path / "stopped"
    stopped = start(tables, out, "--checkpoint-seconds", "0", **settings)
    stop_with_a_checkpoint(stopped, out / OUTPUTS[0])
    resumed = start(tables, out, **settings)
    _, err = resumed.communicate()
    assert resumed.returncode == 0, err
    assert "resumes" in err
    for name in OUTPUTS:
        assert (out / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.skipif(DEVICE == "cpu", reason="bf16 is for GPUs")
def test_mixed_precision_is_close_and_its_files_are_single(tables, tmp_path):
    scores = {}
    for precision in ("fp32", "bf16"):
        out = train(tables, tmp_path / precision, precision=precision)
        network, _ = load_model(out / OUTPUTS[0], torch.device("cpu"))
        assert {weight.dtype for weight in network.parameters()} == {torch.float32}
        scores[precision] = read_predictions(out / OUTPUTS[2], role="test").scores
    assert np.abs(scores["fp32"] - scores["bf16"]).mean() < 0.05


@pytest.mark.skipif(DEVICE == "cpu", reason="autocast of cuDNN")
@pytest.mark.parametrize("cell", LAYERS)
def test_the_recurrence_stays_in_single_precision(cell):
    layer = LAYERS[cell](4, 8, bidirectional=True).to(DEVICE)
    x = torch.rand(3, 9, 4, device=DEVICE)
    lengths = torch.tensor([9, 5, 1])
    with torch.autocast(DEVICE, torch.bfloat16):
        mixed = layer(x, lengths)[0]
        layer(x.bfloat16(), lengths)[0].sum().backward()
    assert torch.equal(mixed, layer(x, lengths)[0])
    assert {weight.grad.dtype for weight in layer.parameters()} == {torch.float32}


def test_batches_are_unpacked_alike(splice):
    rows = np.arange(100)
    here, lengths = dense_on(splice.packed, rows, splice.alphabet, torch.device(DEVICE))
    expected, same = splice.dense(rows)
    np.testing.assert_array_equal(here.cpu().numpy(), expected)
    np.testing.assert_array_equal(lengths.numpy(), same)
