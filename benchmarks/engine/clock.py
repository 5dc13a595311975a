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

from .arithmetic import SLOW, repeats

PACKAGES = ("bioseqrnn", "torch", "numba", "numpy")
# a run of so many seconds is long enough not to feel the one before
SETTLING = 0.3


def rounds(
    ways: dict[str, Callable[[], object]], *, budget: float, fewest: int
) -> dict[str, list[float]]:
    """Run every way in turn, round after round; seconds of each run, by way.

    The first round warms up and is left out, unless a single run of it takes more than 20 s, where
    it would cost more than it could tell. The order turns round from one round to the next, so that
    no way always follows the same other. How many rounds there are depends on what one takes.
    """
    done: list[dict[str, float]] = []
    gc.collect()
    gc.disable()
    try:
        _round(ways, done)
        if max(done[0].values()) <= SLOW:
            _round(ways, done)
            del done[0]
        one = done[0].values()
        while len(done) < repeats(sum(one), max(one), budget, fewest):
            _round(ways, done)
    finally:
        gc.enable()
    return {name: [times[name] for times in done] for name in ways}


def _round(ways: dict[str, Callable[[], object]], done: list[dict[str, float]]) -> None:
    """Add one round, in the other order than the one before."""
    seconds = {}
    for name in reversed(ways) if len(done) % 2 else ways:
        # as in training, where a step follows one of its own kind: the threads of the other way,
        # which wait for more work for some milliseconds, have gone to sleep by the second run
        if done and done[-1][name] < SETTLING:
            ways[name]()
        start = time.perf_counter()
        ways[name]()
        seconds[name] = time.perf_counter() - start
    done.append(seconds)


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
