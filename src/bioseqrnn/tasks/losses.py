"""The training part of the tasks: losses and activations of a network's outputs, in torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from bioseqrnn.support.arrays import Ints
from bioseqrnn.tasks.task import Multilabel, PerPosition, Regression, Task
from bioseqrnn.tasks.truth import PositionTruth, Truth, residues_of

# target of a position after the end of a sequence
PADDING = -100
NO_SCALE = (0.0, 1.0)


def batch_targets(
    task: Task, truth: Truth, rows: Ints, scale: tuple[float, float] = NO_SCALE
) -> Tensor:
    """Return the targets of a batch in the form that the loss needs.

    int64 [batch]; float32 [batch, labels]; float32 [batch]; or int64 [batch, longest] with -100
    after the ends of sequences.

    Parameters
    ----------
    scale : (float, float)
        Mean and standard deviation by which values are standardised, in double precision: as
        float32 numbers, 100,000,000 and 100,000,003 are equal.
    """
    if isinstance(truth, PositionTruth):
        lengths = truth.offsets[rows + 1] - truth.offsets[rows]
        inside = np.arange(lengths.max(initial=0)) < lengths[:, None]
        codes = np.full(inside.shape, PADDING, np.int64)
        codes[inside] = truth.codes[residues_of(truth.offsets, rows)]
        return torch.from_numpy(codes)
    picked = np.asarray(truth[rows])
    if isinstance(task, Regression):
        picked = (picked - scale[0]) / scale[1]
    targets = torch.from_numpy(picked)
    return targets.float() if isinstance(task, (Multilabel, Regression)) else targets


def unit_losses(
    task: Task,
    outputs: Tensor,
    target: Tensor,
    weights: Tensor | None,
    smoothing: float = 0.0,
) -> Tensor:
    """Return the sum of a batch's losses, not divided by its number of units.

    Parameters
    ----------
    outputs : float Tensor [batch, outputs] or [batch, longest, outputs]
        Outputs of the network before any activation.
    target : Tensor
        As from ``batch_targets``.
    weights : float Tensor [outputs], optional
        Weight of each class; in ``multilabel``, of each label's positives.
    smoothing : float
        Fraction of the target that is spread over all classes. A unit keeps the weight of its own
        class. With the weights of all classes over which its target is spread, units of a frequent
        class would count like units of a rare one.
    """
    if isinstance(task, Regression):
        return ((outputs[:, 0] - target) ** 2).sum()
    if isinstance(task, Multilabel):
        own = None if weights is None else torch.where(target > 0.5, weights, 1.0)
        target = target * (1 - smoothing) + smoothing / 2
        losses = functional.binary_cross_entropy_with_logits(
            outputs, target, weight=own, reduction="sum"
        )
        return losses / outputs.shape[1]
    if isinstance(task, PerPosition):
        outputs, target = outputs.flatten(0, 1), target.flatten()
    losses = functional.cross_entropy(
        outputs, target, reduction="none", ignore_index=PADDING, label_smoothing=smoothing
    )
    # the loss of padding is 0, so its class does not matter
    return losses.sum() if weights is None else (losses * weights[target.clamp(min=0)]).sum()


def units(task: Task, lengths: Ints) -> int:
    """Return the number of units in records of these lengths."""
    return int(lengths.sum()) if task.per_position else len(lengths)


def activate(
    task: Task, outputs: Tensor, prior: Tensor, scale: tuple[float, float] = NO_SCALE
) -> Tensor:
    """Turn outputs [..., outputs] into probabilities, or into values in the unit of the labels.

    ``prior`` [outputs] is the logarithm of the weights that the network was trained with: with a
    loss that counts a class w times, a network learns odds that are w times too high (Elkan, IJCAI
    2001). ``scale`` is as in ``batch_targets``; outputs in double precision keep the digits of a
    value.
    """
    if isinstance(task, Regression):
        return outputs * scale[1] + scale[0]
    if isinstance(task, Multilabel):
        return torch.sigmoid(outputs - prior)
    return torch.softmax(outputs - prior, dim=-1)


def balanced_weights(
    task: Task, truth: Truth, classes: list[str]
) -> npt.NDArray[np.float64] | None:
    """Return weights that balance the classes: float64 [outputs], or None without classes.

    The weight of a class is all units / (classes * its units), as in scikit-learn. The weight of a
    label's positives is records without it / records with it. A class without training units has
    the weight 1.
    """
    if isinstance(task, Regression):
        return None
    counts = task.counts(truth, classes).sum(axis=0)[: len(classes)]
    if isinstance(task, Multilabel):
        return np.where(counts > 0, (len(truth) - counts) / np.maximum(counts, 1), 1.0).clip(1e-3)
    weights: npt.NDArray[np.float64] = counts.sum() / (len(counts) * np.maximum(counts, 1))
    return np.where(counts > 0, weights, 1.0)
