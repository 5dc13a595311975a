"""``majority``: predictions from the training targets alone, the same for every sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.baselines.stored import Arrays, Stored
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks import Truth
from bioseqrnn.tasks.task import Multilabel, Regression


def fractions(form: Form, truth: Truth) -> Doubles:
    """Fraction of each class or label, or the mean value: float64 [outputs]."""
    if isinstance(form.task, Regression):
        return np.asarray(np.asarray(truth).mean(keepdims=True), np.float64)
    if isinstance(form.task, Multilabel):
        return np.asarray(np.asarray(truth).mean(axis=0), np.float64)
    counts = form.task.counts(truth, form.classes).sum(axis=0)
    return np.asarray(counts / counts.sum(), np.float64)


@dataclass(frozen=True)
class Majority:
    """The same scores for every record: a ``Fitted``.

    Attributes
    ----------
    form : Form
    known : float64 [outputs]
    """

    form: Form
    known: Doubles
    length: int | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        """It has none."""
        return {}

    def scores(self, records: Records) -> Doubles:
        """See ``Fitted``."""
        return np.repeat(self.known[None], self.form.units(records), axis=0)

    def arrays(self) -> Arrays:
        """See ``Fitted``."""
        return {"known": self.known}


def fit(problem: Problem, rows: Ints, settings: Mapping[str, Any]) -> Majority:  # noqa: ARG001
    """Predict for every record (or residue) the class fractions, or the mean value, of training.

    So the most frequent class is called. A score above that of this baseline comes from information
    in the sequences.
    """
    return Majority(problem.form, fractions(problem.form, problem.truth(rows)))


def load(form: Form, settings: Mapping[str, Any], stored: Stored) -> Majority:  # noqa: ARG001
    """Read the model of ``fit``."""
    known = stored.take("known", np.float64, form.outputs)
    stored.finish()
    return Majority(form, known)
