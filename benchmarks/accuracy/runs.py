"""Run the workflow for one entry."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from .entry import Entry

ROOT = Path(__file__).resolve().parents[2]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
LOG = "snakemake.log"


def evaluation(entry: Entry, folder: Path) -> Path:
    """Folder of the evaluation's tables."""
    return folder / "results" / entry.name / "evaluation"


def run_workflow(entry: Entry, folder: Path, cores: int) -> tuple[bool, float]:
    """Make the evaluation of an entry; what is there and up to date is not made again.

    Parameters
    ----------
    entry : Entry
    folder : Path
        Written by ``write_project``; Snakemake's messages go into ``snakemake.log`` there.
    cores : int

    Returns
    -------
    done : bool
    seconds : float
        Of wall time.
    """
    start = time.perf_counter()
    target = evaluation(entry, folder).relative_to(folder) / "summary.tsv"
    with (folder / LOG).open("w") as log:
        done = subprocess.run(
            [
                SNAKEMAKE, target, "--snakefile", ROOT / "benchmarks" / "accuracy" / "Snakefile",
                "--workflow-profile", ROOT / "workflow" / "profiles" / "default",
                "--cores", str(cores),
            ],
            cwd=folder, check=False, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return done.returncode == 0, time.perf_counter() - start
