"""From one vector per position to one vector per sequence, without reading padding.

A new summary is a function of ``Outputs``, an entry in ``SUMMARIES``, and a name in the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from bioseqrnn.config.choices import POOLINGS
from bioseqrnn.networks.engine.pooling import pool
from bioseqrnn.networks.layers import may_pad
from bioseqrnn.networks.recurrent import kernels_take


@dataclass(frozen=True)
class Outputs:
    """What summaries read of a batch.

    Attributes
    ----------
    output : Tensor [batch, time, features]
        Zero outside a sequence, as recurrent layers return it.
    last : Tensor [batch, features]
        State after the last position, of each direction.
    mask : bool Tensor [batch, time]
        True inside a sequence.
    score : nn.Linear, optional
        Learned score of a position, [features] to one number.
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
        # max knows where it was, so that its gradient is one write; that of amax compares all
        # positions again
        return inside.max(dim=1).values, output.sum(dim=1) / mask.sum(dim=1, keepdim=True)


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
        Makes one of the summaries of both strands; their order does not matter.
    shares_pass : bool
        It reads ``largest_and_mean``.
    scores : bool
        It needs the learned score.
    """

    read: Callable[[Outputs], Tensor]
    merge: Callable[[Tensor, Tensor], Tensor] = _mean
    shares_pass: bool = False
    scores: bool = False


# the state after the last position
LAST = Summary(lambda outputs: outputs.last)
MAX = Summary(lambda outputs: outputs.largest_and_mean[0], torch.maximum, shares_pass=True)
MEAN = Summary(lambda outputs: outputs.largest_and_mean[1], shares_pass=True)
# the mean weighted by a softmax of the scores
ATTENTION = Summary(_attention, scores=True)
# the output at the middle position, of two the first
CENTRE = Summary(_centre)


def summary(kind: str) -> Summary:
    """Return the summary that has this name in ``POOLINGS`` (``config/choices.py``)."""
    found: Summary = POOLINGS[kind].load()
    return found


class Pooling(nn.Module):
    """Concatenate one or more summaries of a recurrent layer's output.

    Parameters
    ----------
    kinds : list of str
        Names in ``POOLINGS`` (``config/choices.py``), which says what each is.
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
        outputs = Outputs(output, last, mask, self.score)
        # The shared pass is always the first to read the output, so that gradients are added up
        # in the same order for any order of the others.
        order = sorted(self.kinds, key=lambda kind: not summary(kind).shares_pass)
        found = {kind: summary(kind).read(outputs) for kind in order}
        return torch.cat([found[kind] for kind in self.kinds], dim=1)

    def merge(self, one: Tensor, other: Tensor) -> Tensor:
        """Pool two summaries of the same sequence, one of each strand, into one.

        Both are [batch, features * kinds], and so is the result.
        """
        pairs = zip(
            one.chunk(len(self.kinds), 1), other.chunk(len(self.kinds), 1), self.kinds, strict=True
        )
        return torch.cat([summary(kind).merge(a, b) for a, b, kind in pairs], dim=1)


def has_score(kinds: list[str]) -> bool:
    """Whether one of these summaries needs the learned score of a position."""
    return any(summary(kind).scores for kind in kinds)
