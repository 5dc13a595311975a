"""``kmer_logistic``: logistic regression on k-mer counts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sklearn.linear_model import LogisticRegression, Ridge

from bioseqrnn.baselines import positions
from bioseqrnn.baselines.features import kmer_counts
from bioseqrnn.baselines.heads import Kind, Linear
from bioseqrnn.baselines.linear import choose_linear
from bioseqrnn.baselines.model import FeatureModel, Recipe, Settings, fit_records, load_features
from bioseqrnn.baselines.preparation import Standard, Tfidf
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.baselines.stored import Stored
from bioseqrnn.support.arrays import Ints

LONGEST_KMER = {"dna": 6, "protein": 3}
# inverse regularisation, chosen on the validation records
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
MOST_RESIDUES = 2 * 10**7
MOST_ITERATIONS = 2000
# for labels per residue: residues on each side, and the longest k-mer counted there
REACH = {"dna": 60, "protein": 8}
LONGEST_NEAR = {"dna": 3, "protein": 1}


def choices(form: Form) -> dict[str, tuple[float, ...]]:
    """Values of each setting."""
    return {} if form.task.per_position else {"strength": STRENGTHS}


def choose(problem: Problem, train: Ints, validation: Ints) -> tuple[Settings, FeatureModel]:
    """Choose the regularisation with the lowest loss on the validation records.

    Labels per residue have one regularisation.
    """
    if problem.task.per_position:
        return {}, fit(problem, train, {})
    tried: list[Settings] = [{"strength": strength} for strength in STRENGTHS]
    train = problem.limited(train, MOST_RESIDUES)
    return choose_linear(problem, train, validation, tried, partial(_recipe, problem.form))


def fit(problem: Problem, rows: Ints, settings: Settings) -> FeatureModel:
    """Logistic (or ridge) regression on TF-IDF of k-mers (k = 1–6 for DNA, 1–3 for protein).

    For labels per residue: on the k-mers of a window around each; for DNA, counted separately by
    codon phase relative to the residue.
    """
    recipe = _recipe(problem.form, settings)
    if problem.task.per_position:
        return positions.fit(problem, rows, _near(problem.form), recipe, settings)
    return fit_records(problem, problem.limited(rows, MOST_RESIDUES), recipe, settings)


def load(form: Form, settings: Settings, stored: Stored) -> FeatureModel:
    """Read the model of ``fit``."""
    return load_features(form, settings, stored, _recipe(form, settings))


def _near(form: Form) -> positions.Features:
    name = form.alphabet.name
    return partial(positions.near_kmers, reach=REACH[name], longest=LONGEST_NEAR[name])


def _recipe(form: Form, settings: Settings) -> Recipe:
    if form.task.per_position:
        kind = Kind(partial(LogisticRegression, max_iter=MOST_ITERATIONS), Ridge, Linear.of)
        return Recipe(partial(positions.tables, _near(form)), kind, Linear.load, Standard)
    strength = float(settings["strength"])
    kind = Kind(
        partial(LogisticRegression, C=strength, max_iter=MOST_ITERATIONS),
        partial(Ridge, alpha=1 / strength),
        Linear.of,
    )
    return Recipe(_counts, kind, Linear.load, Tfidf)


def _counts(records: Records) -> Iterator[Any]:
    yield kmer_counts(records, LONGEST_KMER[records.alphabet.name])
