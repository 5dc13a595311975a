from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BIN, ROOT

from .lab import PACKAGES, Cluster, wanting

PROFILE = ROOT / "workflow" / "profiles" / "slurm"


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


class Run:
    """Snakemake with the profile for SLURM, on the login node of a cluster."""

    def __init__(self, cluster: Cluster, folder: Path, *words: object) -> None:
        self.log = folder / f"snakemake-{len(list(folder.glob('snakemake-*')))}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    str(word)
                    for word in (
                        BIN / "snakemake", "--snakefile", ROOT / "workflow" / "Snakefile",
                        "--profile", PROFILE,
                        # the pretended nodes are small, and nobody wants to wait
                        "--cores", 2, "--resources", "mem_mb=8000",
                        "--slurm-init-seconds-before-status-checks", 3, "--latency-wait", 20,
                        *words,
                    )
                ],
                cwd=folder, env=cluster.env, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def text(self) -> str:
        return self.log.read_text()

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

    def start(folder: Path, *words: object) -> Run:
        runs.append(Run(cluster, folder, *words))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
    subprocess.run(["scancel", "--me"], env=cluster.env, check=False)
