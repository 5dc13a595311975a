"""Integrated gradients (Sundararajan et al., ICML 2017).

With b the background row of a position, x the record and g the mean gradient of the calibrated
logit on the straight path from the background to the record, the contribution of position i is
Σ_s (x(i, s) - b(i, s)) g(i, s), and the effect of residue s is g(i, s) - Σ_t b(i, t) g(i, t): the
contribution that s would have with the same gradient. The contributions add up to the difference
between the logits of the record and of the background, but for the error of the numerical integral.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.attribution.attribution import Attribution, Explained
from bioseqrnn.attribution.logits import logits_of
from bioseqrnn.support.arrays import Doubles, Floats

# steps of the integral: they are doubled until the error of each class is small enough
LEAST_STEPS, MOST_STEPS = 32, 512
# error that is small enough: as a fraction of the difference, and in logits
TOLERANCE, SMALL = 0.005, 0.0001
# residues of a batch: gradients take several times as much memory as predictions
POSITIONS = 2**15


def integrated_gradients(explained: Explained, x: Floats) -> tuple[Attribution, int]:
    """Attribute the logits of one record to its residues.

    The integral is computed by the midpoint rule. The number of steps is doubled from 32 until the
    error of every class is below 0.5 % of the difference (or 0.0001), or there are 512.

    Parameters
    ----------
    explained : Explained
    x : float32 [residues, symbols]

    Returns
    -------
    attribution : Attribution
    steps : int
    """
    base = explained.base(x)
    logits, background = explained.logits(np.stack([x, base]))
    first, end = explained.span(len(x))
    steps = LEAST_STEPS
    while True:
        gradient = mean_gradients(explained, x, base, steps)[:, first:end]
        found = _attribution(x[first:end], base[first:end], logits, background, gradient)
        allowed = np.maximum(TOLERANCE * np.abs(logits - background), SMALL)
        if steps >= MOST_STEPS or (np.abs(found.error) <= allowed).all():
            return found, steps
        steps *= 2


def _attribution(
    x: Floats, base: Floats, logits: Doubles, background: Doubles, gradient: Doubles
) -> Attribution:
    origin = (base * gradient).sum(axis=2)
    contribution = (x * gradient).sum(axis=2) - origin
    effects = gradient - origin[:, :, None]
    return Attribution(
        logits, background, contribution.astype(np.float32), effects.astype(np.float32)
    )


def mean_gradients(explained: Explained, x: Floats, base: Floats, steps: int) -> Doubles:
    """Return the mean gradient of each class on the path: float64 [classes, residues, symbols].

    Parameters
    ----------
    x, base : float32 [residues, symbols]
        End and beginning of the path.
    steps : int
        Points on the path: (k + 1/2) / steps.
    """
    end, begin = (torch.from_numpy(rows).to(explained.device) for rows in (x, base))
    shares = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    size = max(1, POSITIONS // len(x))
    total: Tensor | None = None
    for start in range(0, steps, size):
        share = shares[start : start + size].to(end)[:, None, None]
        path = (begin + share * (end - begin)).requires_grad_()
        found = torch.stack(_gradients(explained, path)).double().sum(dim=1)
        total = found if total is None else total + found
    assert total is not None
    mean: Doubles = (total / steps).cpu().numpy()
    return mean


def _gradients(explained: Explained, path: Tensor) -> list[Tensor]:
    """Return the gradient of each class, [points, residues, symbols].

    On a GPU, cuDNN refuses a backward pass through a recurrent layer in evaluation mode, and
    training mode would switch dropout on; the layer then runs without cuDNN.
    """
    lengths = torch.full((len(path),), path.shape[1])
    targets = None
    if explained.focus is not None:
        targets = torch.full((len(path),), explained.focus.target, device=path.device)
    with torch.backends.cudnn.flags(enabled=False):
        logits = logits_of(explained.network, path, lengths, explained.temperature, targets)
        # sequences do not depend on one another: the gradient of a sum has that of each of them
        totals = logits.sum(dim=0)
        return [
            torch.autograd.grad(total, path, retain_graph=place + 1 < len(totals))[0]
            for place, total in enumerate(totals)
        ]
