"""The baselines: each maps training records to class probabilities of test records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import vstack
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bioseqrnn.baselines.features import composition, flat_onehot, kmer_counts
from bioseqrnn.sequences.packing import Ints
from bioseqrnn.sequences.table import SequenceTable

Probabilities = npt.NDArray[np.float64]
# logistic regression's inverse regularisation, chosen on the validation records
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
LONGEST_KMER = {"dna": 6, "protein": 3}
# trees take dense tables: fewer k-mers, and one-hot only up to this many columns
LONGEST_TREE_KMER = {"dna": 4, "protein": 2}
MOST_ONEHOT_COLUMNS = 8192
MOST_ITERATIONS = 2000


def _full(model: Any, features: Any, classes: int) -> Probabilities:
    """Probabilities with a column for every class, also for one that was not in training."""
    probability = np.zeros((features.shape[0], classes))
    # in double precision from here on, so that a row sums to 1 as a network's does
    probability[:, model.classes_] = model.predict_proba(features)
    probability /= probability.sum(axis=1, keepdims=True)
    return probability


def composition_logistic(
    table: SequenceTable,
    train: Ints,
    validation: Ints,
    test: Ints,
    seed: int,  # noqa: ARG001
) -> Probabilities:
    """Logistic regression on length and residue composition: what a shortcut alone reaches."""
    fit = np.concatenate([train, validation])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=MOST_ITERATIONS))
    model.fit(composition(table, fit), table.targets[fit])
    return _full(model, composition(table, test), len(table.classes))


def kmer_logistic(
    table: SequenceTable,
    train: Ints,
    validation: Ints,
    test: Ints,
    seed: int,  # noqa: ARG001
) -> Probabilities:
    """Logistic regression on TF-IDF of k-mers (k = 1–6 of DNA, 1–3 of protein).

    The regularisation is the one with the least log loss on the validation records; the model is
    then fitted on training and validation records together.
    """
    longest = LONGEST_KMER[table.alphabet.name]
    parts = [kmer_counts(table, rows, longest) for rows in (train, validation, test)]
    classes = len(table.classes)

    def fit(counts: Any, targets: Ints, strength: float) -> Any:
        model = make_pipeline(
            TfidfTransformer(), LogisticRegression(C=strength, max_iter=MOST_ITERATIONS)
        )
        return model.fit(counts, targets)

    losses = []
    for strength in STRENGTHS:
        model = fit(parts[0], table.targets[train], strength)
        losses.append(
            log_loss(
                table.targets[validation],
                _full(model, parts[1], classes),
                labels=np.arange(classes),
            )
        )
    both = np.concatenate([train, validation])
    model = fit(
        vstack(parts[:2], format="csr"), table.targets[both], STRENGTHS[int(np.argmin(losses))]
    )
    return _full(model, parts[2], classes)


def gradient_boosting(
    table: SequenceTable, train: Ints, validation: Ints, test: Ints, seed: int
) -> Probabilities:
    """Boosted trees: on one-hot positions where all records have one length, else on k-mers."""
    fit = np.concatenate([train, validation])
    columns = int(table.lengths.max()) * len(table.alphabet.symbols)
    if len(np.unique(table.lengths)) == 1 and columns <= MOST_ONEHOT_COLUMNS:
        x_fit, x_test = flat_onehot(table, fit), flat_onehot(table, test)
    else:
        longest = LONGEST_TREE_KMER[table.alphabet.name]
        x_fit, x_test = (
            kmer_counts(table, rows, longest).toarray().astype(np.float32) for rows in (fit, test)
        )
    model = HistGradientBoostingClassifier(random_state=seed, early_stopping=False)
    model.fit(x_fit, table.targets[fit])
    return _full(model, x_test, len(table.classes))


METHODS: dict[str, Callable[[SequenceTable, Ints, Ints, Ints, int], Probabilities]] = {
    "composition": composition_logistic,
    "kmer_logistic": kmer_logistic,
    "gradient_boosting": gradient_boosting,
}
