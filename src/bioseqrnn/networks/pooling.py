"""Pooling: from one vector per position to one vector per sequence, without reading padding.

To add a new summary, define a ``Summary`` here or in a module of its own, and add a line to
``config.choices``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from bioseqrnn.config.choices import POOLINGS
from bioseqrnn.networks.engine.pooling import pool
from bioseqrnn.networks.layers import may_pad
from bioseqrnn.networks.recurrent import kernels_take


@dataclass(frozen=True)
class Outputs:
    """Input of the summaries, for one batch.

    Attributes
    ----------
    output : Tensor [batch, time, features]
        Zero outside a sequence, as recurrent layers return it.
    last : Tensor [batch, features]
        State after the last position, of each direction.
    mask : bool Tensor [batch, time]
        True inside a sequence.
    score : nn.Linear, optional
        Learned score of a position; maps [features] to one number.
    """

    output: Tensor
    last: Tensor
    mask: Tensor
    score: nn.Linear | None

    @cached_property
    def largest_and_mean(self) -> tuple[Tensor, Tensor]:
        """Largest and mean output over the positions, both [batch, features], in one pass."""
        output, mask = self.output, self.mask
        if kernels_take(output):
            return pool(output, mask.sum(dim=1).numpy())
        inside = output.masked_fill(~mask[..., None], -torch.inf) if may_pad(mask) else output
        # max remembers the position, so that its gradient is one write; the gradient of amax
        # compares all positions again
        return inside.max(dim=1).values, output.sum(dim=1) / mask.sum(dim=1, keepdim=True)


@dataclass(frozen=True)
class Totals:
    """Input of those summaries that read no single position.

    Attributes
    ----------
    last : Tensor [batch, features]
    largest_and_mean : (Tensor, Tensor)
        As in ``Outputs``.
    """

    last: Tensor
    largest_and_mean: tuple[Tensor, Tensor]


def _centre(outputs: Outputs) -> Tensor:
    middle = ((outputs.mask.sum(dim=1) - 1) // 2).view(-1, 1, 1)
    return outputs.output.gather(1, middle.expand(-1, 1, outputs.output.shape[2])).squeeze(1)


def _attention(outputs: Outputs) -> Tensor:
    assert outputs.score is not None
    score = outputs.score(outputs.output).masked_fill(~outputs.mask.unsqueeze(-1), -torch.inf)
    return (torch.softmax(score, dim=1) * outputs.output).sum(dim=1)


def _mean(one: Tensor, other: Tensor) -> Tensor:
    return (one + other) / 2


@dataclass(frozen=True)
class Summary:
    """One vector per sequence.

    Attributes
    ----------
    read : function of Outputs
        Returns [batch, features].
    merge : function of two Tensors
        Combines the summaries of both strands into one; their order does not matter.
    shares_pass : bool
        Whether it reads ``largest_and_mean``.
    scores : bool
        Whether it needs the learned score.
    totals : bool
        Whether ``Totals`` have all that it reads; if not, it reads outputs of single positions.
    """

    read: Callable[[Any], Tensor]
    merge: Callable[[Tensor, Tensor], Tensor] = _mean
    shares_pass: bool = False
    scores: bool = False
    totals: bool = False


# listed in config.choices, with a description of each
LAST = Summary(lambda outputs: outputs.last, totals=True)
MAX = Summary(
    lambda outputs: outputs.largest_and_mean[0], torch.maximum, shares_pass=True, totals=True
)
MEAN = Summary(lambda outputs: outputs.largest_and_mean[1], shares_pass=True, totals=True)
ATTENTION = Summary(_attention, scores=True)
# of two middle positions the first
CENTRE = Summary(_centre)


def _summary(name: str) -> Summary:
    """Return the summary with this name in the settings."""
    found: Summary = POOLINGS[name].load()
    return found


class Pooling(nn.Module):
    """Concatenate one or more summaries of a recurrent layer's output.

    Parameters
    ----------
    kinds : list of str
        Names in ``config.choices.POOLINGS``.
    features : int
        Size of an output vector (directions * hidden).
    """

    def __init__(self, kinds: list[str], features: int) -> None:
        super().__init__()
        self.kinds = kinds
        self.output_size = features * len(kinds)
        self.score = nn.Linear(features, 1, bias=False) if has_score(kinds) else None

    def forward(self, output: Tensor, last: Tensor, mask: Tensor) -> Tensor:
        """Return the summaries [batch, features * kinds] of a batch; see ``Outputs``."""
        return self.read(Outputs(output, last, mask, self.score))

    def read(self, outputs: Outputs | Totals) -> Tensor:
        """Return the summaries [batch, features * kinds] of outputs, or of what is left of them."""
        # The shared pass is always the first to read the output, so that gradients are added up
        # in the same order for any order of the others.
        order = sorted(self.kinds, key=lambda kind: not _summary(kind).shares_pass)
        found = {kind: _summary(kind).read(outputs) for kind in order}
        return torch.cat([found[kind] for kind in self.kinds], dim=1)

    def merge(self, one: Tensor, other: Tensor) -> Tensor:
        """Combine two summaries of the same sequences, one for each strand, into one.

        Both are [batch, features * kinds], as is the result.
        """
        pairs = zip(
            one.chunk(len(self.kinds), 1), other.chunk(len(self.kinds), 1), self.kinds, strict=True
        )
        return torch.cat([_summary(kind).merge(a, b) for a, b, kind in pairs], dim=1)


def reads_places(kinds: list[str]) -> bool:
    """Whether one of these summaries reads outputs of single positions."""
    return not all(_summary(kind).totals for kind in kinds)


def has_score(kinds: list[str]) -> bool:
    """Whether one of these summaries needs the learned score of a position."""
    return any(_summary(kind).scores for kind in kinds)
