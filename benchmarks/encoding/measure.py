"""Time, cores, versions and tables."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path

MEASURED = (
    "bioseqrnn", "numpy", "numba", "pyarrow", "pandas", "biopython", "torch",
    "tangermeme", "seqpro", "brisket", "kipoiseq", "biotrainer", "seq2onehot",
    "dnaio", "needletail", "pyfastx",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """Sizes and repeats of a run.

    Attributes
    ----------
    megabytes : float
        Size of each generated FASTA case.
    sample_megabytes : float
        Size where a way is too slow for all of it; its time is scaled up by records.
    gigabytes : float
        Size of the files whose encoding's memory is measured.
    repeats : int
    """

    megabytes: float
    sample_megabytes: float
    gigabytes: float
    repeats: int


@contextmanager
def one_core() -> Iterator[None]:
    """Keep every thread of the process on one core."""
    cores = os.sched_getaffinity(0)
    _pin({min(cores)})
    try:
        yield
    finally:
        _pin(cores)


def _pin(cores: set[int]) -> None:
    """Pin the threads there are; later ones inherit from the thread that starts them."""
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def interleaved(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Run every way in turn, ``repeats`` rounds of them; median seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, run in ways.items():
            gc.collect()
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def version(distribution: str) -> str:
    """Version of a package, or that it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def describe() -> str:
    """Machine, date and versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    versions = ", ".join(f"{name} {version(name)}" for name in MEASURED)
    return (
        f"{date.today().isoformat()}, {models[0] if models else platform.machine()}, "
        f"{len(os.sched_getaffinity(0))} cores (one used, but for memory), "
        f"Python {platform.python_version()}\n\n{versions}"
    )


def table(title: str, header: list[str], rows: list[list[str]], notes: list[str]) -> str:
    """Return a Markdown table with its notes."""
    lines = [f"\n## {title}\n", f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines += [""] * bool(notes) + [f"- {note}" for note in notes]
    return "\n".join(lines)
