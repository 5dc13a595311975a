"""``gradient_boosting``: boosted trees."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from bioseqrnn.stages.baselines import positions
from bioseqrnn.stages.baselines.features import flat_onehot, kmer_counts, one_length
from bioseqrnn.stages.baselines.heads import Predict, fit_head
from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Ints

# trees need dense tables: short k-mers, and one-hot only up to this many columns
LONGEST_KMER = {"dna": 4, "protein": 2}
MOST_ONEHOT_COLUMNS = 8192
MOST_CELLS = 10**9
# for labels per residue, residues on each side: one-hot letters (NEAR) and k-mers (REACH)
NEAR = {"dna": 15, "protein": 7}
REACH = {"dna": 60, "protein": 15}
LONGEST_NEAR = {"dna": 3, "protein": 1}


def predict(problem: Problem) -> Both:
    """Boosted trees: on one-hot positions if all records have the same length, else on k-mers.

    Histogram-based, as in LightGBM (Ke et al., NeurIPS 2017); in multilabel, one ensemble per
    label. For labels per residue: on the letters around each and the k-mers of a wider window.
    """
    name, table = problem.alphabet, problem.table
    classifier = partial(
        HistGradientBoostingClassifier, random_state=problem.seed, early_stopping=False
    )
    regressor = partial(
        HistGradientBoostingRegressor, random_state=problem.seed, early_stopping=False
    )
    if problem.task.per_position:
        near = partial(
            positions.letters_and_kmers,
            near=NEAR[name],
            reach=REACH[name],
            longest=LONGEST_NEAR[name],
        )
        return positions.from_both(problem, near, classifier, regressor)
    columns = int(table.lengths.max()) * len(table.alphabet.symbols)
    aligned = one_length(table) and columns <= MOST_ONEHOT_COLUMNS

    def features(rows: Ints) -> Any:
        if aligned:
            return flat_onehot(table, rows)
        return kmer_counts(table, rows, LONGEST_KMER[name]).toarray().astype(np.float32)

    def fit(rows: Ints) -> Predict:
        rows = problem.limited(rows, MOST_CELLS // 400 * int(table.lengths.mean()))
        return fit_head(
            problem.task,
            problem.classes,
            problem.truth(rows),
            features(rows),
            classifier,
            regressor,
        )

    return problem.from_both(fit, features)
