"""Run the workflow, entry by entry."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from .entry import Entry
from .sheets import Plan, write_project

ROOT = Path(__file__).resolve().parents[2]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
LOG = "snakemake.log"


def summary(entry: Entry, folder: Path) -> Path:
    """The table that a run is finished with."""
    return folder / "results" / entry.name / "evaluation" / "summary.tsv"


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
    target = summary(entry, folder).relative_to(folder)
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


def say(text: str) -> None:
    """Tell how far the run is."""
    sys.stderr.write(f"{text}\n")


def run_all(entries: list[Entry], plan: Plan, data: Path, work: Path, cores: int) -> list[str]:
    """Run all entries, each with the first seed, then with all; names of those that failed."""
    first = replace(plan, seeds=plan.seeds[:1])
    # what is evaluated already needs no step back to fewer seeds
    new = [entry for entry in entries if not summary(entry, work / entry.name).is_file()]
    done = [entry for entry in new if run_one(entry, first, data, work, cores)]
    rest = [e for e in entries if e not in new or (e in done and plan.of(e) != first.of(e))]
    again = [entry for entry in rest if run_one(entry, plan, data, work, cores)]
    wanting = [e for e in new if e not in done] + [e for e in rest if e not in again]
    return [entry.name for entry in wanting]


def run_one(entry: Entry, plan: Plan, data: Path, work: Path, cores: int) -> bool:
    """Write the folder of an entry, run the workflow in it and say how it went."""
    folder = work / entry.name
    write_project(entry, plan, data, folder)
    done, seconds = run_workflow(entry, folder, cores)
    plan = plan.of(entry)
    what = f"{entry.name}: {', '.join(plan.models)}; {len(plan.seeds)} seeds of {plan.models[0]}"
    say(f"{what}: {f'{seconds:.0f} s' if done else f'failed, see {folder / LOG}'}")
    return done
