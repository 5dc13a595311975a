"""From one vector a position to one vector a sequence, blind to padding."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bioseqrnn.config.choices import POOLINGS
from bioseqrnn.networks.layers import may_pad
from bioseqrnn.networks.recurrent import kernels_take


def last(output: Tensor, last: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG001
    """Return the state after the last position (of each direction)."""
    return last


def centre(output: Tensor, last: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG001
    """Return the output at the middle position, of two the first."""
    middle = ((mask.sum(dim=1) - 1) // 2).view(-1, 1, 1)
    return output.gather(1, middle.expand(-1, 1, output.shape[2])).squeeze(1)


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
        self.score = nn.Linear(features, 1, bias=False) if "attention" in kinds else None

    def forward(self, output: Tensor, last: Tensor, mask: Tensor) -> Tensor:
        """Pool ``output`` [batch, time, features] with ``last`` [batch, features].

        ``mask`` [batch, time] is True inside a sequence; ``output`` is zero outside, as recurrent
        layers give it. Returns [batch, features * kinds].
        """
        largest, mean = self._largest_and_mean(output, mask)
        parts = []
        for kind in self.kinds:
            if kind == "max":
                parts.append(largest)
            elif kind == "mean":
                parts.append(mean)
            elif self.score is not None and kind == "attention":
                score = self.score(output).masked_fill(~mask.unsqueeze(-1), -torch.inf)
                parts.append((torch.softmax(score, dim=1) * output).sum(dim=1))
            else:
                parts.append(POOLINGS[kind].load()(output, last, mask))
        return torch.cat(parts, dim=1)

    def _largest_and_mean(self, output: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return both [batch, features], where one of them is wanted."""
        if not {"max", "mean"} & set(self.kinds):
            return output, output
        if kernels_take(output):
            from bioseqrnn.networks.engine.pooling import pool

            return pool(output, mask.sum(dim=1).numpy())
        inside = output.masked_fill(~mask[..., None], -torch.inf) if may_pad(mask) else output
        # max knows where it was, so that its gradient is one write; that of amax compares all
        # positions again
        return inside.max(dim=1).values, output.sum(dim=1) / mask.sum(dim=1, keepdim=True)

    def merge(self, one: Tensor, other: Tensor) -> Tensor:
        """Pool two summaries of the same sequence, one of each strand, into one.

        Both [batch, features * kinds], and so is the result: the largest of ``max``, the mean of
        the others, so that the order of the strands does not matter.
        """
        pairs = zip(
            one.chunk(len(self.kinds), 1), other.chunk(len(self.kinds), 1), self.kinds, strict=True
        )
        return torch.cat(
            [torch.maximum(a, b) if kind == "max" else (a + b) / 2 for a, b, kind in pairs], dim=1
        )
