"""Training records, changed at random in ways that leave their labels as they are."""

from __future__ import annotations

import torch
from torch import Tensor

from bioseqrnn.config.schema import ModelConfig
from bioseqrnn.models.strands import reverse_complement


def augment(x: Tensor, lengths: Tensor, config: ModelConfig) -> Tensor:
    """Return a batch as one epoch sees it; the same batch where nothing is asked for.

    Random numbers are those of PyTorch on the CPU, so they are the same on every device.

    Parameters
    ----------
    x : float Tensor [batch, time, symbols]
        One-hot, zero past a sequence's end.
    lengths : int64 Tensor [batch]
    config : ModelConfig
        Fitted to the dataset; looked at are ``reverse_complement``, ``shift`` and ``mutation``.
    """
    if config.reverse_complement == "augment":
        turned = torch.rand(len(x)) < 0.5
        other = reverse_complement(x, lengths)
        x = torch.where(turned.view(-1, 1, 1).to(x.device), other, x)
    if config.shift:
        x = shifted(x, lengths, config.shift)
    if config.mutation != "auto" and config.mutation > 0:
        x = mutated(x, lengths, config.mutation)
    return x


def mutated(x: Tensor, lengths: Tensor, share: float) -> Tensor:
    """Replace a random share of the residues by others, each equally likely."""
    batch, time, symbols = x.shape
    changed = (torch.rand(batch, time) < share) & (torch.arange(time) < lengths.unsqueeze(1))
    residues = torch.nn.functional.one_hot(torch.randint(symbols, (batch, time)), symbols)
    return torch.where(changed.unsqueeze(-1).to(x.device), residues.to(x), x)


def shifted(x: Tensor, lengths: Tensor, most: int) -> Tensor:
    """Move each sequence by up to ``most`` residues, or a quarter of its length, to either side.

    Lengths stay: what leaves at one end is lost, and unknown residues, an equal share of each, come
    in at the other.
    """
    batch, time, symbols = x.shape
    limits = (lengths // 4).clamp(max=most).unsqueeze(1)
    # uniform over -limit … limit
    by = torch.floor(torch.rand(batch, 1) * (2 * limits + 1)).long() - limits
    source = torch.arange(time) - by
    known = ((source >= 0) & (source < lengths.unsqueeze(1))).unsqueeze(-1).to(x.device)
    inside = (torch.arange(time) < lengths.unsqueeze(1)).unsqueeze(-1).to(x.device)
    moved = x.gather(1, source.clamp(0, time - 1).unsqueeze(-1).expand(x.shape).to(x.device))
    return torch.where(known, moved, 1 / symbols) * inside
