"""Section C: what share of the matrix-product peak training reaches, and where time goes."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable

import torch
from benchmarks.encoding.measure import table
from torch import Tensor, nn

from .arithmetic import recurrent_flops, three_digits
from .clock import rounds
from .networks import Job, jobs, sizes
from .options import Options
from .store import Row

# Large enough for the peak, short enough to fit between two turns of the neighbours
SIDE, PRODUCTS = 1536, 10
PHASES = {
    "recurrent_forward": "recurrence, forward",
    "head_forward": "pooling, head and loss, forward",
    "head_backward": "the same, backward",
    "recurrent_backward": "recurrence, backward",
    "optimiser": "optimiser",
}


def cases(options: Options) -> list[Row]:
    """One size, unless others are given."""
    return [
        {"cell": c, "hidden": h, "length": t, "batch": b}
        for c in options.cells
        for h in options.hidden or (128,)
        for t in options.length or (200,)
        for b in options.batch or (64,)
    ]


def phases(job: Job) -> dict[str, float]:
    """Seconds of each part of one training step.

    The gradient's arrival at the recurrent layer's output parts the backward pass in two.
    """
    arrival = 0.0

    def arrived(_: Tensor) -> None:
        nonlocal arrival
        arrival = time.perf_counter()

    job.optimizer.zero_grad()
    marks = [time.perf_counter()]
    output, _ = job.network.recurrent(job.x)
    marks.append(time.perf_counter())
    output.register_hook(arrived)
    loss = nn.functional.binary_cross_entropy_with_logits(job.network.pool(output), job.y)
    marks.append(time.perf_counter())
    loss.backward()
    marks += [arrival, time.perf_counter()]
    job.optimizer.step()
    marks.append(time.perf_counter())
    return dict(zip(PHASES, (b - a for a, b in itertools.pairwise(marks)), strict=True))


def measure(case: Row, options: Options) -> Row:
    """Peak in GFLOP/s, milliseconds of a step and its parts, shares of the peak."""
    pair = jobs(case)
    a, b = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    c = torch.empty(SIDE, SIDE)
    parts: dict[str, list[dict[str, float]]] = {name: [] for name in pair}

    def timed(name: str, job: Job) -> Callable[[], None]:
        return lambda: parts[name].append(phases(job))

    products: list[float] = []

    def multiply() -> None:
        for _ in range(PRODUCTS):
            start = time.perf_counter()
            torch.mm(a, b, out=c)
            products.append(time.perf_counter() - start)

    ways: dict[str, Callable[[], object]] = {"sgemm": multiply}
    ways |= {name: job.train for name, job in pair.items()}
    ways |= {f"{name}, in parts": timed(name, job) for name, job in pair.items()}
    seconds = rounds(ways, budget=5 * options.seconds, fewest=options.fewest)
    # the best run is the peak; a median would be that of the neighbours' load
    peak = 2 * SIDE**3 / min(products) / 1e9
    gflop = recurrent_flops(*sizes(case)) / 1e9
    row: Row = {"peak_gflops": round(peak, 1), "useful_gflop": round(gflop, 4)}
    for name in pair:
        step = statistics.median(seconds[name])
        row[f"{name}_ms"] = round(1000 * step, 3)
        row[f"{name}_share"] = round(gflop / step / peak, 4)
        for phase in PHASES:
            # the first is the untimed one
            value = statistics.median(run[phase] for run in parts[name][1:])
            row[f"{name}_{phase}_ms"] = round(1000 * value, 3)
    return row


def _parts(row: Row) -> list[list[str]]:
    """A line a phase: milliseconds, and of the recurrence the share of the peak."""
    lines = []
    thirds = {"recurrent_forward": 1, "recurrent_backward": 2}
    for phase, shown in PHASES.items():
        line = [str(row["cell"]), str(row["threads"]), shown]
        for name in ("bioseqrnn", "torch"):
            ms = float(row[f"{name}_{phase}_ms"])
            line.append(three_digits(ms))
            gflop = float(row["useful_gflop"]) * thirds.get(phase, 0) / 3
            share = 100 * gflop / (ms / 1000) / float(row["peak_gflops"])
            line.append(f"{share:.0f} %" if phase in thirds else "–")
        lines.append(line)
    return lines


def show(rows: list[Row]) -> None:
    """Print the shares and the parts."""
    header = ["cell", "H", "L", "B", "threads", "sgemm peak GFLOP/s"]
    header += ["bioseqrnn ms", "of the peak", "torch.nn ms", "of the peak"]
    body = []
    for row in rows:
        line = [str(row[key]) for key in ("cell", "hidden", "length", "batch", "threads")]
        line.append(f"{row['peak_gflops']:.0f}")
        for name in ("bioseqrnn", "torch"):
            line.append(three_digits(float(row[f"{name}_ms"])))
            line.append(f"{100 * float(row[f'{name}_share']):.0f} %")
        body.append(line)
    notes = [
        f"peak: best torch.mm of {SIDE} × {SIDE} single-precision matrices, between the other "
        "runs; a kernel that suits the processor better than this product may pass it",
        "useful operations of a step: 3 × 2 × B × L × 2 directions × H × gates·H, the recurrent "
        "products alone; input products and everything element by element are not counted",
    ]
    print(table("Share of the matrix-product peak, training", header, body, notes), flush=True)
    header = ["cell", "threads", "part"]
    header += ["bioseqrnn ms", "of the peak", "torch.nn ms", "of the peak"]
    notes = ["of the peak: a third of the useful operations are forward, two thirds backward"]
    lines = [line for row in rows for line in _parts(row)]
    print(table("Where a training step's time goes", header, lines, notes), flush=True)
