"""``composition``: a model of the residue composition alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sklearn.linear_model import LogisticRegression, Ridge

from bioseqrnn.baselines import positions
from bioseqrnn.baselines.features import composition
from bioseqrnn.baselines.heads import Kind, Linear
from bioseqrnn.baselines.model import FeatureModel, Recipe, Settings, fit_records, load_features
from bioseqrnn.baselines.preparation import Standard
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.baselines.stored import Stored
from bioseqrnn.support.arrays import Ints

MOST_ITERATIONS = 2000
# window sizes: residues on each side of the labelled one
REACHES = {"dna": (10, 30, 100), "protein": (2, 5, 10)}
KIND = Kind(partial(LogisticRegression, max_iter=MOST_ITERATIONS), Ridge, Linear.of)


def fit(problem: Problem, rows: Ints, settings: Settings) -> FeatureModel:
    """Logistic (or ridge) regression on length and residue composition.

    It shows how well this shortcut alone predicts. For labels per residue: on the composition of
    three windows around each.
    """
    recipe = _recipe(problem.form)
    if problem.task.per_position:
        return positions.fit(problem, rows, _windows(problem.form), recipe, settings)
    return fit_records(problem, rows, recipe, settings)


def load(form: Form, settings: Settings, stored: Stored) -> FeatureModel:
    """Read the model of ``fit``."""
    return load_features(form, settings, stored, _recipe(form))


def _windows(form: Form) -> positions.Features:
    return partial(positions.window_shares, reaches=REACHES[form.alphabet.name])


def _recipe(form: Form) -> Recipe:
    tables: Any = _whole
    if form.task.per_position:
        tables = partial(positions.tables, _windows(form))
    return Recipe(tables, KIND, Linear.load, Standard)


def _whole(records: Records) -> Iterator[Any]:
    yield composition(records)
