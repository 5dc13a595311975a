"""Without Numba, or without the engine, all works, slower."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import encode
from engine_cases import MODES

from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table

# Every layer's outputs and final states, as float32 bytes on standard output.
LAYERS = """
import sys
import torch
from engine_cases import MODES, build, engine_pass, ragged
for mode in MODES:
    torch.manual_seed(1)
    table = torch.rand(4, 3)
    layer = build(mode, 3, 10, symbols=table, num_layers=2, bidirectional=True)
    for x in (torch.randn(20, 9, 3), torch.randint(4, (20, 9))):
        for tensor in engine_pass(layer, x, ragged(20, 9)).values:
            sys.stdout.buffer.write(tensor.contiguous().numpy().tobytes())
"""
TRAINING = """
import torch
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.classifier import SequenceClassifier
torch.manual_seed(1)
for cell in ("rnn", "gru", "lstm"):
    net = SequenceClassifier(ModelConfig(cell=cell, hidden_size=8), symbols=4, outputs=2)
    optimizer = torch.optim.Adam(net.parameters(), 0.05)
    x = torch.eye(4)[torch.randint(4, (40, 12))]
    losses = []
    for _ in range(20):
        scores = net(x, torch.full((40,), 12))
        losses.append(torch.nn.functional.cross_entropy(scores, x[:, 3, 0].long()))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    print(bool(losses[-1] < 0.5 * losses[0]))
"""
PACKING = """
import hashlib
import numpy as np
from bioseqrnn.onehot.alphabet import DNA, PROTEIN
from bioseqrnn.onehot.packing import pack_lines, unpack
for alphabet, text in ((DNA, b"ACGTN\\nacgu\\nR\\n"), (PROTEIN, b"ACDEFX\\nmbz\\nW\\n")):
    packed, unusual = pack_lines(text, 3, alphabet)
    onehot, lengths = unpack(packed, np.array([2, 0, 1]), alphabet)
    print(hashlib.sha256(packed.data.tobytes() + onehot.tobytes()).hexdigest(), lengths, unusual)
"""


@pytest.fixture
def python(tmp_path):
    """Run a script, where wanted in a Python that has no Numba."""

    def run(script, numba=True, **environment):
        paths = [*sys.path, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        if not numba:
            (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['numba'] = None\n")
            paths.insert(0, str(tmp_path))
        return subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
            | environment,
            check=True,
        )

    return run


def test_networks_train_without_numba(python):
    done = python(TRAINING, numba=False)
    assert done.stdout.split() == [b"True"] * 3
    assert done.stderr.count(b"\n") == 1
    assert b"recurrent layers run on torch.nn" in done.stderr
    assert b"pip install numba" in done.stderr


def test_networks_train_with_numba(python):
    done = python(TRAINING)
    assert done.stdout.split() == [b"True"] * 3
    assert not done.stderr


def test_kernels_run_as_plain_python(python):
    slow, fast = python(PACKING, numba=False), python(PACKING)
    assert slow.stdout == fast.stdout
    assert len(slow.stdout.splitlines()) == 2
    assert slow.stderr.count(b"\n") == 1
    assert b"plain Python" in slow.stderr
    assert not fast.stderr


def test_the_engine_can_be_switched_off(python):
    engine, torch = python(LAYERS), python(LAYERS, BIOSEQRNN_ENGINE="torch")
    assert not engine.stderr
    assert (
        torch.stderr.decode()
        == "recurrent layers run on torch.nn, as BIOSEQRNN_ENGINE=torch asks\n"
    )
    ours, theirs = (np.frombuffer(done.stdout, np.float32) for done in (engine, torch))
    assert len(ours) > len(MODES) * 1000
    assert not np.array_equal(ours, theirs)
    np.testing.assert_allclose(ours, theirs, atol=1e-6, rtol=0)


def test_another_engine_is_one_clear_line(cli, tmp_path, monkeypatch):
    fasta = {"ACP": "".join(f">a{i}\n{'ACDEFGHIKL'[i]}KKLL\n" for i in range(10))}
    fasta["Random"] = fasta["ACP"].replace(">a", ">b").replace("KKLL", "DDEE")
    for name, records in fasta.items():
        (tmp_path / f"{name}.fa").write_text(records)
    table = encode(tmp_path, [Source(tmp_path / f"{name}.fa", name) for name in fasta])
    split_table(table, tmp_path / "folds.parquet", folds=2, validation_fraction=0.2, seed=1)
    monkeypatch.setenv("BIOSEQRNN_ENGINE", "fortran")
    done = cli(
        "train", "--sequences", "sequences.parquet", "--folds", "folds.parquet", "--fold", 0,
        "--config", '{"cell": "gru", "epochs": 1, "hidden_size": 4}', "-o", "model.safetensors",
    )  # fmt: skip
    assert done.code == 2
    assert done.err.splitlines()[-1].endswith(
        "environment variable BIOSEQRNN_ENGINE=fortran: use numba or torch"
    )
    assert "Traceback" not in done.err
    assert not (tmp_path / "model.safetensors").exists()
