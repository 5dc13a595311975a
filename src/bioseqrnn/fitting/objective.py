"""The objective of a training: the loss that it minimises, and the choice of the best epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.best import Judge
from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.tasks import PositionTruth, Task, Truth
from bioseqrnn.tasks.losses import NO_SCALE, balanced_weights, unit_losses
from bioseqrnn.tasks.losses import units as units_of
from bioseqrnn.tasks.task import Classification, Multilabel, Regression, scale_of

# a class with a smaller fraction of the units is rare; below half of this, weights no longer grow
RARE = 0.2
# with fewer validation units outside the most frequent class, epochs are not compared
FEW = 5
# chosen as described in docs/recipe.md
SMOOTHING = 0.05


@dataclass(frozen=True)
class Objective:
    """The loss of one training.

    Attributes
    ----------
    task : Task
    weights : float Tensor [outputs] or None
        Weights of the classes.
    scale : (float, float)
        Mean and standard deviation of the training values in regression; 0 and 1 in other tasks.
    by_precision : bool
        Whether epochs are chosen by average precision, if it differs between them.
    smoothing : float
        Fraction of a training target that is distributed over all classes.
    """

    task: Task
    weights: Tensor | None
    scale: tuple[float, float]
    by_precision: bool
    smoothing: float = 0.0

    @staticmethod
    def of(config: ModelConfig, task: Task, truth: Truth, classes: list[str]) -> Objective:
        """Return the objective of training on the targets ``truth``."""
        rarity = _rarity(task, truth, classes)
        power = {"auto": rarity, "balanced": 1.0, "none": 0.0}[config.class_weight]
        weights = balanced_weights(task, truth, classes) if power else None
        if weights is not None and power < 1:
            weights **= power
        scale = scale_of(np.asarray(truth)) if isinstance(task, Regression) else NO_SCALE
        ranks = task.two_classes or not task.exclusive
        by_precision = ranks and config.monitor == "auprc"
        tensor = None if weights is None else torch.tensor(weights, dtype=torch.float32)
        if config.label_smoothing != "auto":
            smoothing = config.label_smoothing
        else:
            even = 0.0 if config.class_weight == "balanced" else 1 - rarity
            smoothing = SMOOTHING * even if isinstance(task, Classification) else 0.0
        return Objective(task, tensor, scale, by_precision, smoothing)

    def to(self, device: torch.device) -> Objective:
        """Return this objective on another device."""
        weights = None if self.weights is None else self.weights.to(device)
        return replace(self, weights=weights)

    @property
    def prior(self) -> Tensor:
        """Logarithm of the class weights, for the correction of predictions."""
        return torch.tensor(0.0) if self.weights is None else self.weights.log()

    def units(self, lengths: Ints) -> int:
        """Number of units of records of these lengths; each unit has one loss."""
        return units_of(self.task, lengths)

    def loss(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Sum of the losses of a batch."""
        return unit_losses(self.task, outputs, target, self.weights, self.smoothing)

    def validation(self, truth: Truth, scores: Doubles) -> dict[str, float]:
        """Columns of the history for the validation records."""
        row = {
            "validation_loss": self.task.loss(truth, scores),
            f"validation_{self.task.metric}": self.task.score(truth, scores),
        }
        if self.by_precision:
            row["validation_auprc"] = _average_precision(self.task, truth, scores)
        return row

    def judge(self, truth: Truth) -> Judge:
        """The judge of epochs by the validation records ``truth``."""
        tolerance = _tolerance(self.task, truth) if self.by_precision else 0.0
        return Judge(tolerance, _evidence(self.task, truth) < FEW)


def _rarity(task: Task, truth: Truth, classes: list[str]) -> float:
    """How rare the rarest class or label is.

    This is 0 if the class has at least a fifth of the units, 1 if it has at most a tenth, and
    linear in between, so that one record more or less changes little.
    """
    if isinstance(task, Regression):
        return 0.0
    counts = task.counts(truth, classes)[:, : len(classes)].sum(axis=0)
    total = len(truth) if isinstance(task, Multilabel) else counts.sum()
    share = float(counts.min() / max(total, 1))
    return float(np.clip(2 - 2 * share / RARE, 0, 1))


def _average_precision(task: Task, truth: Truth, scores: Doubles) -> float:
    """Average precision of the positive class, or its mean over the labels that occur."""
    targets = _positives(task, truth)
    if not isinstance(task, Multilabel):
        scores = scores[:, 1:]
    known = targets.any(axis=0)
    if not known.any():
        return float("nan")
    # imported here, since the import takes a second, and other trainings do not need it
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(targets[:, known], scores[:, known]))


def _tolerance(task: Task, truth: Truth) -> float:
    """Largest difference at which two average precisions count as equal.

    Moving one of n positives by one rank at the top changes the average precision by about
    1 / (n + 1): by 0.5 with one positive validation record, by 0.005 with 200. With several labels,
    the tolerance is the corresponding change of their mean.
    """
    counts = _positives(task, truth).sum(axis=0)
    steps = 1 / (1 + counts[counts > 0])
    return float(np.sqrt((steps**2).sum()) / len(steps)) if len(steps) else 0.0


def _evidence(task: Task, truth: Truth) -> int:
    """Number of validation units by which epochs can be compared.

    In classification, the units outside the most frequent class; in multilabel, the smaller of the
    numbers of records with and without the most balanced label; in regression, all units.
    """
    if isinstance(task, Regression):
        return len(truth)
    if isinstance(task, Multilabel):
        counts = _positives(task, truth).sum(axis=0)
        return int(np.minimum(counts, len(truth) - counts).max())
    codes = truth.codes if isinstance(truth, PositionTruth) else np.asarray(truth)
    return len(codes) - int(np.bincount(codes.astype(np.int64)).max(initial=0))


def _positives(task: Task, truth: Truth) -> Bools:
    """Whether each unit has each label, or the positive class of two: bool [units, labels]."""
    targets = np.asarray(truth)
    return targets.astype(bool) if isinstance(task, Multilabel) else targets[:, None] == 1
