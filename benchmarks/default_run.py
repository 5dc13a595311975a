"""Run the default configuration from nothing and print what it took and what it reached.

    python benchmarks/default_run.py [--cores 2] [--again 1]

With ``--again N`` it runs a second time on N cores and compares every table of predictions byte by
byte. Everything happens in a temporary folder; the checkout is not touched.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
SHOWN = ("accuracy", "mcc", "auroc")


def run(folder: Path, cores: int) -> float:
    """Run the workflow in a folder; seconds of wall time."""
    folder.mkdir()
    for name in ("config", "resources"):
        (folder / name).symlink_to(ROOT / name)
    start = time.perf_counter()
    subprocess.run(
        [
            SNAKEMAKE,
            "--snakefile",
            ROOT / "workflow" / "Snakefile",
            "--cores",
            str(cores),
            "--quiet",
            "all",
        ],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def rule_seconds(results: Path) -> dict[str, list[float]]:
    """Seconds of every benchmarked job, by dataset, rule and model."""
    seconds = defaultdict(list)
    for path in sorted(results.glob("*/benchmarks/**/*.tsv")):
        dataset, _, rule = path.relative_to(results).parts[:3]
        kind = path.name.split(".")[0]
        name = f"{dataset}: {rule.removesuffix('.tsv')}"
        if rule != path.name:
            name += f" {kind}"
        with path.open() as handle:
            seconds[name] += [float(row["s"]) for row in csv.DictReader(handle, delimiter="\t")]
    return seconds


def print_tables(results: Path, wall: float, cores: int) -> None:
    """Print the run as Markdown tables."""
    print(f"Whole default run on {cores} cores: {wall:.0f} s of wall time\n")
    print("| jobs | number | median seconds |\n|---|---|---|")
    for name, values in rule_seconds(results).items():
        print(f"| {name} | {len(values)} | {sorted(values)[len(values) // 2]:.1f} |")
    print(f"\n| dataset | model | {' | '.join(SHOWN)} |\n|{'---|' * (2 + len(SHOWN))}")
    for path in sorted(results.glob("*/evaluation/summary.tsv")):
        cells: dict[str, dict[str, str]] = defaultdict(dict)
        with path.open() as handle:
            for row in csv.DictReader(handle, delimiter="\t"):
                low, high = float(row["ci_low"]), float(row["ci_high"])
                cells[row["model"]][row["metric"]] = (
                    f"{float(row['estimate']):.3f} ({low:.3f}–{high:.3f})"
                )
        for model, metrics in cells.items():
            values = " | ".join(metrics[name] for name in SHOWN)
            print(f"| {path.parts[-3]} | {model} | {values} |")


def query_accuracy(results: Path) -> None:
    """Compare the predictions of the held-out queries with the truth beside them."""
    import gzip

    print("\n| query | right | records |\n|---|---|---|")
    for dataset in ("splice", "acp"):
        with (ROOT / "resources" / dataset / "query_truth.tsv").open() as handle:
            truth = {row["id"]: row["label"] for row in csv.DictReader(handle, delimiter="\t")}
        path = results / dataset / "predictions" / f"{dataset}_query.tsv.gz"
        with gzip.open(path, "rt") as handle:
            calls = {row["id"]: row["call"] for row in csv.DictReader(handle, delimiter="\t")}
        right = sum(calls[name] == label for name, label in truth.items())
        print(f"| {dataset} | {right} | {len(truth)} |")


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--again", type=int, metavar="CORES")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        first = Path(name) / "first"
        wall = run(first, options.cores)
        print_tables(first / "results", wall, options.cores)
        query_accuracy(first / "results")
        if options.again:
            second = Path(name) / "second"
            run(second, options.again)
            paths = sorted(first.rglob("predictions*/*.parquet")) + sorted(
                first.rglob("predictions.parquet")
            )
            differ = [
                path
                for path in paths
                if path.read_bytes() != (second / path.relative_to(first)).read_bytes()
            ]
            print(
                f"\nAgain on {options.again} cores: {len(paths) - len(differ)} of {len(paths)} "
                "prediction tables are the same byte for byte"
            )
            sys.exit(bool(differ))


if __name__ == "__main__":
    main()
