"""``gradient_boosting``: boosted trees."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from bioseqrnn.baselines import positions
from bioseqrnn.baselines.features import flat_onehot, kmer_counts, one_length
from bioseqrnn.baselines.heads import Kind
from bioseqrnn.baselines.model import (
    FeatureModel,
    Recipe,
    Settings,
    fit_records,
    load_features,
    load_length,
)
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.baselines.stored import Stored
from bioseqrnn.baselines.trees import Trees
from bioseqrnn.support.arrays import Ints

# trees need dense tables: short k-mers, and one-hot only up to this many columns
LONGEST_KMER = {"dna": 4, "protein": 2}
MOST_ONEHOT_COLUMNS = 8192
MOST_CELLS = 10**9
# for labels per residue, residues on each side: one-hot letters (NEAR) and k-mers (REACH)
NEAR = {"dna": 15, "protein": 7}
REACH = {"dna": 60, "protein": 15}
LONGEST_NEAR = {"dna": 3, "protein": 1}


def fit(problem: Problem, rows: Ints, settings: Settings) -> FeatureModel:
    """Boosted trees: on one-hot positions if all records have the same length, else on k-mers.

    Histogram-based, as in LightGBM (Ke et al., NeurIPS 2017); in multilabel, one ensemble per
    label. For labels per residue: on the letters around each and the k-mers of a wider window.
    """
    lengths = problem.table.lengths
    length = one_length(lengths)
    if length is not None and length > _longest(problem.form):
        length = None
    recipe = _recipe(problem.form, length, problem.seed)
    if problem.task.per_position:
        return positions.fit(problem, rows, _near(problem.form), recipe, settings)
    rows = problem.limited(rows, MOST_CELLS // 400 * int(lengths.mean()))
    return fit_records(problem, rows, recipe, settings)


def load(form: Form, settings: Settings, stored: Stored) -> FeatureModel:
    """Read the model of ``fit``."""
    length = load_length(stored, _longest(form))
    return load_features(form, settings, stored, _recipe(form, length, 0))


def _longest(form: Form) -> int:
    """Longest record whose positions are columns."""
    return MOST_ONEHOT_COLUMNS // form.alphabet.width


def _near(form: Form) -> positions.Features:
    name = form.alphabet.name
    return partial(
        positions.letters_and_kmers,
        near=NEAR[name],
        reach=REACH[name],
        longest=LONGEST_NEAR[name],
    )


def _recipe(form: Form, length: int | None, seed: int) -> Recipe:
    kind = Kind(
        partial(HistGradientBoostingClassifier, random_state=seed, early_stopping=False),
        partial(HistGradientBoostingRegressor, random_state=seed, early_stopping=False),
        Trees.of,
    )
    if form.task.per_position:
        return Recipe(partial(positions.tables, _near(form)), kind, _load)
    return Recipe(_kmers if length is None else _onehot, kind, _load, length=length)


def _load(stored: Stored) -> Trees:
    return Trees.load(stored.rest(), stored.where)


def _kmers(records: Records) -> Iterator[Any]:
    counts = kmer_counts(records, LONGEST_KMER[records.alphabet.name])
    yield counts.toarray().astype(np.float32)


def _onehot(records: Records) -> Iterator[Any]:
    yield flat_onehot(records)
