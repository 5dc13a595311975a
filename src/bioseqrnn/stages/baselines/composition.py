"""``composition``: a model of the residue composition alone."""

from __future__ import annotations

from functools import partial
from typing import Any

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bioseqrnn.stages.baselines import positions
from bioseqrnn.stages.baselines.features import composition
from bioseqrnn.stages.baselines.heads import Predict, fit_head
from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Ints

MOST_ITERATIONS = 2000
# window sizes: residues on each side of the labelled one
REACHES = {"dna": (10, 30, 100), "protein": (2, 5, 10)}


def predict(problem: Problem) -> Both:
    """Logistic (or ridge) regression on length and residue composition.

    It shows how well this shortcut alone predicts. For labels per residue: on the composition of
    three windows around each.
    """
    if problem.task.per_position:
        windows = partial(positions.window_shares, reaches=REACHES[problem.alphabet])
        return positions.from_both(problem, windows, _classifier, _regressor)

    def features(rows: Ints) -> Any:
        return composition(problem.table, rows)

    def fit(rows: Ints) -> Predict:
        return fit_head(
            problem.task,
            problem.classes,
            problem.truth(rows),
            features(rows),
            _classifier,
            _regressor,
        )

    return problem.from_both(fit, features)


def _classifier() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=MOST_ITERATIONS))


def _regressor() -> Any:
    return make_pipeline(StandardScaler(), Ridge())
