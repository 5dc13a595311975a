"""Section D: beside Keras on TensorFlow and on JAX, each in a process of its own."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.encoding.measure import table

from .arithmetic import geometric_mean, paired_ratio
from .clock import rounds
from .grid import MODES
from .networks import jobs
from .options import Options
from .store import Row

CHILD = Path(__file__).with_name("keras_child.py")
BACKENDS = {"tensorflow": "Keras on TensorFlow", "jax": "Keras on JAX"}


class Peer:
    """A Keras process that works when told to and else waits."""

    def __init__(self, python: str, backend: str, case: Row, platform: str = "cpu") -> None:
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}
        # else JAX takes most of a GPU's memory, which others need beside it
        quiet |= {"JAX_PLATFORMS": platform, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        # single precision is rounded to TF32 on GPUs otherwise
        quiet["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"
        # the interpreter's own packages only
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115, as long as the process
        self._process = subprocess.Popen(
            [python, CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=environment | quiet | {"KERAS_BACKEND": backend},
        )
        self.versions: dict[str, str] = json.loads(self._ask(json.dumps(case)))

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._log.seek(0)
            said = self._log.read().strip().splitlines()[-1:]
            raise SystemExit(f"{CHILD.name}: ended without an answer: {' '.join(said)}")
        return answer

    def does(self, mode: str) -> Callable[[], object]:
        """A way to run one step of a mode."""
        return lambda: self._ask(mode)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
        self._log.close()


def cases(options: Options) -> list[Row]:
    """200 nt, two batch sizes; none without an interpreter that has Keras."""
    if options.keras_python is None:
        return []
    return [
        {"cell": c, "hidden": h, "length": t, "batch": b}
        for c in options.cells
        for h in options.hidden or (64,)
        for t in options.length or (200,)
        for b in options.batch or (64, 256)
    ]


def measure(case: Row, options: Options) -> Row:
    """Median milliseconds of all four, and ratios to ours."""
    assert options.keras_python is not None
    # every process on the same cores, as many as there are threads: the only limit all obey
    allowed = sorted(os.sched_getaffinity(0))[: int(os.environ["OMP_NUM_THREADS"])]
    os.sched_setaffinity(0, allowed)
    pair = jobs(case)
    peers = {name: Peer(options.keras_python, name, case) for name in BACKENDS}
    row: Row = {f"{n}_version": peer.versions["backend"] for n, peer in peers.items()}
    row["keras_version"] = peers["jax"].versions["keras"]
    for mode in MODES:
        ways: dict[str, Callable[[], object]] = {n: getattr(j, mode) for n, j in pair.items()}
        ways |= {name: peer.does(mode) for name, peer in peers.items()}
        seconds = rounds(ways, budget=2 * options.seconds, fewest=options.fewest)
        for name, values in seconds.items():
            row[f"{mode}_{name}_ms"] = round(1000 * statistics.median(values), 3)
            if name != "bioseqrnn":
                row[f"{mode}_{name}_ratio"] = round(paired_ratio(seconds["bioseqrnn"], values), 3)
        row[f"{mode}_repeats"] = len(seconds["torch"])
    for peer in peers.values():
        peer.close()
    return row


def show(rows: list[Row]) -> None:
    """Print sequences a second of all, and how many times theirs ours are."""
    if not rows:
        print("\nKeras: not measured; name its interpreter with --keras-python", flush=True)
        return
    names = {"torch": "torch.nn"} | BACKENDS
    for mode, shown in MODES.items():
        header = ["cell", "H", "L", "B", "threads", "bioseqrnn /s"]
        header += [f"{name} /s (ours ×)" for name in names.values()]
        body = []
        for row in rows:
            line = [str(row[key]) for key in ("cell", "hidden", "length", "batch", "threads")]
            line.append(f"{_rate(row, mode, 'bioseqrnn'):.0f}")
            line += [
                f"{_rate(row, mode, name):.0f} ({row[f'{mode}_{name}_ratio']:.2f} ×)"
                for name in names
            ]
            body.append(line)
        means = [
            f"{shown_name}: geometric mean "
            f"{geometric_mean(float(row[f'{mode}_{name}_ratio']) for row in rows):.2f} ×"
            for name, shown_name in names.items()
        ]
        first = rows[0]
        notes = [
            f"Keras {first['keras_version']}, "
            f"{first['tensorflow_version']}, {first['jax_version']}",
            "train_on_batch and predict_on_batch, jit_compile=True, float one-hot from NumPy; "
            "every process on the same cores, as many as threads",
            "; ".join(means),
        ]
        print(table(f"Sequences a second, {shown}", header, body, notes), flush=True)


def _rate(row: Row, mode: str, name: str) -> float:
    return 1000 * float(row["batch"]) / float(row[f"{mode}_{name}_ms"])
