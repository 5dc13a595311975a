"""Speed and memory of genome scans, beside the same network on ``torch.nn``.

    python -m benchmarks.scan GENOME.fa.gz [--threads 2] [--sample 40000] [--repeats 3]

The network is a bidirectional GRU of 64 units with the stem of the default recipe. Its weights are
random, which costs the same time as trained ones. It reads windows of 200 bases every 50 bases of
both strands. ``torch.nn`` reads a sample of the genome, each window as a record of its own, as
``bioseqrnn predict`` does with ``BIOSEQRNN_ENGINE=torch``; its time is scaled to the genome. Every
measurement is a process of its own, in turn, and medians are shown: seconds of the clock, and of
all cores together, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WINDOW, STRIDE, HIDDEN = 200, 50, 64
RECIPES = {
    "each strand its own score": "single",
    "one score for both strands": "both",
}
WAYS = ("scan", "torch.nn")


def make_model(path: Path, strands: str) -> None:
    """Write the network, with random weights."""
    import torch

    from bioseqrnn.config.models import ModelConfig
    from bioseqrnn.networks.classifier import SequenceClassifier
    from bioseqrnn.networks.defaults import fit_config
    from bioseqrnn.networks.store import save_model
    from bioseqrnn.tasks import TASKS

    torch.manual_seed(1)
    about = {"alphabet": "dna", "strands": strands, "task": "binary"}
    config = fit_config(ModelConfig(cell="gru", hidden_size=HIDDEN), about)
    network = SequenceClassifier(config, 4, 2, TASKS["binary"])
    card = about | {
        "symbols": "ACGT", "classes": ["no", "yes"], "config": config.model_dump(),
        "model": "gru", "trained_on": 1000, "trained_lengths": [WINDOW, WINDOW],
    }  # fmt: skip
    save_model(path, network, card)


def child(way: str, model: Path, genome: Path, threads: int) -> dict[str, float]:
    """Scan once in this process; return seconds and the peak of memory."""
    from bioseqrnn.config.machine import MachineConfig
    from bioseqrnn.stages.scanning import run

    machine = MachineConfig(device="cpu", threads=threads)
    if way == "torch.nn":
        import bioseqrnn.combination.overlapping as plain

        # each window by itself
        plain.shares_stem = lambda *_: False  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "warm.fa"
        small.write_text(">warm\n" + "ACGTTGCATTAG" * 200 + "\n")
        run.scan_genome(
            model, [small], [Path(folder) / "warm.bed"], choices=run.Choices(), machine=machine
        )
        wall, cpu = time.perf_counter(), time.process_time()
        windows = run.scan_genome(
            model, [genome], [Path(folder) / "out.bed"], choices=run.Choices(), machine=machine
        )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "windows": windows, "mib": peak}


def measured(way: str, model: Path, genome: Path, threads: int) -> dict[str, float]:
    """Run ``child`` in a new process."""
    engine = {"BIOSEQRNN_ENGINE": "torch"} if way == "torch.nn" else {}
    limits = {"OMP_NUM_THREADS": str(threads)}
    words = [sys.executable, "-m", "benchmarks.scan", str(genome), "--child", way,
             "--model", str(model), "--threads", str(threads)]  # fmt: skip
    done = subprocess.run(
        words, env={**os.environ, **engine, **limits}, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def sample(genome: Path, bases: int, output: Path) -> int:
    """Write the middle of the first record; return the bases of all records."""
    from bioseqrnn.fasta.genome import Genome

    whole = Genome(genome)
    name, length = next(iter(whole.lengths.items()))
    start = max(0, (length - bases) // 2)
    output.write_text(f">{name}\n{whole.fetch(name, start, min(length, start + bases))}\n")
    return sum(whole.lengths.values())


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("genome", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sample", type=int, default=40_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", choices=WAYS)
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(given.child, given.model, given.genome, given.threads)))
        return
    print("| network | bases | way | s | CPU s | windows/s of CPU | MiB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        part, half = Path(folder) / "part.fa", Path(folder) / "half.fa"
        bases = sample(given.genome, given.sample, part)
        sample(given.genome, bases // 4, half)
        for words, strands in RECIPES.items():
            model = Path(folder) / f"{strands}.safetensors"
            make_model(model, strands)
            jobs = {
                ("scan", given.genome): bases, ("scan", half): bases // 4,
                ("scan", part): given.sample, ("torch.nn", part): given.sample,
            }  # fmt: skip
            found: dict[tuple[str, Path], list[dict[str, float]]] = {job: [] for job in jobs}
            for _ in range(given.repeats):
                for way, genome in jobs:
                    found[way, genome].append(measured(way, model, genome, given.threads))
            for (way, genome), own in found.items():
                wall, cpu, mib = (
                    statistics.median(one[key] for one in own) for key in ("wall", "cpu", "mib")
                )
                print(
                    f"| {words} | {jobs[way, genome]:,} | {way} | {wall:.1f} | {cpu:.1f} | "
                    f"{own[0]['windows'] / cpu:,.0f} | {mib:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
