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
    # columns A, C, G, T reversed are T, G, C, A: the complements
    return reverse(x.flip(2), lengths)


def reverse(x: Tensor, lengths: Tensor) -> Tensor:
    """Return each sequence of a batch [batch, time, features] reversed.

    The result is zero past a sequence's end.
    """
    mirrored = x.flip(1)
    # compared before lengths are moved to the GPU: the result would have to be waited for there
    if bool((lengths == x.shape[1]).all()):
        return mirrored
    ends = lengths.to(x.device, non_blocking=True).unsqueeze(1)
    # padding is now at the start and is moved behind the end
    time = torch.arange(x.shape[1], device=x.device)
    place = (time + x.shape[1] - ends) % x.shape[1]
    moved = mirrored.gather(1, place.unsqueeze(-1).expand_as(x))
    return moved * (time < ends).unsqueeze(-1)
