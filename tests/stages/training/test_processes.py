from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from conftest import BIN, RESOURCES, encode
from forked import Forked
from safetensors.torch import load_file
from stopping import stop_with_a_checkpoint

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fitting.loop import train_network
from bioseqrnn.inference.processes import Processes, start_processes
from bioseqrnn.inference.windows import overlapping
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_fold
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.predictions import read_predictions
from bioseqrnn.tables.sequences import read_sequences

# what it shares is made once, not by every worker
pytestmark = pytest.mark.xdist_group("processes")
CPU = torch.device("cpu")
# 420 records train: the last batch has one, and leaves one of two processes without any
CONFIG = {
    "cell": "gru", "hidden_size": 6, "stem_filters": 6, "batch_size": 419, "epochs": 4,
    "dropout": 0.0, "shift": 2, "mutation": 0.1, "members": 2, "weight_average": 0.5,
}  # fmt: skip
OUTPUTS = ("model.safetensors", "history.tsv", "predictions.parquet")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    sources = [Source(RESOURCES / "acp" / f"{label}.fa", label) for label in ("ACP", "Random")]
    table = encode(folder, sources, where="acp")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=3, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    return folder


@pytest.fixture(scope="module", autouse=True)
def _imported():
    """Once, for all processes that are forked from this one."""
    importlib.import_module("lightning.fabric")


def command(tables, out, *words, device="cpu", **changes):
    return [
        BIN / "bioseqrnn", "train", "--sequences", tables / "sequences.parquet",
        "--folds", tables / "folds.parquet", "--fold", "0", "--device", device,
        "--model", "m", "--config", json.dumps(CONFIG | changes),
        "--output", out / OUTPUTS[0], *words,
    ]  # fmt: skip


def start(tables, out, *words, environment=None, **changes):
    """The command; where it starts another process itself, that one is as any user's."""
    return Forked(command(tables, out, *words, **changes), environment=environment)


def start_two(tables, out, **changes):
    """Two processes, started as srun starts them: it sets these variables."""
    srun = {
        "SLURM_NTASKS": "2", "SLURM_STEP_NUM_TASKS": "2", "SLURM_NTASKS_PER_NODE": "1",
        "SLURM_NNODES": "2", "SLURM_LOCALID": "0", "SLURM_JOB_ID": str(os.getpid()),
        "SLURM_NODELIST": "127.0.0.1", "SLURM_JOB_NAME": "train",
    }  # fmt: skip
    two = [
        start(
            tables, out, "--nodes", "2",
            environment=srun | {"SLURM_PROCID": rank, "SLURM_NODEID": rank}, **changes,
        )
        for rank in "01"
    ]  # fmt: skip
    logs = [process.communicate()[1] for process in two]
    assert [process.returncode for process in two] == [0, 0], logs
    return logs


def train_alone(tables, out):
    train_fold(
        tables / "sequences.parquet",
        tables / "folds.parquet",
        FoldFiles(*(out / name for name in OUTPUTS)),
        FoldTraining("m", ModelConfig(**CONFIG), 0, 1),
        machine=MachineConfig(device="cpu"),
    )


def test_two_nodes_train_like_one_process(tables, tmp_path):
    train_alone(tables, tmp_path / "one")
    logs = start_two(tables, tmp_path / "two")
    assert "on 2 × cpu (1 thread)" in logs[0]
    # one of them speaks
    assert "420 train" in logs[0]
    assert "420 train" not in logs[1]
    histories = [pd.read_csv(tmp_path / name / OUTPUTS[1], sep="\t") for name in ("one", "two")]
    np.testing.assert_allclose(*histories, atol=1e-5)
    one, other = (load_file(tmp_path / name / OUTPUTS[0]) for name in ("one", "two"))
    for name, weight in one.items():
        np.testing.assert_allclose(weight, other[name], atol=1e-5)
    one, other = (read_predictions(tmp_path / name / OUTPUTS[2]) for name in ("one", "two"))
    assert one.ids == other.ids
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_two_processes_stop_together_and_go_on(tables, tmp_path):
    """A signal to the first is enough; with dropout, whose numbers come again.

    Whoever starts the processes, the bytes are the same.
    """
    settings = {"dropout": 0.3, "batch_size": 100, "epochs": 5}
    start_two(tables, tmp_path / "whole", **settings)

    out = tmp_path / "stopped"
    stopped = start(
        tables, out, "--devices", "2", "--checkpoint-seconds", "0", **settings
    )  # fmt: skip
    err = stop_with_a_checkpoint(stopped, out / OUTPUTS[0])
    assert err.count("stopped by SIGUSR1 after epoch") == 1
    assert "Traceback" not in err

    logs = start_two(tables, out, **settings)
    assert [log.count("resumes after epoch") for log in logs] == [1, 0]
    assert sorted(path.name for path in out.iterdir()) == sorted(OUTPUTS)
    for name in OUTPUTS:
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_batch_is_shared_out_whole(acp):
    batch = np.arange(7)
    shares = []
    for rank in range(3):
        process = Processes(CPU)
        process.rank, process.count = rank, 3
        shares.append(batch[process.own(acp.packed, batch)])
    assert sorted(np.concatenate(shares)) == batch.tolist()
    assert {len(share) for share in shares} == {2, 3}


