"""Time Snakemake on DAGs of many jobs and print a table.

    python -m benchmarks.dag [--trainings 1000,10000,100000]

Every dataset has 10 folds × 5 seeds × 4 models, that is 200 trainings, and 18 other jobs. Printed
are the wall time and the peak memory of ``snakemake --dry-run`` with nothing made, then with
everything made: the files are empty, which a dry run does not notice, and have no recorded
provenance, as after ``rm -r .snakemake``. Everything happens in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
FOLDS, SEEDS, MODELS = 10, 5, 4


def write_project(folder: Path, datasets: int) -> None:
    """Write sheets and settings of so many datasets; all have the bundled peptides."""
    (folder / "config").mkdir(parents=True)
    names = [f"d{number}" for number in range(datasets)]
    rows = ["dataset\tfasta\tlabel"]
    for name in names:
        rows += [f"{name}\t{ROOT}/resources/acp/{label}.fa\t{label}" for label in ("ACP", "Random")]
    (folder / "config" / "datasets.tsv").write_text("\n".join(rows) + "\n")
    config = {
        "queries": None,
        "dataset_options": {name: {"positive": "ACP"} for name in names},
        "folds": {"count": FOLDS, "compare_random": []},
        "models": {
            f"m{size}": {"cell": "gru", "hidden_size": size} for size in range(8, 8 + MODELS)
        },
        "baselines": ["composition"],
        "seeds": list(range(1, SEEDS + 1)),
    }
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))


def dry_run(folder: Path, *words: str) -> tuple[float, float, str]:
    """Seconds of wall time, peak memory in GB, and what Snakemake printed."""
    command = [
        SNAKEMAKE, "--snakefile", ROOT / "workflow" / "Snakefile", "--cores", "2",
        "--dry-run", *words,
    ]  # fmt: skip
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as text:
        process = subprocess.Popen(command, cwd=folder, stdout=text, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        text.seek(0)
        printed = text.read()
    if status:
        sys.exit(printed[-2000:])
    return seconds, usage.ru_maxrss / 1e6, printed


def make_all(folder: Path, printed: str) -> None:
    """Make every output that a dry run has named, oldest first."""
    for line in re.findall(r"^    output: (.*)$", printed, re.M):
        for name in line.split(", "):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trainings", default="1000,10000,100000")
    sizes = [int(word) for word in parser.parse_args().trainings.split(",")]
    print("| trainings | jobs | dry run, s | GB | with everything made, s | GB |")
    print("|---|---|---|---|---|---|")
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="bioseqrnn-dag-") as name:
            folder = Path(name)
            write_project(folder, max(1, size // (FOLDS * SEEDS * MODELS)))
            seconds, memory, _ = dry_run(folder, "--quiet", "all")
            printed = dry_run(folder)[2]
            jobs = re.findall(r"^total +(\d+)", printed, re.M)[-1]
            make_all(folder, printed)
            again, peak, _ = dry_run(folder, "--quiet", "all")
            cells = [f"{size:,}", f"{int(jobs):,}", f"{seconds:.0f}", f"{memory:.2f}"]
            print("|", " | ".join([*cells, f"{again:.0f}", f"{peak:.2f}"]), "|", flush=True)


if __name__ == "__main__":
    main()
