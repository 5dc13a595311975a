"""Choice of the features and the regularisation of a linear model on the validation records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from bioseqrnn.baselines.heads import fit_head
from bioseqrnn.baselines.model import FeatureModel, Recipe, Settings
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.support.arrays import Doubles, Ints


def choose_linear(
    problem: Problem,
    train: Ints,
    validation: Ints,
    tried: Sequence[Settings],
    recipe: Callable[[Settings], Recipe],
) -> tuple[Settings, FeatureModel]:
    """Fit every choice to the training records; return the best on the validation records.

    Parameters
    ----------
    problem : Problem
    train, validation : int64 [n]
        Rows.
    tried : sequence of settings
        Those that differ only in ``strength`` (inverse regularisation) follow each other and share
        their features.
    recipe : callable
        Makes the recipe of a choice.
    """
    fits = (_fit_strengths(problem, train, ways, recipe) for ways in _by_features(tried))
    return best_of(problem, validation, fits)


def best_of(
    problem: Problem, validation: Ints, fits: Iterable[list[FeatureModel]]
) -> tuple[Settings, FeatureModel]:
    """Return the settings and the model with the lowest loss on the validation records.

    Parameters
    ----------
    problem : Problem
    validation : int64 [n]
        Rows.
    fits : iterable of list of FeatureModel
        The models of a list have the same features, which are computed once.
    """
    best: tuple[float, FeatureModel] | None = None
    for models in fits:
        for model, scores in zip(models, _scores(problem, validation, models), strict=True):
            loss = problem.loss(validation, scores)
            if best is None or loss < best[0]:
                best = loss, model
    assert best is not None
    return best[1].settings, best[1]


def _by_features(tried: Sequence[Settings]) -> list[list[Settings]]:
    """Group settings that have the same features."""
    groups: dict[str, list[Settings]] = {}
    for settings in tried:
        features = {name: value for name, value in settings.items() if name != "strength"}
        groups.setdefault(repr(features), []).append(settings)
    return list(groups.values())


def _fit_strengths(
    problem: Problem, rows: Ints, ways: list[Settings], recipe: Callable[[Settings], Recipe]
) -> list[FeatureModel]:
    """Fit models that differ only in their strength; features are computed once."""
    first = recipe(ways[0])
    (features,) = first.tables(problem.records(rows))
    scale = None if first.scaling is None else first.scaling.of(features)
    scaled: Any = features if scale is None else scale(features)
    truth, models = problem.truth(rows), []
    for settings in ways:
        own = recipe(settings)
        assert own.kind is not None
        head = fit_head(problem.form, truth, scaled, own.kind)
        models.append(
            FeatureModel(problem.form, settings, own, scale, head, np.zeros(problem.form.outputs))
        )
    return models


def _scores(problem: Problem, rows: Ints, models: list[FeatureModel]) -> list[Doubles]:
    """Scores of some records by models of the same features, which are computed once."""
    parts: list[list[Doubles]] = [[np.zeros((0, problem.form.outputs))] for _ in models]
    for some in problem.records(rows).chunks():
        for table in models[0].recipe.tables(some):
            scaled = table if models[0].scale is None else models[0].scale(table)
            for own, model in zip(parts, models, strict=True):
                own.append(model.head.scores(scaled))
    return [np.concatenate(own) for own in parts]
