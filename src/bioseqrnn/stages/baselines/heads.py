"""Classifiers and regressors of scikit-learn, fitted to the targets of any task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks import PositionTruth, Task, Truth
from bioseqrnn.tasks.task import Multilabel, Regression, scale_of

Predict = Callable[[Any], Doubles]


def fit_head(
    task: Task,
    classes: list[str],
    truth: Truth,
    features: Any,
    classifier: Callable[[], Any],
    regressor: Callable[[], Any],
) -> Predict:
    """Fit a classifier or regressor to the features of the units in ``truth``.

    Parameters
    ----------
    task : Task
    classes : list of str
    truth : Truth
        Targets of the units; in multilabel, one classifier is fitted per label.
    features : array or sparse array [units, columns]
    classifier, regressor : callable
        Make an unfitted estimator; values of regression are scaled to mean 0 and standard
        deviation 1 before fitting.

    Returns
    -------
    callable
        Function from features [n, columns] to scores, float64 [n, outputs]; a class without
        training records has probability 0.
    """
    if isinstance(task, Regression):
        values = np.asarray(truth, np.float64)
        mean, spread = scale_of(values)
        model = regressor().fit(features, (values - mean) / spread)
        return lambda x: np.asarray(model.predict(x), np.float64).reshape(-1, 1) * spread + mean
    if isinstance(task, Multilabel):
        held = np.asarray(truth)
        labels = [_fit_codes(classifier, features, column.astype(np.int64), 2) for column in held.T]
        return lambda x: np.column_stack([predict(x)[:, 1] for predict in labels])
    codes = truth.codes if isinstance(truth, PositionTruth) else truth
    return _fit_codes(classifier, features, codes.astype(np.int64), len(classes))


def _fit_codes(classifier: Callable[[], Any], features: Any, codes: Ints, classes: int) -> Predict:
    present = np.unique(codes)
    if len(present) == 1:
        certain = np.eye(classes)[present]
        return lambda x: np.repeat(certain, x.shape[0], axis=0)
    model = classifier().fit(features, codes)

    def predict(x: Any) -> Doubles:
        probability = np.zeros((x.shape[0], classes))
        # double precision from here on, so that each row sums to 1, as for a network
        probability[:, model.classes_] = model.predict_proba(x)
        probability /= probability.sum(axis=1, keepdims=True)
        return probability

    return predict
