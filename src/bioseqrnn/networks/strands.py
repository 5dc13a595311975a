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

    Zero past a sequence's end.
    """
    mirrored = x.flip(1)
    # asked of the lengths as they are: those on a GPU would have to be waited for
    if bool((lengths == x.shape[1]).all()):
        return mirrored
    ends = lengths.to(x.device, non_blocking=True).unsqueeze(1)
    # padding, which now stands at the start, belongs behind the end
    time = torch.arange(x.shape[1], device=x.device)
    place = (time + x.shape[1] - ends) % x.shape[1]
    moved = mirrored.gather(1, place.unsqueeze(-1).expand_as(x))
    return moved * (time < ends).unsqueeze(-1)
