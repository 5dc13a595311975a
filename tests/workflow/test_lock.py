"""One run at a time writes a folder of results, whatever folders the runs are in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest
from conftest import BIN, ROOT

from .conftest import make_project

pytestmark = pytest.mark.workflow
TARGET = "{}/pep/models/gru/fold-0/seed-1/model.safetensors"


@pytest.fixture
def two(tmp_path):
    """Two users' folders whose results are one."""
    shared = tmp_path / "shared"
    projects = [make_project(tmp_path / name) for name in ("one", "two")]
    for project in projects:
        long = {"gru": {"cell": "gru", "epochs": 5000, "patience": 5000}}
        project.write_config(project.read_config() | {"results": str(shared), "models": long})
    return *projects, shared


@pytest.fixture
def start():
    """Start a run that takes long; it is killed with the test."""
    started = []

    def run(project, target):
        snakefile = ROOT / "workflow" / "Snakefile"
        process = subprocess.Popen(
            [BIN / "snakemake", "--snakefile", snakefile, "--cores", "2", target],
            cwd=project.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
            # what started the tests may have it ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
        process.wait()


def wait_until(ready):
    end = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_second_run_is_refused_until_the_first_has_ended(two, start):
    one, other, shared = two
    target = TARGET.format(shared)
    log = shared / "pep/logs/train_model/gru.fold-0.seed-1.log"
    first = start(one, target)
    wait_until(lambda: log.exists() and "on cpu" in log.read_text())
    refused = other.snakemake(target)
    assert refused.code != 0
    (line,) = [line for line in refused.err.splitlines() if "error:" in line]
    assert f"the run in {one.folder} (by" in line
    assert f"process {first.pid}) writes there; wait for it" in line
    # it has touched nothing, and a dry run is welcome
    assert other.snakemake("--dry-run", target).code == 0

    # Ctrl-C: jobs end, and the folder is given back
    os.killpg(first.pid, signal.SIGINT)
    first.wait(60)
    assert not (shared / ".lock").exists()
    assert other.snakemake(f"{shared}/dna/folds.parquet").code == 0
    assert not (shared / ".lock").exists()


def test_a_killed_run_takes_its_folder_again(two, start):
    one, other, shared = two
    target = f"{shared}/dna/folds.parquet"
    shared.mkdir()
    dead = {"folder": str(one.folder), "host": "node", "process": 1, "user": "me"}
    (shared / ".lock").write_text(json.dumps(dead))
    refused = other.snakemake(target)
    assert refused.code != 0
    assert f"remove {shared}/.lock" in refused.err
    assert one.snakemake(target).code == 0
    assert other.snakemake(target).code == 0
