"""Measure training on a GPU: how it is fed, beside torch.nn, and K models at once.

    python -m benchmarks.gpu [--device cuda] [--cells gru lstm rnn] [--hidden 64 128 256 512]
        [--length 200 500 1000] [--batch 64 512 4096] [--together 10] [--rounds 7]
        [--keras-python keras/bin/python]

The network is a bidirectional recurrent layer of DNA, its largest output over time, and one logit.
Ways of a table's row are measured in turn, round after round; given are medians. One training step
is forward, loss, backward and AdamW on a batch of its own.

- packed: our layers; packed bits go to the device and are unpacked there, as the product does it
- host: our layers; one-hot rows are written by the processor and copied
- torch.nn: its layers, and batches from a DataLoader over one-hot rows that are all in memory
- Keras: on JAX, compiled, in a process of its own; one batch of one-hot rows again and again. Of an
  interpreter that has it (requirements-engine.txt; for a GPU also jax[cuda13])

All multiply in single precision, as the product does unless told otherwise, not in TF32.

The share of peak is what the products of the recurrence need at least (engine.arithmetic), of what
a large matrix product in the same precision reaches, measured before.

K models at once: the vanilla RNN's and the GRU's steps for K networks of the same size by one
batched matrix product (weights [K, hidden, gates], grouped), beside K networks of our layers one
after another.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from bioseqrnn.inference.gpu_memory import is_out_of_memory
from bioseqrnn.networks.recurrent import LAYERS
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.onehot.on_device import dense_on
from bioseqrnn.onehot.packing import pack_lines, unpack

from .engine.arithmetic import recurrent_flops
from .engine.beside_keras import Peer
from .engine.networks import Classifier, classifier

DNA = ALPHABETS["dna"]
STEPS = 4


def timed(run: Callable[[], object], device: torch.device) -> float:
    """Seconds of a run, until the device has done what it was given."""
    start = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def medians(
    ways: dict[str, Callable[[], object]], device: torch.device, rounds: int
) -> dict[str, float]:
    """Median seconds of each way; the first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name in reversed(ways) if number % 2 else ways:
            took = timed(ways[name], device)
            if number:
                seconds[name].append(took)
    return {name: median(taken) for name, taken in seconds.items()}


def peak_flops(device: torch.device, rounds: int) -> float:
    """Multiplications and additions a second of a large product in single precision."""
    size = 8192 if device.type == "cuda" else 1024
    one, other = (torch.rand(size, size, device=device) for _ in range(2))
    seconds = medians({"product": lambda: one @ other}, device, rounds)["product"]
    return 2 * size**3 / seconds


def fitting(measure: Callable[..., dict[str, float]], *case: object) -> dict[str, float] | None:
    """What is measured of a case, or None where the device has too little memory for it."""
    try:
        return measure(*case)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    # after the error, whose traceback holds tensors
    torch.cuda.empty_cache()
    return None


def train(network: Classifier, batches: Iterator[tuple[Tensor, Tensor]]) -> None:
    """One step on each batch."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    for x, y in batches:
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(network(x), y).backward()
        optimizer.step()


def feeding(
    cell: str,
    hidden: int,
    length: int,
    batch: int,
    device: torch.device,
    rounds: int,
    keras_python: str | None,
) -> dict[str, float]:
    """Sequences a second that each way trains on."""
    count = STEPS * batch
    rng = np.random.default_rng(1)
    text = rng.choice(np.frombuffer(b"ACGT", np.uint8), (count, length + 1))
    text[:, -1] = ord("\n")
    found = pack_lines(text.tobytes(), count, DNA)
    assert found is not None
    packed, labels = found[0], torch.from_numpy(rng.integers(0, 2, count)).float()
    order = [np.arange(start, start + batch) for start in range(0, count, batch)]

    def from_bits() -> Iterator[tuple[Tensor, Tensor]]:
        for rows in order:
            yield dense_on(packed, rows, DNA, device)[0], labels[rows].to(device)

    def from_host() -> Iterator[tuple[Tensor, Tensor]]:
        for rows in order:
            yield torch.from_numpy(unpack(packed, rows, DNA)[0]).to(device), labels[rows].to(device)

    onehot = torch.from_numpy(unpack(packed, np.arange(count), DNA)[0])
    loader = DataLoader(
        TensorDataset(onehot, labels), batch, shuffle=True, pin_memory=device.type == "cuda"
    )

    def from_loader() -> Iterator[tuple[Tensor, Tensor]]:
        for x, y in loader:
            yield x.to(device, non_blocking=True), y.to(device, non_blocking=True)

    ours, theirs = (classifier(way, cell, hidden, 4).to(device) for way in ("ours", "torch"))
    ways: dict[str, Callable[[], object]] = {
        "packed": lambda: train(ours, from_bits()),
        "host": lambda: train(ours, from_host()),
        "torch.nn": lambda: train(theirs, from_loader()),
    }
    if keras_python is None:
        return {name: count / taken for name, taken in medians(ways, device, rounds).items()}
    case = {"cell": cell, "hidden": hidden, "length": length, "batch": batch}
    peer = Peer(keras_python, "jax", case, device.type)
    step = peer.does("train")
    ways["Keras"] = lambda: [step() for _ in range(STEPS)]
    try:
        return {name: count / taken for name, taken in medians(ways, device, rounds).items()}
    finally:
        peer.close()


class Together(nn.Module):
    """K recurrent networks of one size, each with weights and a batch of its own, in one pass."""

    def __init__(self, cell: str, models: int, hidden: int) -> None:
        super().__init__()
        gates = {"rnn": 1, "gru": 3}[cell]
        self.hidden = hidden
        self.into = nn.Parameter(0.1 * torch.randn(models, 4, gates * hidden))
        self.within = nn.Parameter(0.1 * torch.randn(models, hidden, gates * hidden))
        self.bias = nn.Parameter(torch.zeros(models, 1, gates * hidden))
        self.head = nn.Parameter(0.1 * torch.randn(models, hidden, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map [models, batch, time, symbols] to logits [models, batch]."""
        models, batch, time_steps, _ = x.shape
        given = torch.baddbmm(self.bias, x.flatten(1, 2), self.into)
        steps = given.view(models, batch, time_steps, -1).unbind(2)
        state = x.new_zeros(models, batch, self.hidden)
        for now in steps:
            kept = torch.bmm(state, self.within)
            if kept.shape[-1] == self.hidden:
                state = torch.tanh(now + kept)
                continue
            (reset, update, new), (r, z, n) = now.chunk(3, -1), kept.chunk(3, -1)
            share = torch.sigmoid(update + z)
            state = (1 - share) * torch.tanh(new + torch.sigmoid(reset + r) * n) + share * state
        return torch.bmm(state, self.head).squeeze(-1)


