"""The network that is measured, on our layers and on torch.nn's, and its two jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bioseqrnn.networks.recurrent import LAYERS as OURS

from .store import Row

THEIRS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
SYMBOLS = 4
# Single precision, hundreds of steps; a slip in a gate is off by far more
TOLERANCE = 1e-4


class Classifier(nn.Module):
    """A bidirectional recurrent layer, its largest output over time, one logit."""

    def __init__(self, recurrent: nn.RNNBase) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.head = nn.Linear(2 * recurrent.hidden_size, 1)

    def pool(self, output: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map [batch, time, features] to logits [batch]; with lengths, blind to padding."""
        if lengths is not None:
            inside = torch.arange(output.shape[1]) < lengths.unsqueeze(1)
            output = output.masked_fill(~inside.unsqueeze(-1), -torch.inf)
        logits: Tensor = self.head(output.max(dim=1).values).squeeze(1)
        return logits

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map a batch to logits [batch]."""
        output, _ = self.recurrent(x) if lengths is None else self.recurrent(x, lengths)
        return self.pool(output, lengths)


@dataclass
class Job:
    """A network with its optimiser and a batch; ``train`` and ``predict`` are what is timed."""

    network: Classifier
    x: Tensor
    y: Tensor
    lengths: Tensor | None = None

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=1e-3, fused=True)

    def train(self) -> None:
        """One step: forward, loss, backward, optimiser."""
        self.optimizer.zero_grad()
        self.x.grad = None
        logits = self.network(self.x, self.lengths)
        nn.functional.binary_cross_entropy_with_logits(logits, self.y).backward()
        self.optimizer.step()

    def predict(self) -> Tensor:
        """Logits [batch], without gradients."""
        with torch.no_grad():
            logits: Tensor = self.network(self.x, self.lengths)
        return logits


def classifier(way: str, cell: str, hidden: int, inputs: int) -> Classifier:
    """Build the network of one way."""
    torch.manual_seed(1)
    if way == "torch":
        return Classifier(THEIRS[cell](inputs, hidden, batch_first=True, bidirectional=True))
    return Classifier(OURS[cell](inputs, hidden, bidirectional=True))


def batch_of_dna(batch: int, length: int) -> tuple[Tensor, Tensor]:
    """Random one-hot sequences float [batch, length, symbols] and labels float [batch]."""
    generator = torch.Generator().manual_seed(2)
    codes = torch.randint(0, SYMBOLS, (batch, length), generator=generator)
    labels = torch.randint(0, 2, (batch,), generator=generator).float()
    return torch.eye(SYMBOLS)[codes], labels


def jobs(case: Row, inputs: int | None = None) -> dict[str, Job]:
    """Both ways on the same batch, checked to give the same logits, all that compiles compiled.

    Parameters
    ----------
    case : Row
        With ``cell``, ``hidden``, ``length``, ``batch``.
    inputs : int, optional
        Size of a dense input, which takes a gradient as behind a stem. Without it the input is
        one-hot DNA.
    """
    cell, hidden, length, batch = sizes(case)
    x, y = batch_of_dna(batch, length)
    if inputs is not None:
        x = torch.randn(batch, length, inputs, generator=torch.Generator().manual_seed(3))
    found = {
        way: Job(
            classifier(way, cell, hidden, x.shape[2]),
            x.clone().requires_grad_(inputs is not None),
            y,
        )
        for way in ("bioseqrnn", "torch")
    }
    ours, theirs = found.values()
    theirs.network.load_state_dict(ours.network.state_dict())
    few = slice(min(batch, 16))
    require_same(
        {n: lambda job=job: job.network(job.x[few]) for n, job in found.items()}, str(case)
    )
    for job in found.values():
        whole = job.x, job.y
        job.x, job.y = job.x.detach()[few, :2].requires_grad_(job.x.requires_grad), y[few]
        job.train()
        job.x, job.y = whole
    return found


def require_same(ways: dict[str, Callable[[], Tensor]], what: str) -> None:
    """Stop where ways that are to be compared do not compute the same."""
    first, *others = [run().detach() for run in ways.values()]
    for other in others:
        if (apart := float((first - other).abs().max())) > TOLERANCE:
            raise SystemExit(f"{what}: {' and '.join(ways)} differ by {apart:.2g}; not compared")


def sizes(case: Row) -> tuple[str, int, int, int]:
    """Cell, hidden size, length and batch of a case."""
    return str(case["cell"]), int(case["hidden"]), int(case["length"]), int(case["batch"])
