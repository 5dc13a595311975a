"""Estimators of scikit-learn, fitted to the targets of any task and kept as arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, softmax

from bioseqrnn.baselines.records import Form
from bioseqrnn.baselines.stored import Arrays, Stored, within
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks import PositionTruth, Truth
from bioseqrnn.tasks.task import Multilabel, Regression, scale_of


class Estimator(Protocol):
    """A fitted estimator without scikit-learn."""

    def raw(self, features: Any) -> Doubles:
        """Scores before an activation: float64 [n, 1] (two classes, values) or [n, classes]."""
        ...

    def arrays(self) -> Arrays:
        """The fitted numbers."""
        ...


@dataclass(frozen=True)
class Kind:
    """A kind of estimator.

    Attributes
    ----------
    classifier, regressor : callable
        Make an unfitted estimator of scikit-learn.
    keep : callable
        Turns a fitted one into an ``Estimator``.
    """

    classifier: Callable[[], Any]
    regressor: Callable[[], Any]
    keep: Callable[[Any], Estimator]


@dataclass(frozen=True)
class Linear:
    """Logistic or ridge regression.

    Attributes
    ----------
    coefficients : float64 [outputs, columns]
    intercepts : float64 [outputs]
    """

    coefficients: Doubles
    intercepts: Doubles

    @staticmethod
    def of(model: Any) -> Linear:
        """Keep a linear model of scikit-learn."""
        intercepts = np.atleast_1d(np.asarray(model.intercept_, np.float64))
        return Linear(np.atleast_2d(np.asarray(model.coef_, np.float64)), intercepts)

    @staticmethod
    def load(stored: Stored) -> Linear:
        """Read what ``arrays`` returned."""
        coefficients = stored.take("coefficients", np.float64, None, None)
        return Linear(coefficients, stored.take("intercepts", np.float64, len(coefficients)))

    def arrays(self) -> Arrays:
        """See ``Estimator``."""
        return {"coefficients": self.coefficients, "intercepts": self.intercepts}

    def raw(self, features: Any) -> Doubles:
        """Weighted sums of features [n, columns], added in the order of the columns.

        A matrix product of a BLAS adds in an order that depends on the number of records; here, the
        sum of a record is the same in every batch.
        """
        weights = np.ascontiguousarray(self.coefficients.T)
        if issparse(features):
            # one record after the other, in the order of its columns
            return np.asarray(features @ weights) + self.intercepts
        total = np.zeros((len(self.intercepts), len(features)))
        columns = np.ascontiguousarray(features.T, dtype=np.float64)
        for column, weight in zip(columns, weights, strict=True):
            total += weight[:, None] * column
        return np.ascontiguousarray(total.T) + self.intercepts


@dataclass(frozen=True)
class Part:
    """A classifier of some classes, or of one class that is certain.

    Attributes
    ----------
    present : int64 [k]
        Classes of the training records, ascending.
    estimator : Estimator or None
        None if there is only one class.
    """

    present: Ints
    estimator: Estimator | None

    def probabilities(self, features: Any, classes: int) -> Doubles:
        """Probability of each class: float64 [n, classes]; 0 without training records."""
        found = np.zeros((features.shape[0], classes))
        if self.estimator is None:
            found[:, self.present] = 1
            return found
        raw = self.estimator.raw(features)
        if len(self.present) == 2:
            positive = expit(raw[:, 0])
            values = np.stack([1 - positive, positive], axis=1)
        else:
            values = softmax(raw, axis=1)
        found[:, self.present] = values
        # each row sums to 1, as for a network
        found /= found.sum(axis=1, keepdims=True)
        return found


@dataclass(frozen=True)
class Head:
    """Estimators that map features to the scores of a task.

    Attributes
    ----------
    form : Form
    parts : tuple of Part
        One of all classes; in multilabel, one per label; in regression, one with the estimator.
    scale : float64 [2]
        Mean and standard deviation of the values that a regressor was fitted to; else 0 and 1.
    """

    form: Form
    parts: tuple[Part, ...]
    scale: Doubles

    def scores(self, features: Any) -> Doubles:
        """Scores of features [n, columns]: float64 [n, outputs]."""
        if isinstance(self.form.task, Regression):
            estimator = cast(Estimator, self.parts[0].estimator)
            values: Doubles = estimator.raw(features) * self.scale[1] + self.scale[0]
            return values
        if isinstance(self.form.task, Multilabel):
            return np.column_stack([p.probabilities(features, 2)[:, 1] for p in self.parts])
        return self.parts[0].probabilities(features, self.form.outputs)

    def arrays(self) -> Arrays:
        """Arrays that ``load`` reads."""
        arrays: Arrays = {"scale": self.scale}
        for number, part in enumerate(self.parts):
            own: Arrays = {"present": part.present}
            if part.estimator is not None:
                own |= within("estimator", part.estimator.arrays())
            arrays |= within(str(number), own)
        return arrays

    @staticmethod
    def load(form: Form, stored: Stored, load: Callable[[Stored], Estimator], columns: int) -> Head:
        """Read the arrays of a head; ``load`` reads those of an estimator.

        Raises
        ------
        InputError
            The arrays are not those of a head for ``columns`` features.
        """
        multilabel, regression = (isinstance(form.task, kind) for kind in (Multilabel, Regression))
        classes = 2 if multilabel else form.outputs
        parts = []
        for number in range(form.outputs if multilabel else 1):
            own = stored.within(str(number))
            present = own.take("present", np.int64, None)
            most = 0 if regression else classes
            if (np.diff(present) <= 0).any() or not set(present.tolist()) <= set(range(most)):
                stored.refuse(f"array '{number}.present' does not list classes")
            estimator = load(own.within("estimator")) if regression or len(present) > 1 else None
            if not regression and len(present) == 0:
                stored.refuse(f"array '{number}.present' is empty")
            own.finish()
            if estimator is not None:
                outputs = 1 if len(present) < 3 else len(present)
                _check_estimator(estimator, outputs, columns, stored)
            parts.append(Part(present, estimator))
        scale = stored.take("scale", np.float64, 2)
        stored.finish()
        return Head(form, tuple(parts), scale)


def _check_estimator(estimator: Estimator, outputs: int, columns: int, stored: Stored) -> None:
    """Score a record of zeros: the sizes of the arrays must fit."""
    try:
        found = estimator.raw(np.zeros((1, columns), np.float32)).shape[1]
    except ValueError:
        stored.refuse(f"an estimator of it is not one of {columns} features")
    if found != outputs:
        stored.refuse(f"an estimator of it has {found} outputs instead of {outputs}")


def fit_head(form: Form, truth: Truth, features: Any, kind: Kind) -> Head:
    """Fit estimators to the features of the units in ``truth``.

    Parameters
    ----------
    form : Form
    truth : Truth
        Targets of the units; in multilabel, one classifier is fitted per label; values of
        regression are scaled to mean 0 and standard deviation 1 before fitting.
    features : array or sparse array [units, columns]
    kind : Kind
    """
    if isinstance(form.task, Regression):
        values = np.asarray(truth, np.float64)
        mean, spread = scale_of(values)
        estimator = kind.keep(kind.regressor().fit(features, (values - mean) / spread))
        return Head(form, (Part(np.arange(0), estimator),), np.array([mean, spread]))
    parts = tuple(_fit_codes(kind, features, codes) for codes in codes_of(form, truth))
    return Head(form, parts, np.array([0.0, 1.0]))


def codes_of(form: Form, truth: Truth) -> list[Ints]:
    """Classes that each ``Part`` of a head is fitted to: int64 [units], one array per part."""
    if isinstance(form.task, Multilabel):
        return [column.astype(np.int64) for column in np.asarray(truth).T]
    return [(truth.codes if isinstance(truth, PositionTruth) else truth).astype(np.int64)]


def _fit_codes(kind: Kind, features: Any, codes: Ints) -> Part:
    present = np.unique(codes)
    if len(present) == 1:
        return Part(present, None)
    return Part(present, kind.keep(kind.classifier().fit(features, codes)))
