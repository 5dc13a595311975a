"""From one vector a position to one vector a sequence, blind to padding."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Pooling(nn.Module):
    """Concatenate one or more summaries of a recurrent layer's output.

    Parameters
    ----------
    kinds : list of {"last", "max", "mean", "attention"}
        ``last``: the state after the last position (of each direction); ``max`` and ``mean`` over
        positions; ``attention``: mean weighted by a softmax of a learned score per position.
    features : int
        Size of an output vector (directions * hidden).
    """

    def __init__(self, kinds: list[str], features: int) -> None:
        super().__init__()
        self.kinds = kinds
        self.output_size = features * len(kinds)
        self.score = nn.Linear(features, 1, bias=False) if "attention" in kinds else None

    def forward(self, output: Tensor, last: Tensor, mask: Tensor) -> Tensor:
        """Pool ``output`` [batch, time, features] with ``last`` [batch, features].

        ``mask`` [batch, time] is True inside a sequence; ``output`` is zero outside, as recurrent
        layers give it. Returns [batch, features * kinds].
        """
        padded = not bool(mask.all())
        parts = []
        for kind in self.kinds:
            if kind == "last":
                parts.append(last)
            elif kind == "max":
                inside = output.masked_fill(~mask.unsqueeze(-1), -torch.inf) if padded else output
                # max knows where it was, so that its gradient is one write; that of amax compares
                # all positions again
                parts.append(inside.max(dim=1).values)
            elif kind == "mean":
                parts.append(output.sum(dim=1) / mask.sum(dim=1, keepdim=True))
            else:
                assert self.score is not None
                score = self.score(output).masked_fill(~mask.unsqueeze(-1), -torch.inf)
                parts.append((torch.softmax(score, dim=1) * output).sum(dim=1))
        return torch.cat(parts, dim=1)
