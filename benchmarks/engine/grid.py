"""Sections A and B: training and inference beside torch.nn over a grid of sizes."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from itertools import product

from benchmarks.encoding.measure import table

from .arithmetic import geometric_mean, paired_ratio, three_digits
from .clock import rounds
from .networks import jobs
from .options import Options, Values
from .store import Row

HIDDEN, LENGTH, BATCH = (32, 64, 128, 256), (60, 200, 1000), (64, 256)
DENSE_INPUTS = 48
DENSE_HIDDEN, DENSE_LENGTH = (64, 128), (200,)
MODES = {"train": "training step", "predict": "inference"}


def _cases(options: Options, hidden: Values, length: Values, batch: Values) -> list[Row]:
    found = product(
        options.length or length, options.batch or batch, options.hidden or hidden, options.cells
    )
    return [{"cell": c, "hidden": h, "length": t, "batch": b} for t, b, h, c in found]


def cases(options: Options) -> list[Row]:
    """Sizes of the grid, the quick ones first."""
    return _cases(options, HIDDEN, LENGTH, BATCH)


def dense_cases(options: Options) -> list[Row]:
    """Sizes with dense input."""
    return _cases(options, DENSE_HIDDEN, DENSE_LENGTH, BATCH)


def _measure(case: Row, options: Options, inputs: int | None) -> Row:
    pair = jobs(case, inputs)
    row: Row = {}
    for mode in MODES:
        ways: dict[str, Callable[[], object]] = {n: getattr(j, mode) for n, j in pair.items()}
        seconds = rounds(ways, budget=options.seconds, fewest=options.fewest)
        for name, values in seconds.items():
            row[f"{mode}_{name}_ms"] = round(1000 * statistics.median(values), 3)
        ratio = paired_ratio(seconds["bioseqrnn"], seconds["torch"])
        row[f"{mode}_ratio"] = round(ratio, 3)
        row[f"{mode}_repeats"] = len(seconds["torch"])
    return row


def measure(case: Row, options: Options) -> Row:
    """Median milliseconds of both ways, their paired ratio, and the number of repeats."""
    return _measure(case, options, None)


def measure_dense(case: Row, options: Options) -> Row:
    """The same with dense input."""
    return _measure(case, options, DENSE_INPUTS)


def summary(rows: list[Row]) -> list[list[str]]:
    """Per cell type and threads: geometric means, and the lowest ratio with where it is."""
    found = []
    for cell, threads in sorted({(str(r["cell"]), int(r["threads"])) for r in rows}):
        part = [r for r in rows if r["cell"] == cell and r["threads"] == threads]
        line = [cell, str(threads), str(len(part))]
        for mode in MODES:
            low = min(part, key=lambda row: float(row[f"{mode}_ratio"]))
            mean = geometric_mean(float(r[f"{mode}_ratio"]) for r in part)
            where = f"H {low['hidden']}, L {low['length']}, B {low['batch']}"
            line += [f"{mean:.2f} ×", f"{low[f'{mode}_ratio']:.2f} × ({where})"]
        found.append(line)
    return found


def pivot(rows: list[Row], mode: str) -> tuple[list[str], list[list[str]]]:
    """Header and lines: a line a size, a column a cell type and thread count."""
    columns = sorted({(str(r["cell"]), int(r["threads"])) for r in rows})
    lines: dict[tuple[int, int, int], dict[tuple[str, int], str]] = {}
    for row in rows:
        size = (int(row["hidden"]), int(row["length"]), int(row["batch"]))
        fewer = "*" if int(row[f"{mode}_repeats"]) < 5 else ""
        ms = three_digits(float(row[f"{mode}_bioseqrnn_ms"]))
        shown = f"{row[f'{mode}_ratio']:.2f} ×{fewer} ({ms})"
        lines.setdefault(size, {})[(str(row["cell"]), int(row["threads"]))] = shown
    header = ["H", "L", "B"] + [f"{cell}, {n} thread{'s' * (n > 1)}" for cell, n in columns]
    body = [
        [*map(str, size), *(line.get(column, "–") for column in columns)]
        for size, line in sorted(lines.items())
    ]
    return header, body


def _show(rows: list[Row], inputs: str) -> None:
    header = ["cell", "threads", "sizes"]
    for shown in MODES.values():
        header += [f"{shown}: geometric mean", "lowest"]
    notes = [f"bidirectional, {inputs}; ×: how many times as fast as torch.nn (sequences/s)"]
    print(table(f"Beside torch.nn: {inputs}", header, summary(rows), notes), flush=True)
    for mode, shown in MODES.items():
        notes = ["× torch.nn's speed (milliseconds of ours); *: fewer than 5 repeats"]
        print(table(f"{shown.capitalize()}, {inputs}", *pivot(rows, mode), notes), flush=True)


def show(rows: list[Row]) -> None:
    """Print the tables of the grid."""
    _show(rows, "one-hot DNA")


def show_dense(rows: list[Row]) -> None:
    """Print the tables of dense input."""
    _show(rows, f"dense input of size {DENSE_INPUTS} with its gradient")