@pytest.fixture(scope="module")
def in_row_groups(tables, tmp_path_factory):
    """The same table in 17 row groups, as a hundred times as many records would have."""
    folder = tmp_path_factory.mktemp("row-groups")
    shutil.copy(tables / "folds.parquet", folder)
    whole = pq.read_table(tables / "sequences.parquet")
    pq.write_table(whole, folder / "sequences.parquet", row_group_size=len(whole) // 16)
    assert pq.ParquetFile(folder / "sequences.parquet").num_row_groups == 17
    return folder


def test_each_process_reads_its_row_groups(in_row_groups, tmp_path):
    path = in_row_groups / "sequences.parquet"
    whole = read_sequences(path)
    parts = [read_sequences(path, tmp_path, (rank, 2)) for rank in range(2)]
    assert sum(len(part.packed.data) for part in parts) == len(whole.packed.data)
    assert (parts[0].packed.held != parts[1].packed.held).all()
    batch = np.random.default_rng(1).permutation(len(whole))[:100]
    for rank, part in enumerate(parts):
        np.testing.assert_array_equal(part.lengths, whole.lengths)
        np.testing.assert_array_equal(part.targets, whole.targets)
        process = Processes(CPU)
        process.rank, process.count = rank, 2
        own = batch[process.own(part.packed, batch)]
        assert 30 < len(own) < 70
        for got, expected in zip(part.dense(own), whole.dense(own), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_windows_are_with_the_process_that_holds_the_record(in_row_groups):
    part = read_sequences(in_row_groups / "sequences.parquet", part=(1, 2)).packed
    rows = np.arange(0, len(part), 30)
    windows = overlapping(part.lengths[rows], 8, 2)
    assert len(windows) > len(rows)
    held = windows.of(part, 20, rows).held
    np.testing.assert_array_equal(held, part.held[rows[windows.records]])
    assert 0 < held.sum() < len(held)


def test_a_table_of_few_row_groups_is_read_whole_by_all(in_row_groups):
    path = in_row_groups / "sequences.parquet"
    assert read_sequences(path, part=(2, 3)).packed.held is None
    assert read_sequences(path, part=(0, 1)).packed.held is None


def test_processes_that_hold_a_part_each_train_like_one(in_row_groups, tmp_path):
    train_alone(in_row_groups, tmp_path / "one")
    two = start(in_row_groups, tmp_path / "two", "--devices", "2")
    _, err = two.communicate()
    assert two.returncode == 0, err
    histories = [pd.read_csv(tmp_path / name / OUTPUTS[1], sep="\t") for name in ("one", "two")]
    np.testing.assert_allclose(*histories, atol=1e-5)
    one, other = (read_predictions(tmp_path / name / OUTPUTS[2]) for name in ("one", "two"))
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_dropout_differs_between_processes_and_comes_again():
    draws = []
    for rank in (0, 1, 0):
        process = Processes(CPU)
        process.rank, process.count = rank, 2
        process.seed_batch(1, 2, 3)
        draws.append(torch.rand(3).tolist())
    assert draws[0] == draws[2] != draws[1]


def test_plain_training_does_not_wait_for_lightning():
    code = (
        "import sys; from bioseqrnn.config.machine import MachineConfig; "
        "from bioseqrnn.stages.training.job import start_processes; "
        "assert start_processes(MachineConfig(device='cpu'), 'fp32').count == 1; "
        "assert not {m for m in sys.modules if m.startswith('lightning')}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_bf16_is_for_gpus():
    with pytest.raises(InputError, match=r"precision bf16 needs a CUDA GPU .* runs on cpu"):
        start_processes(MachineConfig(device="cpu"), "bf16")


def test_several_nodes_need_srun():
    with pytest.raises(InputError, match=r"srun --nodes=2 --ntasks-per-node=3 bioseqrnn train"):
        start_processes(MachineConfig(device="cpu", devices=3, nodes=2), "fp32")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_bf16_trains_and_keeps_weights_in_single_precision(acp, monkeypatch):
    # claims nothing that later tests would miss
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    config = ModelConfig(**CONFIG | {"batch_size": 64}, precision="bf16")
    processes = start_processes(MachineConfig(device="cuda"), "bf16")
    with processes.autocast():
        ones = torch.ones(2, 2, device=processes.device)
        assert (ones @ ones).dtype == torch.bfloat16
    rows = np.random.default_rng(1).permutation(len(acp))
    losses = {}
    for name, these in (("bf16", processes), ("fp32", Processes(processes.device))):
        trained = train_network(acp, rows[:500], rows[500:], config, seed=1, processes=these)
        assert {w.dtype for w in trained.network.parameters()} == {torch.float32}
        losses[name] = trained.history["validation_loss"].min()
    assert losses["bf16"] != losses["fp32"]
    assert losses["bf16"] == pytest.approx(losses["fp32"], abs=0.05)


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_two_gpus_train_like_one(tables, tmp_path):
    for count in ("1", "2"):
        # this process may have used CUDA, which a fork of it then cannot
        words = command(tables, tmp_path / count, "--devices", count, device="cuda")
        done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, done.stderr
    one, two = (pd.read_csv(tmp_path / count / OUTPUTS[1], sep="\t") for count in "12")
    np.testing.assert_allclose(one, two, atol=1e-4)
