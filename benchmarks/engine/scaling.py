"""Section F: time and memory as sequences get longer and more."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable

from benchmarks.encoding.measure import table

from .arithmetic import exponent, three_digits
from .clock import rounds
from .networks import jobs
from .options import Options
from .store import Row

LENGTHS = (60, 120, 250, 500, 1000, 2000, 4000)
BATCHES = (1, 4, 16, 64, 256, 1024)
MEMORY = ((64, 200), (256, 200), (64, 1000), (256, 1000), (64, 4000))
WAYS = {"bioseqrnn": "bioseqrnn", "torch": "torch.nn"}


def cases(options: Options) -> list[Row]:
    """Lengths at one batch size, batch sizes at one length, and both for memory."""
    batch, length = (options.batch or (64,))[0], (options.length or (200,))[0]
    sizes = [("length", t, batch) for t in options.length or LENGTHS]
    sizes += [("batch", length, b) for b in options.batch or BATCHES]
    given = [(b, t) for b in options.batch for t in options.length]
    sizes += [("memory", t, b) for b, t in given or MEMORY]
    return [
        {"kind": kind, "cell": cell, "hidden": h, "length": t, "batch": b}
        for cell in options.cells
        for h in options.hidden or (64,)
        for kind, t, b in sizes
    ]


def measure(case: Row, options: Options) -> Row:
    """Milliseconds of a training step, or the megabytes it takes."""
    if case["kind"] == "memory":
        return {name: round(_memory(name, case), 1) for name in WAYS}
    ways: dict[str, Callable[[], object]] = {n: job.train for n, job in jobs(case).items()}
    seconds = rounds(ways, budget=options.seconds, fewest=options.fewest)
    return {name: round(1000 * statistics.median(seconds[name]), 3) for name in WAYS}


def _memory(way: str, case: Row) -> float:
    """MB that the resident size rises by in two steps of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engine.memory_child", way, json.dumps(case)]
    child = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(child.stdout)


def show(rows: list[Row]) -> None:
    """Print time against length, time against batch size, memory against both."""
    _show_times(rows, "length", "L", "Time of a training step against length")
    _show_times(rows, "batch", "B", "Time of a training step against the number of sequences")
    header = ["cell", "H", "B", "L", "threads"]
    header += [f"{shown} MB (bytes a residue)" for shown in WAYS.values()]
    body = []
    for row in (r for r in rows if r["kind"] == "memory"):
        residues = int(row["batch"]) * int(row["length"])
        line = [str(row[key]) for key in ("cell", "hidden", "batch", "length", "threads")]
        line += [f"{row[way]:.0f} ({1e6 * float(row[way]) / residues:.0f})" for way in WAYS]
        body.append(line)
    notes = ["rise of the resident size in two training steps, in a process of its own"]
    print(table("Memory against batch × length", header, body, notes), flush=True)


def _show_times(rows: list[Row], kind: str, letter: str, title: str) -> None:
    rows = [row for row in rows if row["kind"] == kind]
    header = ["cell", "H", "threads", letter]
    header += [f"{shown} ms (µs a residue)" for shown in WAYS.values()]
    body, slopes = [], []
    for cell, hidden, threads in sorted(
        {(str(r["cell"]), int(r["hidden"]), int(r["threads"])) for r in rows}
    ):
        part = [
            r for r in rows if (r["cell"], r["hidden"], r["threads"]) == (cell, hidden, threads)
        ]
        for row in part:
            residues = int(row["batch"]) * int(row["length"])
            line = [cell, str(hidden), str(threads), str(row[kind])]
            for way in WAYS:
                ms = float(row[way])
                line.append(f"{three_digits(ms)} ({three_digits(1000 * ms / residues)})")
            body.append(line)
        if len(part) > 1:
            growth = {
                WAYS[w]: exponent([float(r[kind]) for r in part], [float(r[w]) for r in part])
                for w in WAYS
            }
            shown = ", ".join(f"{name} {slope:.2f}" for name, slope in growth.items())
            slopes.append(f"{cell}, H {hidden}, {threads} thread{'s' * (threads > 1)}: {shown}")
    notes = [f"time grows as {letter} to the power of: " + "; ".join(slopes)] if slopes else []
    print(table(title, header, body, notes), flush=True)
