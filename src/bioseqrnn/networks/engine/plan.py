"""Distribution of the work: a batch is cut into tiles, tiles form jobs, jobs run on threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from bioseqrnn.networks.engine.forward import Tiles
from bioseqrnn.networks.engine.products import ROWS
from bioseqrnn.support.arrays import Ints

# Sequences per tile, a multiple of ROWS. With more sequences, more of them share one pass over the
# weights; with fewer, more of their history stays in cache and there are more jobs. This number was
# the fastest in measurements.
TILE = 32 // ROWS * ROWS
# Partial sums of the gradients of the weights, per direction. This limits how many threads can
# work, and how much memory the partial sums take.
GROUPS = 16


def cut(lengths: Ints) -> Tiles:
    """Cut a batch into tiles, longest sequences first, ties in the order of the batch."""
    order = np.argsort(-lengths, kind="stable")
    ordered = lengths[order]
    starts = np.append(np.arange(0, len(lengths), TILE), len(lengths))
    rows = np.concatenate([[0], np.cumsum(ordered)])[starts]
    return Tiles(order, ordered, starts, rows)


def share(weights: Ints, threads: int) -> list[Ints]:
    """Assign jobs to threads, largest first, each to the thread with the least work so far.

    Parameters
    ----------
    weights : int64 [jobs]
        Amount of work of each job.
    threads : int

    Returns
    -------
    list of int64 arrays
        Job numbers of each thread; at most ``threads`` arrays, none empty.
    """
    loads = [0] * min(threads, len(weights))
    shares: list[list[int]] = [[] for _ in loads]
    for job in np.argsort(-weights, kind="stable"):
        least = loads.index(min(loads))
        loads[least] += int(weights[job])
        shares[least].append(int(job))
    return [np.array(jobs) for jobs in shares]


_executor: tuple[int, ThreadPoolExecutor] | None = None


def _forget() -> None:
    global _executor
    _executor = None


# a forked process does not have the threads of its parent
os.register_at_fork(after_in_child=_forget)


def run(tasks: Sequence[Callable[[], Any]]) -> None:
    """Run tasks in parallel, the first in this thread; they release Python's global lock.

    Returns, or raises the error of a task, only after all tasks have ended: they write into arrays
    of the caller.
    """
    global _executor
    if len(tasks) > 1 and (_executor is None or _executor[0] < len(tasks) - 1):
        _executor = len(tasks) - 1, ThreadPoolExecutor(len(tasks) - 1, "bioseqrnn")
    futures = [_executor[1].submit(task) for task in tasks[1:]] if _executor else []
    try:
        tasks[0]()
    finally:
        wait(futures)
    for future in futures:
        future.result()
