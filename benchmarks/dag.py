"""Time Snakemake on DAGs of many jobs and print a table.

    python -m benchmarks.dag [--trainings 1000,10000,100000] [--repeats 3]

Every dataset has 10 folds × 5 seeds × 4 models, that is 200 trainings, and 18 other jobs. Printed
are medians of the wall time and the peak memory of ``snakemake --dry-run``

- with nothing made;
- of Snakemake alone: as many jobs of one rule that has one output, no input, no parameter;
- of the first of ten batches (``--batch all=1/10``), with nothing made;
- with everything made: the files are empty, which a dry run does not notice, and have no recorded
  provenance, as after ``rm -r .snakemake``.

Everything happens in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
OURS = ROOT / "workflow" / "Snakefile"
FOLDS, SEEDS, MODELS = 10, 5, 4
PART = "all=1/10"
ALONE = """\
rule all:
    input: expand("made/{{i}}.txt", i=range({jobs} - 1))

rule one:
    output: "made/{{i}}.txt"
    shell: "touch {{output}}"
"""


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


def dry_run(folder: Path, snakefile: Path, *words: str) -> tuple[float, float, str]:
    """Seconds of wall time, peak memory in GB, and what Snakemake printed."""
    command = [SNAKEMAKE, "--snakefile", snakefile, "--cores", "2", "--dry-run", *words]
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


def measure(trainings: int, repeats: int) -> list[str]:
    """Cells of one row: the numbers of trainings and of jobs, then seconds and GB of each run."""
    with tempfile.TemporaryDirectory(prefix="bioseqrnn-dag-") as name:
        folder = Path(name)
        write_project(folder, max(1, trainings // (FOLDS * SEEDS * MODELS)))
        printed = dry_run(folder, OURS)[2]
        jobs = int(re.findall(r"^total +(\d+)", printed, re.M)[-1])
        alone = folder / "alone" / "Snakefile"
        alone.parent.mkdir()
        alone.write_text(ALONE.format(jobs=jobs))
        kinds = [(folder, OURS), (alone.parent, alone), (folder, OURS, "--batch", PART)]
        # in turn, so that a slower machine is slower for all of them
        rounds = [[dry_run(*kind, "--quiet", "all") for kind in kinds] for _ in range(repeats)]
        make_all(folder, printed)
        for each in rounds:
            each.append(dry_run(folder, OURS, "--quiet", "all"))
    cells = [f"{trainings:,}", f"{jobs:,}"]
    for runs in zip(*rounds, strict=True):
        seconds, memory, _ = zip(*runs, strict=True)
        cells += [f"{statistics.median(seconds):.0f}", f"{statistics.median(memory):.2f}"]
    return cells


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trainings", default="1000,10000,100000")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    heads = ["dry run, s", "Snakemake alone, s", "one of ten batches, s", "all made, s"]
    head = ["trainings", "jobs", *(word for name in heads for word in (name, "GB"))]
    print("|", " | ".join(head), "|")
    print("|" + "---|" * len(head))
    for trainings in (int(word) for word in options.trainings.split(",")):
        print("|", " | ".join(measure(trainings, options.repeats)), "|", flush=True)


if __name__ == "__main__":
    main()
