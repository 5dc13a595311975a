"""In-silico mutagenesis: all single changes of random DNA records, in three ways.

    python -m benchmarks.attribution [--records 1000] [--length 200] [--cells gru] [--threads 1]

``reuse`` is what ``bioseqrnn attribute`` does: states, products and sums that a change does not
reach are computed once. ``whole`` predicts every changed record from its beginning on the same
kernels, ``torch.nn`` the same on the recurrent layers of torch.nn. The networks have the default
settings and random weights, which does not change their time. The two slower ways are measured on
``--slow`` records and multiplied. Each way runs in a process of its own. The table has wall time
and CPU time for all records, and the largest difference from the logits of ``whole``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import torch

from bioseqrnn.attribution.attribution import Explained
from bioseqrnn.attribution.changes import changed_logits, plainly_changed
from bioseqrnn.attribution.mutagenesis import single_changes
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.defaults import fit_config
from bioseqrnn.networks.recurrent import ENGINE
from bioseqrnn.support.arrays import Floats
from bioseqrnn.tasks import task_of

WAYS: dict[str, tuple[str, Callable[..., Any]]] = {
    "reuse": ("numba", changed_logits),
    "whole": ("numba", plainly_changed),
    "torch.nn": ("torch", plainly_changed),
}
# of how many records the differences are compared
COMPARED = 3


def network(cell: str) -> Explained:
    """A network of three classes with the default settings for DNA."""
    torch.manual_seed(1)
    metadata = {"alphabet": "dna", "strands": "single", "task": "multiclass"}
    config = fit_config(ModelConfig(cell=cell), metadata)
    model = SequenceClassifier(config, 4, 3, task_of("multiclass"))
    return Explained(model, 1.0, np.full(4, 0.25), torch.device("cpu"))


def records(count: int, length: int) -> list[Floats]:
    """Random one-hot records."""
    rng = np.random.default_rng(1)
    eye = np.eye(4, dtype=np.float32)
    return [eye[rng.integers(0, 4, length)] for _ in range(count)]


def measure(way: str, cell: str, count: int, length: int) -> dict[str, Any]:
    """Time one way in this process, after a first record that compiles or loads kernels."""
    model, given = network(cell), records(count, length)
    change = WAYS[way][1]
    found = [change(model, x, *single_changes(x)) for x in given[:COMPARED]]
    wall, cpu = time.perf_counter(), time.process_time()
    for x in given:
        change(model, x, *single_changes(x))
    times = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": times[0], "cpu": times[1], "logits": np.concatenate(found).tolist()}


def in_child(way: str, cell: str, count: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure in a new process, whose recurrent layers are those of the way."""
    words = ["--child", way, "--cells", cell, "--records", str(count)]
    words += ["--length", str(arguments.length), "--threads", str(arguments.threads)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.attribution", *words],
        env=os.environ | {ENGINE: WAYS[way][0], "OMP_NUM_THREADS": str(arguments.threads)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--slow", type=int, default=50)
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument("--cells", nargs="+", default=["rnn", "gru", "lstm"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.child:
        found = measure(arguments.child, arguments.cells[0], arguments.records, arguments.length)
        print(json.dumps(found))
        return
    print(f"{arguments.records:,} records of {arguments.length} nt, "
          f"{arguments.records * arguments.length * 3:,} changed records, "
          f"{arguments.threads} thread(s), {date.today()}\n")  # fmt: skip
    print("| cell | way | wall, s | CPU, s | CPU, times `reuse` | largest difference |")
    print("|---|---|---|---|---|---|")
    for cell in arguments.cells:
        counts = {way: arguments.records if way == "reuse" else arguments.slow for way in WAYS}
        found = {way: in_child(way, cell, counts[way], arguments) for way in WAYS}
        wanted = np.array(found["whole"]["logits"])
        cpu = {way: found[way]["cpu"] * arguments.records / counts[way] for way in WAYS}
        for way in WAYS:
            wall = found[way]["wall"] * arguments.records / counts[way]
            off = np.abs(np.array(found[way]["logits"]) - wanted).max()
            ratio = cpu[way] / cpu["reuse"]
            print(f"| {cell} | {way} | {wall:.0f} | {cpu[way]:.0f} | {ratio:.1f} | {off:.0e} |")


if __name__ == "__main__":
    main()
