from __future__ import annotations

import os
import signal
import subprocess

import psutil
import pytest
from conftest import BIN, ROOT
from waiting import output_of, wait_until
from warm import call_of, process_of, shell_commands

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_fold

pytestmark = pytest.mark.workflow
MODEL = "results/pep/models/gru/fold-0/seed-1/model.safetensors"
# some seconds of training
SLOW = {"cell": "gru", "hidden_size": 6, "stem_filters": 6, "batch_size": 2, "epochs": 8}


def started(project, *words):
    """Snakemake as the leader of its own processes, once its training has written a checkpoint."""
    checkpoint = project.folder / f"{MODEL}.checkpoint"
    before = checkpoint.stat().st_ino if checkpoint.exists() else None
    environment = os.environ | {"BIOSEQRNN_CHECKPOINT_SECONDS": "0"}
    if commands := shell_commands():
        environment["PATH"] = f"{commands}{os.pathsep}{environment['PATH']}"
    process = subprocess.Popen(
        [
            *call_of("snakemake", BIN / "snakemake"),
            "--snakefile", ROOT / "workflow" / "Snakefile", "--cores", "1", *words, MODEL,
        ],
        cwd=project.folder,
        env=environment,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    wait_until(
        lambda: checkpoint.exists() and checkpoint.stat().st_ino != before,
        "a checkpoint of its training", process,
    )  # fmt: skip
    return process


def test_signals_reach_the_training_and_a_retry_goes_on(project):
    config = project.read_config()
    project.write_config(config | {"models": {"gru": SLOW}})
    folder = project.folder / "results" / "pep"
    assert project.snakemake("results/pep/folds.parquet").code == 0
    log = folder / "logs" / "train_model" / "gru.fold-0.seed-1.log"

    # the end of a time limit: everything that runs is asked to end
    run = started(project)
    os.killpg(run.pid, signal.SIGTERM)
    output_of(run, "the run that was asked to end")
    assert run.returncode == 1
    assert "stopped by SIGTERM after epoch" in log.read_text().splitlines()[-1]
    assert not (project.folder / MODEL).exists()

    # a warning before it, to the job's shell only
    run = started(project, "--retries", "1")
    (job,) = psutil.Process(process_of(run.pid) or run.pid).children()
    first = log.read_text()
    job.send_signal(signal.SIGUSR1)
    out, _ = output_of(run, "the run that retries")
    assert run.returncode == 0, out
    assert "resumes after epoch" in first
    assert "resumes after epoch" in log.read_text()
    assert "exit status 75" in out or "exit code 75" in out, out

    names = ("model.safetensors", "history.tsv", "predictions.parquet")
    again = [project.folder / "again" / name for name in names]
    train_fold(
        folder / "sequences.parquet",
        folder / "folds.parquet",
        FoldFiles(*again),
        FoldTraining("gru", ModelConfig(**SLOW), 0, 1),
        machine=MachineConfig(device="auto"),
    )
    written = folder / "models" / "gru" / "fold-0" / "seed-1"
    assert sorted(path.name for path in written.iterdir()) == sorted(names)
    for path in again:
        assert (written / path.name).read_bytes() == path.read_bytes()