def together(
    cell: str, models: int, hidden: int, length: int, batch: int, device: torch.device, rounds: int
) -> dict[str, float]:
    """Seconds of one training step of all models."""
    x = torch.rand(models, batch, length, 4, device=device)
    y = torch.randint(0, 2, (models, batch), device=device).float()
    grouped = Together(cell, models, hidden).to(device)
    alone = [
        nn.ModuleList([LAYERS[cell](4, hidden), nn.Linear(hidden, 1)]).to(device)
        for _ in range(models)
    ]
    one = torch.optim.AdamW(grouped.parameters())
    each = [torch.optim.AdamW(network.parameters()) for network in alone]

    def in_one_pass() -> None:
        one.zero_grad()
        # a sum, so that each model has the gradient of its own mean
        loss = nn.functional.binary_cross_entropy_with_logits(grouped(x), y, reduction="sum")
        (loss / batch).backward()
        one.step()

    def one_after_another() -> None:
        for network, optimizer, own, labels in zip(alone, each, x, y, strict=True):
            optimizer.zero_grad()
            recurrent, head = network
            logits = head(recurrent(own)[0][:, -1]).squeeze(-1)
            nn.functional.binary_cross_entropy_with_logits(logits, labels).backward()
            optimizer.step()

    return medians({"one pass": in_one_pass, "in turn": one_after_another}, device, rounds)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--cells", nargs="*", default=["gru", "lstm", "rnn"])
    parser.add_argument("--hidden", nargs="+", type=int, default=[64, 128, 256, 512])
    parser.add_argument("--length", nargs="+", type=int, default=[200, 500, 1000])
    parser.add_argument("--batch", nargs="+", type=int, default=[64, 512, 4096])
    parser.add_argument("--together", type=int, default=10, help="models; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--keras-python", metavar="FILE", help="interpreter that has Keras and JAX")
    given = parser.parse_args()
    device = torch.device(given.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, 1 thread"
    if device.type == "cpu":
        torch.set_num_threads(1)
        # the only limit that Keras obeys
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    torch.backends.cudnn.allow_tf32 = False
    peak = peak_flops(device, given.rounds)
    print(f"{name}, torch {torch.__version__}: {peak / 1e12:.2f} TFLOP/s of a matrix product\n")
    peers = ["host", "torch.nn", *(["Keras"] if given.keras_python else [])]
    header = ["cell", "hidden", "length", "batch", "packed, seq/s", "share of peak", *peers]
    print("|", " | ".join(header), "|")
    print("|---" * len(header) + "|")
    sizes = [(h, t, b) for h in given.hidden for t in given.length for b in given.batch]
    for cell in given.cells:
        for case in sizes:
            speed = fitting(feeding, cell, *case, device, given.rounds, given.keras_python)
            cells = ["does not fit"] + ["–"] * (1 + len(peers))
            if speed is not None:
                work = recurrent_flops(cell, *case) / case[-1] * speed["packed"]
                ratios = [f"{speed['packed'] / speed[way]:.2f}" for way in peers]
                cells = [f"{speed['packed']:,.0f}", f"{100 * work / peak:.1f} %", *ratios]
            print("|", " | ".join([cell, *map(str, case), *cells]), "|", flush=True)
    print(f"\n{', '.join(peers)}: how many times as fast packed is.\n")
    if not given.together:
        return
    print(f"| cell | hidden | length | batch | {given.together} models in turn, ms | one pass |")
    print("|---|---|---|---|---|---|")
    for cell in ("rnn", "gru"):
        for case in sizes:
            taken = fitting(together, cell, given.together, *case, device, given.rounds)
            cells = ["does not fit", "–"]
            if taken is not None:
                ratio = taken["in turn"] / taken["one pass"]
                cells = [f"{1000 * taken['in turn']:.0f}", f"{ratio:.2f} times as fast"]
            print("|", " | ".join([cell, *map(str, case), *cells]), "|", flush=True)


if __name__ == "__main__":
    main()
