"""Running several ways in turn and timing each; what the machine was."""

from __future__ import annotations

import gc
import os
import platform
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks.encoding.measure import version

from .arithmetic import repeats

PACKAGES = ("bioseqrnn", "torch", "numba", "numpy")


def rounds(
    ways: dict[str, Callable[[], object]], *, budget: float, fewest: int
) -> dict[str, list[float]]:
    """Run every way once untimed, then in turn; seconds of each run, by way.

    The order turns round from one round to the next, so that no way always follows the same other.
    How many rounds there are depends on what the first took.
    """
    for run in ways.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    wanted = done = 0
    gc.collect()
    gc.disable()
    try:
        while done == 0 or done < wanted:
            for name in names:
                start = time.perf_counter()
                ways[name]()
                seconds[name].append(time.perf_counter() - start)
            names.reverse()
            if done == 0:
                first = [values[0] for values in seconds.values()]
                wanted = repeats(sum(first), max(first), budget, fewest)
            done += 1
    finally:
        gc.enable()
    return seconds


def describe() -> str:
    """Machine, date, versions and how busy the machine was at the start."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{date.today().isoformat()}, {models[0] if models else platform.machine()}, "
        f"{len(os.sched_getaffinity(0))} cores (load {os.getloadavg()[0]:.1f} at the start), "
        f"Python {platform.python_version()}, {versions}"
    )
