"""Scores of overlapping windows of one sequence, by a network that reads records.

Neighbouring windows have most residues in common, and the stem looks at a few residues at a time.
So the stem is computed once for all windows of a stretch, and every window takes its steps from it.
Only the steps at the two ends of a window are computed for the window itself: there the convolution
reads zeros instead of the neighbouring residues, and the last step may have fewer positions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bioseqrnn.inference.batches import PREDICTION_POSITIONS, PREDICTION_RECORDS
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.layers import MotifStem
from bioseqrnn.support.arrays import Doubles, Ints


def shares_stem(network: SequenceClassifier, window: int, stride: int) -> bool:
    """Whether ``overlapping_scores`` can be used, and saves work.

    Parameters
    ----------
    network : SequenceClassifier
    window, stride : int
        Residues of a window, and from one window to the next.
    """
    return (
        network.pooling is not None
        and stride < window
        and all(
            member.stem is not None and _ends(member.stem, window) is not None
            for member in network.members
        )
    )


def _ends(stem: MotifStem, window: int) -> tuple[int, int] | None:
    """Steps of a window before and from which the stem reads beyond it; None if it always does."""
    half = stem.convolution.kernel_size[0] // 2
    left, right = -(-half // stem.pool), (window - half) // stem.pool
    inside = (
        half > 0
        and left < right
        and left * stem.pool + half <= window
        and right * stem.pool >= half
    )
    return (left, right) if inside else None


@torch.no_grad()
def overlapping_scores(
    network: SequenceClassifier, x: Tensor, starts: Ints, window: int
) -> Doubles:
    """Return the scores of windows of a sequence: float64 [windows, outputs], as records have them.

    They differ from those of the windows as records only by the rounding of single precision.

    Parameters
    ----------
    network : SequenceClassifier
        One for which ``shares_stem`` is true.
    x : float Tensor [residues, symbols]
        One-hot sequence, on the device of the network.
    starts : int64 [windows]
        First residue of each window, ascending.
    window : int
        Residues of a window.
    """
    network.eval()
    scores = np.zeros((len(starts), network.outputs))
    for batch in _batches(starts, window):
        first, end = int(starts[batch][0]), int(starts[batch][-1]) + window
        stretch = x[first:end]
        places = torch.from_numpy(starts[batch] - first).to(x.device)
        # the windows of the other strand, in the same order
        turned = (end - first - window) - places
        read = [(stretch, places)]
        if network.both_strands:
            read.append((stretch.flip(0, 1), turned))
        outputs = (
            member.outputs_of(_stem_output(member, *strand, window) for strand in read)
            for member in network.members
        )
        scores[batch] = network.mean_scores(outputs).cpu().numpy()
    return scores


def _batches(starts: Ints, window: int) -> Iterator[slice]:
    """Yield windows that overlap one another, limited in number as batches of records are."""
    most = max(1, min(PREDICTION_RECORDS, PREDICTION_POSITIONS // window))
    gaps = np.flatnonzero(np.diff(starts) > window) + 1
    begins = [0, *gaps.tolist()]
    for begin, end in zip(begins, [*begins[1:], len(starts)], strict=True):
        for first in range(begin, end, most):
            yield slice(first, min(end, first + most))


def _stem_output(
    member: SequenceClassifier, x: Tensor, starts: Tensor, window: int
) -> tuple[Tensor, Tensor]:
    """Output of the stem of each window [windows, steps, filters], and the steps (int64)."""
    stem = member.stem
    assert stem is not None
    ends = _ends(stem, window)
    assert ends is not None
    left, right = ends
    convolution, pool = stem.convolution, stem.pool
    half = convolution.kernel_size[0] // 2
    if member.residues is not None:
        x = x @ member.residues.to(x.dtype)
    # step j of the window at s has the positions from s + j * pool
    inner = _pooled(_convolved(stem, x.unsqueeze(0), half, half), pool, 1)[0]
    steps = torch.arange(left, right, device=x.device) * pool
    middle = inner[starts.unsqueeze(1) + steps]
    head = x[starts.unsqueeze(1) + torch.arange(left * pool + half, device=x.device)]
    begin = _pooled(_convolved(stem, head, left=half), pool, pool)
    from_end = torch.arange(right * pool - half, window, device=x.device)
    tail = _convolved(stem, x[starts.unsqueeze(1) + from_end], right=half)
    # the last step is filled up with zeros; no value is smaller than that
    fill = -tail.shape[1] % pool
    end = _pooled(functional.pad(tail, (0, 0, 0, fill)), pool, pool)
    found = torch.cat([begin, middle, end], dim=1)
    return found, torch.full((len(found),), found.shape[1])


def _convolved(stem: MotifStem, x: Tensor, left: int = 0, right: int = 0) -> Tensor:
    """Output of the convolution [batch, positions, filters], with so many zeros at the ends.

    Positions whose filters would reach beyond input and zeros are left out.
    """
    convolution = stem.convolution
    padded = functional.pad(x, (0, 0, left, right)).transpose(1, 2)
    found = functional.conv1d(padded, convolution.weight, convolution.bias)
    return torch.relu(found).transpose(1, 2).contiguous()


def _pooled(x: Tensor, pool: int, stride: int) -> Tensor:
    """Largest of ``pool`` positions, from every ``stride``-th one: [batch, steps, filters]."""
    if pool == 1 or not x.shape[1]:
        return x
    found: Tensor = x.unfold(1, pool, stride).amax(dim=-1)
    return found
