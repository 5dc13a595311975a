"""Section E: what sequences of different lengths cost, beside equal ones."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np
import torch
from benchmarks.encoding.measure import table
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bioseqrnn.inference.batches import POOL_BATCHES, bucketed
from bioseqrnn.networks.pooling import Pooling

from .arithmetic import paired_ratio
from .clock import rounds
from .networks import SYMBOLS, Classifier, Job, batch_of_dna, classifier, require_same
from .options import Options
from .store import Row

BATCHES = 4
WITHIN = 1.15
KINDS = {
    "uniform": "uniform, 20–400",
    "skewed": "log-normal, median 120, 20–2000",
}
MODES = {"train": "training", "predict": "inference"}


def draw(kind: str, count: int) -> np.ndarray:
    """Lengths, int64 [count]."""
    rng = np.random.default_rng(4)
    if kind == "uniform":
        return rng.integers(20, 400, count, endpoint=True)
    return np.clip(rng.lognormal(np.log(120), 0.8, count), 20, 2000).astype(np.int64)


class _Pooled(Classifier):
    """Our layers under the pooling that the package's networks have."""

    def pool(self, output: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map [batch, time, features] to logits [batch]."""
        batch, time, features = output.shape
        ends = torch.full((batch,), time) if lengths is None else lengths
        mask = torch.arange(time) < ends.unsqueeze(1)
        pooled = Pooling(["max"], features)(output, output[:, 0], mask)
        logits: Tensor = self.head(pooled).squeeze(1)
        return logits


class _Packed(Classifier):
    """torch.nn's layers on packed sequences, as its documentation has it."""

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map a padded batch [batch, time, symbols] to logits [batch]."""
        assert lengths is not None
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = self.recurrent(packed)
        padded, _ = pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])
        return self.pool(padded, lengths)


def cases(options: Options) -> list[Row]:
    """Both kinds of lengths at two batch sizes."""
    return [
        {"kind": kind, "cell": c, "hidden": h, "batch": b}
        for kind in KINDS
        for c in options.cells
        for h in options.hidden or (64,)
        for b in options.batch or (64, 256)
    ]


def _padded(batches: list[np.ndarray], lengths: np.ndarray) -> list[tuple[Tensor, Tensor]]:
    """One-hot sequences [batch, longest, symbols] and their lengths, a pair for each batch."""
    longest = [int(lengths[rows].max()) for rows in batches]
    return [
        (batch_of_dna(len(rows), most)[0], torch.from_numpy(lengths[rows]))
        for rows, most in zip(batches, longest, strict=True)
    ]


def _sample(batches: list[np.ndarray], lengths: np.ndarray) -> list[np.ndarray]:
    """A few of the batches of an epoch, from short ones to long ones."""
    batches = sorted(batches, key=lambda rows: int(lengths[rows].max()))
    step = len(batches) // BATCHES
    return batches[step // 2 :: step]


def _over(job: Job, mode: str, batches: list[tuple[Tensor, Tensor]], equal: bool) -> None:
    """Run a mode over all batches."""
    for x, lengths in batches:
        job.x, job.lengths = x, None if equal else lengths
        job.y = torch.zeros(len(x))
        getattr(job, mode)()


def measure(case: Row, options: Options) -> Row:
    """Seconds per million residues of equal, random and bucketed batches, and ratios to equal."""
    cell, hidden, batch = str(case["cell"]), int(case["hidden"]), int(case["batch"])
    lengths = draw(str(case["kind"]), POOL_BATCHES * batch)
    rows = np.arange(len(lengths))
    some = rows[: BATCHES * batch].reshape(BATCHES, batch)
    mean = round(lengths.mean())
    layer = classifier("bioseqrnn", cell, hidden, SYMBOLS).recurrent
    ours = Job(_Pooled(layer), *batch_of_dna(2, 3))
    packed = Job(_Packed(classifier("torch", cell, hidden, SYMBOLS).recurrent), *batch_of_dna(2, 3))
    packed.network.load_state_dict(ours.network.state_dict())
    random = _padded(list(some), lengths)
    alike = _padded(
        _sample(bucketed(rows, lengths, batch, np.random.default_rng(5)), lengths), lengths
    )
    equal = _padded(list(some), np.full(len(lengths), mean))
    require_same(
        {"ours": lambda: ours.network(*random[0]), "packed": lambda: packed.network(*random[0])},
        str(case),
    )
    sets = {
        "equal": (ours, equal, True),
        "random": (ours, random, False),
        "bucketed": (ours, alike, False),
        "packed": (packed, random, False),
    }
    residues = {name: sum(int(n.sum()) for _, n in chosen[1]) for name, chosen in sets.items()}
    row: Row = {"mean": mean, "longest": int(lengths.max())}
    for mode in MODES:
        ways: dict[str, Callable[[], object]] = {
            name: lambda job=job, mode=mode, data=data, plain=plain: _over(job, mode, data, plain)
            for name, (job, data, plain) in sets.items()
        }
        seconds = rounds(ways, budget=2 * options.seconds, fewest=options.fewest)
        cost = {n: [s / residues[n] for s in values] for n, values in seconds.items()}
        for name, values in cost.items():
            row[f"{mode}_{name}_us"] = round(1e6 * statistics.median(values), 5)
        for name in ("random", "bucketed", "packed"):
            row[f"{mode}_{name}_ratio"] = round(paired_ratio(cost["equal"], cost[name]), 3)
        row[f"{mode}_repeats"] = len(seconds["equal"])
    return row


def show(rows: list[Row]) -> None:
    """Print the cost per residue."""
    header = ["lengths", "cell", "H", "B", "threads", "job", "equal lengths µs a residue"]
    header += [f"random batches (target ≤ {WITHIN} ×)", "bucketed, as trained"]
    header += ["torch.nn, packed sequences"]
    body = []
    for row in rows:
        for mode, shown in MODES.items():
            line = [KINDS[str(row["kind"])], *(str(row[k]) for k in ("cell", "hidden", "batch"))]
            line += [str(row["threads"]), shown, f"{row[f'{mode}_equal_us']:.3g}"]
            line += [f"{row[f'{mode}_{n}_ratio']:.2f} ×" for n in ("random", "bucketed", "packed")]
            body.append(line)
    notes = [
        "×: cost per residue, of that of equal lengths of the same mean by bioseqrnn; the whole "
        "step, with the package's pooling",
        f"{BATCHES} batches; bucketed: as training cuts them, lengths alike in a batch, from short "
        "to long",
    ]
    print(table("Different lengths", header, body, notes), flush=True)
