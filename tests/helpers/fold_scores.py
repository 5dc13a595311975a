"""Scores of a baseline in a fold, without files."""

from __future__ import annotations

import numpy as np

from bioseqrnn.baselines.methods import choose, fit
from bioseqrnn.baselines.problem import Problem


def fold_scores(method, table, train, validation, test):
    """Scores of the validation and of the test records, as the job of a fold computes them."""
    problem = Problem(table, 1)
    settings, fitted = choose(method, problem, train, validation)
    again = fit(method, problem, np.concatenate([train, validation]), settings)
    return fitted.scores(problem.records(validation)), again.scores(problem.records(test))
