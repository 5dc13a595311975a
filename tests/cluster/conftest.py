from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from warm import PYTHON, call_of, process_of, python_for_jobs, shell_commands
from workflow.conftest import Project, make_project
from workflow.profiles import PROFILES

from .lab import PACKAGES, Cluster, wanting
from .trainings import LONG, MODEL

IMPATIENT = Path(__file__).with_name("impatient.py")
# the pretended nodes are small, and nobody wants to wait
FOR_TESTS = (
    "--cores", 2, "--resources", "mem_mb=8000", "--slurm-init-seconds-before-status-checks", 1,
)  # fmt: skip


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A real SLURM; its packages are the system's, so they are not installed behind its back."""
    missing = wanting()
    if missing:
        reason = f"no {', '.join(missing)}: as root, apt-get install {' '.join(PACKAGES)}"
        if os.environ.get("BIOSEQRNN_REQUIRE_SLURM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Project:
    """Trained where nothing happens; the models to compare with."""
    project = make_project(tmp_path_factory.mktemp("undisturbed") / "project")
    project.write_config(project.read_config() | {"models": {"gru": LONG}, "seeds": [1, 2]})
    done = project.snakemake(*(MODEL.format(seed) for seed in (1, 2)))
    assert done.code == 0, done.err
    return project


@pytest.fixture
def untrained(undisturbed, tmp_path) -> Project:
    """The same before the training."""
    project = undisturbed.copy(tmp_path / "project")
    shutil.rmtree(project.folder / "results" / "dna" / "models")
    shutil.rmtree(project.folder / "results" / "dna" / "logs" / "train_model")
    return project


class Run:
    """Snakemake with a profile, on the login node of a cluster."""

    def __init__(self, cluster: Cluster, profile: str | Path, folder: Path, *words: object) -> None:
        environment = dict(cluster.env)
        if (commands := shell_commands()) and (python := python_for_jobs()):
            environment["PATH"] = f"{commands}{os.pathsep}{environment['PATH']}"
            environment[PYTHON] = str(python)
        self.folder = folder
        self.log = folder / f"snakemake-{len(list(folder.glob('snakemake-*')))}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    str(word)
                    for word in (
                        *call_of("snakemake", IMPATIENT),
                        "--snakefile", ROOT / "workflow" / "Snakefile",
                        "--profile", PROFILES / profile, "--latency-wait", 20,
                        *(FOR_TESTS if Path(profile).name == "slurm" else ()), *words,
                    )
                ],
                cwd=folder, env=environment, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def text(self) -> str:
        return self.log.read_text()

    def interrupt(self, cluster: Cluster) -> None:
        """Send SIGINT to Snakemake while it does not ask for the states of its jobs.

        Up to version 9.4 of snakemake-interface-executor-plugins, it cancels no job that it just
        asks for: ``RemoteExecutor`` has no list of these jobs until it has the answer.
        """
        ask, asks = self.folder / "ask-nothing", self.folder / "asks-nothing"
        ask.touch()
        cluster.wait(asks.exists, "Snakemake to ask nothing")
        os.kill(process_of(self.process.pid) or self.process.pid, signal.SIGINT)
        self.process.wait(400)
        ask.unlink()
        asks.unlink()

    def finish(self, seconds: float = 400) -> int:
        """Wait for it; its exit status."""
        try:
            return self.process.wait(seconds)
        finally:
            self.process.kill()


@pytest.fixture
def submit(cluster):
    """Start a run on the cluster; whatever still runs is ended with the test."""
    runs: list[Run] = []

    def start(folder: Path, *words: object, profile: str | Path = "slurm") -> Run:
        runs.append(Run(cluster, profile, folder, *words))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
    subprocess.run(["scancel", "--me"], env=cluster.env, check=False)
