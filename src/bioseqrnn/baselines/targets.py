"""Targets of whole records as losses of raw scores, and linear models fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.baselines.heads import Head, Linear, Part, codes_of
from bioseqrnn.baselines.newton import (
    Features,
    Logistic,
    Loss,
    Multinomial,
    Squared,
    minimise,
    vector,
)
from bioseqrnn.baselines.records import Form
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks import Truth
from bioseqrnn.tasks.task import Multilabel, Regression, scale_of

# labels that are fitted together; limits the memory
TOGETHER = 16


@dataclass(frozen=True)
class Dual:
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
    form : Form
    losses : list of Loss
        Each has columns of its own of the raw scores.
    present : list of int64 [k]
        For each ``Part`` of a head, the classes of the records, ascending. A part of two classes
        (or of values) has one raw score, one of k > 2 classes has k, and one of one class has none.
    scale : float64 [2]
        As of ``Head``.
    """

    form: Form
    losses: list[Loss]
    present: list[Ints]
    scale: Doubles

    @staticmethod
    def of(form: Form, truth: Truth) -> Targets:
        """Prepare targets of whole records.

        Values of regression are scaled to mean 0 and standard deviation 1. In multilabel each label
        has a model of its own; one that all records or none have is predicted for all or none. A
        class without records has probability 0.
        """
        if isinstance(form.task, Regression):
            values = np.asarray(truth, np.float64)
            mean, spread = scale_of(values)
            scaled = ((values - mean) / spread)[:, None]
            return Targets(form, [Squared(scaled)], [np.arange(0)], np.array([mean, spread]))
        codes = codes_of(form, truth)
        present = [np.unique(some) for some in codes]
        if isinstance(form.task, Multilabel):
            losses = _of_labels(np.asarray(truth, np.float64))
        else:
            losses = _of_classes(codes[0])
        return Targets(form, losses, present, np.array([0.0, 1.0]))

    def fit(self, features: Features, strength: float, start: Dual | None = None) -> Dual:
        """Fit a model for all outputs.

        Parameters
        ----------
        features : Features
        strength : float
            Inverse regularisation.
        start : Dual, optional
            A model of the same outputs and records to start from.
        """
        records, outputs = features.shape[0], self.outputs
        alpha, intercept = np.zeros((records, outputs)), np.zeros(outputs)
        if start is not None:
            alpha[:], intercept[:] = start.alpha, start.intercept
        first = 0
        for loss in self.losses:
            part = slice(first, first + loss.targets.shape[1])
            begin = vector(features, np.ascontiguousarray(alpha[:, part]), intercept[part])
            found = minimise(features, loss, strength, begin)
            alpha[:, part], intercept[part] = found.alpha, found.intercept
            first = part.stop
        return Dual(alpha, intercept)

    @property
    def outputs(self) -> int:
        """Number of raw scores of a record."""
        return sum(loss.targets.shape[1] for loss in self.losses)

    def head(self, features: Features, model: Dual) -> Head:
        """Turn a model that was fitted to these features into coefficients of their columns."""
        weights = np.ascontiguousarray(features.turned_times(model.alpha).T)
        parts, first = [], 0
        for present in self.present:
            width = 1 if len(present) in (0, 2) else len(present)
            if len(present) == 1:
                parts.append(Part(present, None))
                continue
            own = slice(first, first + width)
            parts.append(Part(present, Linear(weights[own], model.intercept[own])))
            first = own.stop
        return Head(self.form, tuple(parts), self.scale)


def _of_labels(held: Doubles) -> list[Loss]:
    varied = np.flatnonzero(held.min(axis=0) < held.max(axis=0))
    parts = [varied[start : start + TOGETHER] for start in range(0, len(varied), TOGETHER)]
    return [Logistic(np.ascontiguousarray(held[:, part])) for part in parts]


def _of_classes(codes: Ints) -> list[Loss]:
    present, number = np.unique(codes, return_inverse=True)
    held = np.eye(len(present))[number]
    if len(present) == 1:
        return []
    return [Logistic(held[:, 1:]) if len(present) == 2 else Multinomial(held)]
