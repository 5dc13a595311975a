"""Linear models whose features and regularisation are chosen on the validation records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bioseqrnn.stages.baselines.heads import Predict, fit_head
from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Doubles, Ints

Features = Callable[[Ints], Any]


def best_linear(
    problem: Problem,
    features: Sequence[Features],
    strengths: Sequence[float],
    classifier: Callable[[float], Any],
    regressor: Callable[[float], Any],
    most_residues: int,
) -> Both:
    """Fit every choice to the training records; refit the best with the validation records too.

    Parameters
    ----------
    problem : Problem
    features : sequence of callable
        Each turns row numbers into a table of features.
    strengths : sequence of float
        Inverse regularisations.
    classifier, regressor : callable
        Make an unfitted estimator with a given strength.
    most_residues : int
        Largest number of residues in the records for fitting; if there are more, records are drawn
        at random.
    """

    def fitted(tabulate: Features, rows: Ints) -> Callable[[float], Predict]:
        table = tabulate(rows)
        return lambda strength: fit_head(
            problem.task,
            problem.classes,
            problem.truth(rows),
            table,
            partial(classifier, strength),
            partial(regressor, strength),
        )

    train = problem.limited(problem.train, most_residues)
    found: list[tuple[float, Doubles, Features, float]] = []
    for tabulate in features:
        fit = fitted(tabulate, train)
        for strength in strengths:
            scores = problem.scores(problem.validation, tabulate, fit(strength))
            found.append((problem.loss(scores), scores, tabulate, strength))
    _, validation, tabulate, strength = min(found, key=lambda choice: choice[0])
    both = problem.limited(problem.fitted, most_residues)
    return validation, problem.scores(problem.test, tabulate, fitted(tabulate, both)(strength))
