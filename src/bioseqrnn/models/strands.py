"""The other strand of DNA."""

from __future__ import annotations

import torch
from torch import Tensor


def reverse_complement(x: Tensor, lengths: Tensor) -> Tensor:
    """Return the reverse complement of each sequence of a one-hot batch.

    Parameters
    ----------
    x : Tensor [batch, time, 4]
        Columns A, C, G, T; zero past a sequence's end.
    lengths : int64 Tensor [batch]

    Returns
    -------
    Tensor [batch, time, 4]
        Also zero past a sequence's end.
    """
    # A-T and C-G stand mirrored
    return reverse(x.flip(2), lengths)


def reverse(x: Tensor, lengths: Tensor) -> Tensor:
    """Return each sequence of a batch [batch, time, features] from its end to its start.

    What stands past the ends stays there, in another order.
    """
    mirrored = x.flip(1)
    shift = x.shape[1] - lengths.to(x.device)
    if not bool(shift.any()):
        return mirrored
    time = torch.arange(x.shape[1], device=x.device)
    # what was padding at the end now stands at the start; rolled back to the end
    place = (time + shift.unsqueeze(1)) % x.shape[1]
    return mirrored.gather(1, place.unsqueeze(-1).expand_as(x))
