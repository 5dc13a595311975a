"""Random changes of training records that do not change their labels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.strands import reverse_complement
from bioseqrnn.support.arrays import Bools

WHOLE = slice(None)


class Draws:
    """Random numbers of one batch: the same in every process and at every call.

    They are drawn for all records of the batch, and each process uses the numbers of its own
    records. Several processes therefore change records in the same way as one process, and a
    resumed training in the same way as an uninterrupted one.

    Parameters
    ----------
    key : list of int
        Seed, epoch and batch.
    records, longest : int
        Number of records of the whole batch, and length of the longest.
    own : slice or bool [records]
        Records of this process.
    """

    def __init__(
        self, key: list[int], records: int, longest: int, own: slice | Bools = WHOLE
    ) -> None:
        state = np.random.SeedSequence(key).generate_state(1)
        self._generator = torch.Generator().manual_seed(int(state[0]))
        self._size, self._own = (records, longest), own

    def records(self) -> Tensor:
        """Return one number for each own record, uniform in 0 to 1: float32 [own]."""
        return torch.rand(self._size[0], generator=self._generator)[self._own]

    def residues(self, time: int) -> Tensor:
        """Return one number for each residue of the own records: float32 [own, time]."""
        return torch.rand(self._size, generator=self._generator)[self._own, :time]


def augment(x: Tensor, lengths: Tensor, config: ModelConfig, draws: Draws) -> Tensor:
    """Return a batch with random changes, as configured; without any, the same batch.

    Parameters
    ----------
    x : float Tensor [batch, time, symbols]
        One-hot, zero past a sequence's end.
    lengths : int64 Tensor [batch]
    config : ModelConfig
        Fitted to the dataset; ``reverse_complement``, ``shift`` and ``mutation`` are used.
    draws : Draws
    """
    if config.reverse_complement == "augment":
        turned = (draws.records() < 0.5).view(-1, 1, 1).to(x.device)
        x = torch.where(turned, reverse_complement(x, lengths), x)
    if config.shift:
        x = shifted(x, lengths, config.shift, draws)
    if config.mutation != "auto" and config.mutation > 0:
        x = mutated(x, lengths, config.mutation, draws)
    return x


def mutated(x: Tensor, lengths: Tensor, share: float, draws: Draws) -> Tensor:
    """Replace a random fraction of the residues by others, each equally likely."""
    time, symbols = x.shape[1:]
    changed = (draws.residues(time) < share) & (torch.arange(time) < lengths.unsqueeze(1))
    residues = (draws.residues(time) * symbols).long().clamp(max=symbols - 1)
    # the residue numbers are moved to the GPU, where they become one-hot rows: less data to move
    drawn = torch.nn.functional.one_hot(residues.to(x.device, non_blocking=True), symbols).to(x)
    return torch.where(changed.to(x.device, non_blocking=True).unsqueeze(-1), drawn, x)


def shifted(x: Tensor, lengths: Tensor, most: int, draws: Draws) -> Tensor:
    """Shift each sequence by up to ``most`` residues or a quarter of its length, to either side.

    Lengths do not change: residues shifted beyond one end are lost, and the other end is filled
    with unknown residues (the same value in each column).
    """
    time, symbols = x.shape[1:]
    limits = (lengths // 4).clamp(max=most).unsqueeze(1)
    # uniform in -limit … limit
    by = torch.floor(draws.records().unsqueeze(1) * (2 * limits + 1)).long() - limits
    source = torch.arange(time) - by
    source, ends = (t.to(x.device, non_blocking=True) for t in (source, lengths.unsqueeze(1)))
    known = ((source >= 0) & (source < ends)).unsqueeze(-1)
    inside = (torch.arange(time, device=x.device) < ends).unsqueeze(-1)
    moved = x.gather(1, source.clamp(0, time - 1).unsqueeze(-1).expand(x.shape))
    return torch.where(known, moved, 1 / symbols) * inside
