"""Without the engine the layers run on torch.nn."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
from conftest import encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table

# Every layer's outputs and final states, as float32 bytes on standard output.
OUTPUTS = """
import sys
import torch
from engine_cases import LAYERS, build, engine_pass, ragged
for cell in LAYERS:
    torch.manual_seed(1)
    layer = build(cell, 3, 10, num_layers=2, bidirectional=True)
    for tensor in engine_pass(layer, torch.randn(20, 9, 3), ragged(20, 9)).values:
        sys.stdout.buffer.write(tensor.contiguous().numpy().tobytes())
"""


def python(script, **environment):
    """Run a script in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
        | environment,
        check=True,
    )


def test_the_engine_can_be_switched_off():
    engine, torch = python(OUTPUTS), python(OUTPUTS, BIOSEQRNN_ENGINE="torch")
    assert not engine.stderr
    assert (
        torch.stderr.decode()
        == "recurrent layers run on torch.nn, because BIOSEQRNN_ENGINE=torch is set\n"
    )
    ours, theirs = (np.frombuffer(done.stdout, np.float32) for done in (engine, torch))
    assert len(ours) > 10_000
    assert not np.array_equal(ours, theirs)
    np.testing.assert_allclose(ours, theirs, atol=1e-6, rtol=0)


def test_another_engine_is_one_clear_line(cli, tmp_path, monkeypatch):
    fasta = {"ACP": "".join(f">a{i}\n{'ACDEFGHIKL'[i]}KKLL\n" for i in range(10))}
    fasta["Random"] = fasta["ACP"].replace(">a", ">b").replace("KKLL", "DDEE")
    for name, records in fasta.items():
        (tmp_path / f"{name}.fa").write_text(records)
    table = encode(tmp_path, [Source(tmp_path / f"{name}.fa", name) for name in fasta])
    split_table(
        table,
        tmp_path / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
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
