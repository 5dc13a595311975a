"""Targets of whole records as losses of raw scores, and raw scores as scores of the task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

from bioseqrnn.stages.baselines.newton import (
    Features,
    Logistic,
    Loss,
    Multinomial,
    Squared,
    minimise,
    vector,
)
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks import Task, Truth
from bioseqrnn.tasks.task import Multilabel, Regression, scale_of

# labels that are fitted together; limits the memory
TOGETHER = 16


@dataclass(frozen=True)
class Linear:
    """A fitted linear model: its weights are ``features.T @ alpha``.

    Attributes
    ----------
    alpha : float64 [records, outputs]
    intercept : float64 [outputs]
    """

    alpha: Doubles
    intercept: Doubles


@dataclass(frozen=True)
class Targets:
    """What a linear model is fitted to.

    Attributes
    ----------
    losses : list of Loss
        Each has columns of its own of the raw scores.
    finish : callable
        Function from raw scores to scores of the task, float64 [n, outputs].
    """

    losses: list[Loss]
    finish: Callable[[Doubles], Doubles]

    @staticmethod
    def of(task: Task, classes: list[str], truth: Truth) -> Targets:
        """Prepare targets of whole records.

        Values of regression are scaled to mean 0 and standard deviation 1. In multilabel each label
        has a model of its own; one that all records or none have is predicted for all or none. A
        class without records has probability 0.
        """
        if isinstance(task, Regression):
            values = np.asarray(truth, np.float64)
            mean, spread = scale_of(values)
            scaled = ((values - mean) / spread)[:, None]
            return Targets([Squared(scaled)], lambda raw: raw * spread + mean)
        if isinstance(task, Multilabel):
            return _of_labels(np.asarray(truth, np.float64))
        return _of_classes(np.asarray(truth), len(classes))

    def fit(self, features: Features, strength: float, start: Linear | None = None) -> Linear:
        """Fit a model for all outputs.

        Parameters
        ----------
        features : Features
        strength : float
            Inverse regularisation.
        start : Linear, optional
            A model to start from: of the same outputs, and of these records or the first of them.
        """
        records, outputs = features.shape[0], self.outputs
        alpha, intercept = np.zeros((records, outputs)), np.zeros(outputs)
        if start is not None:
            alpha[: len(start.alpha)], intercept[:] = start.alpha, start.intercept
        first = 0
        for loss in self.losses:
            part = slice(first, first + loss.targets.shape[1])
            begin = vector(features, np.ascontiguousarray(alpha[:, part]), intercept[part])
            found = minimise(features, loss, strength, begin)
            alpha[:, part], intercept[part] = found.alpha, found.intercept
            first = part.stop
        return Linear(alpha, intercept)

    @property
    def outputs(self) -> int:
        """Number of raw scores of a record."""
        return sum(loss.targets.shape[1] for loss in self.losses)


def _of_labels(held: Doubles) -> Targets:
    varied = np.flatnonzero(held.min(axis=0) < held.max(axis=0))
    parts = [varied[start : start + TOGETHER] for start in range(0, len(varied), TOGETHER)]

    def finish(raw: Doubles) -> Doubles:
        scores = np.repeat(held[:1], len(raw), axis=0)
        scores[:, varied] = expit(raw)
        return scores

    return Targets([Logistic(np.ascontiguousarray(held[:, part])) for part in parts], finish)


def _of_classes(codes: Ints, classes: int) -> Targets:
    present, number = np.unique(codes, return_inverse=True)
    held = np.eye(len(present))[number]
    losses: list[Loss] = []
    if len(present) == 2:
        losses = [Logistic(held[:, 1:])]
    elif len(present) > 2:
        losses = [Multinomial(held)]

    def finish(raw: Doubles) -> Doubles:
        scores = np.zeros((len(raw), classes))
        # one raw score stands for the difference of two
        whole = raw if len(present) > 2 else np.hstack([np.zeros((len(raw), 1)), raw])
        scores[:, present] = softmax(whole, axis=1)
        return scores

    return Targets(losses, finish)
