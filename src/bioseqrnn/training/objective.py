"""What a training minimises, and what it picks the best epoch by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.config.schema import ModelConfig
from bioseqrnn.sequences.packing import Ints
from bioseqrnn.tasks import Task, Truth
from bioseqrnn.tasks.losses import balanced_weights, unit_losses
from bioseqrnn.tasks.losses import units as units_of
from bioseqrnn.tasks.task import Classification, Doubles, Multilabel, Regression

# a class with a smaller share is rare
RARE = 0.1
# docs/recipe.md says what it was chosen by
SMOOTHING = 0.05


@dataclass(frozen=True)
class Objective:
    """The loss of one training.

    Attributes
    ----------
    task : Task
    weights : float Tensor [outputs] or None
        Of the classes.
    scale : float Tensor [2]
        Mean and standard deviation of the training values of regression; 0 and 1 elsewhere.
    by_precision : bool
        Whether epochs are picked by average precision.
    smoothing : float
        Share of a training target that is spread over all classes.
    """

    task: Task
    weights: Tensor | None
    scale: Tensor
    by_precision: bool
    smoothing: float = 0.0

    @staticmethod
    def of(config: ModelConfig, task: Task, truth: Truth, classes: list[str]) -> Objective:
        """The objective of training on the targets ``truth``."""
        rare = _rarest_share(task, truth, classes) < RARE
        weights = None
        if config.class_weight == "balanced" or (config.class_weight == "auto" and rare):
            weights = balanced_weights(task, truth, classes)
        scale = [0.0, 1.0]
        if isinstance(task, Regression):
            values = np.asarray(truth)
            scale = [float(values.mean()), float(values.std()) or 1.0]
        ranks = task.name in ("binary", Multilabel.name)
        by_precision = ranks and (config.monitor == "auprc" or (config.monitor == "auto" and rare))
        tensor = None if weights is None else torch.tensor(weights, dtype=torch.float32)
        if config.label_smoothing != "auto":
            smoothing = config.label_smoothing
        else:
            uneven = rare or weights is not None
            smoothing = SMOOTHING if isinstance(task, Classification) and not uneven else 0.0
        return Objective(task, tensor, torch.tensor(scale), by_precision, smoothing)

    def to(self, device: torch.device) -> Objective:
        """The same on another device."""
        weights = None if self.weights is None else self.weights.to(device)
        return replace(self, weights=weights, scale=self.scale.to(device))

    @property
    def prior(self) -> Tensor:
        """Logarithm of the weights, which predictions are corrected for."""
        return torch.tensor(0.0) if self.weights is None else self.weights.log()

    def units(self, lengths: Ints) -> int:
        """Units of records of these lengths: how many losses are summed."""
        return units_of(self.task, lengths)

    def loss(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Sum of a batch's losses."""
        return unit_losses(self.task, outputs, target, self.weights, self.scale, self.smoothing)

    def validation(self, truth: Truth, scores: Doubles) -> dict[str, float]:
        """What the history shows of the validation records."""
        row = {
            "validation_loss": self.task.loss(truth, scores),
            f"validation_{self.task.metric}": self.task.score(truth, scores),
        }
        if self.by_precision:
            row["validation_auprc"] = _average_precision(self.task, truth, scores)
        return row

    def monitored(self, row: dict[str, float]) -> float:
        """What the best epoch has least of: the loss, or what average precision lacks of 1.

        Where precision cannot be had (no positive validates), the loss decides.
        """
        precision = row.get("validation_auprc", np.nan)
        return row["validation_loss"] if np.isnan(precision) else 1 - precision


def _rarest_share(task: Task, truth: Truth, classes: list[str]) -> float:
    """Share of the units that the rarest class or label has."""
    if isinstance(task, Regression):
        return 1.0
    counts = task.counts(truth, classes)[:, : len(classes)].sum(axis=0)
    total = len(truth) if isinstance(task, Multilabel) else counts.sum()
    return float(counts.min() / max(total, 1))


def _average_precision(task: Task, truth: Truth, scores: Doubles) -> float:
    """Of the positive class of two, or the mean over labels that some record has."""
    targets = np.asarray(truth)
    if not isinstance(task, Multilabel):
        targets, scores = targets[:, None] == 1, scores[:, 1:]
    known = targets.any(axis=0)
    if not known.any():
        return float("nan")
    # its import takes a second, which other trainings need not pay
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(targets[:, known], scores[:, known]))
