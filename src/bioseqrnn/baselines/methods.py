"""The baselines: each gives class probabilities of validation and of test records.

Those of the validation records come from a fit on the training records alone, as thresholds and
calibration need; those of the test records from a fit on both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
# of the validation and of the test records
Both = tuple[Probabilities, Probabilities]
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


def _from_both(
    fit: Callable[[Ints], Any],
    features: Callable[[Ints], Any],
    table: SequenceTable,
    train: Ints,
    validation: Ints,
    test: Ints,
) -> Both:
    """Probabilities of both, each from a fit on all records that come before it."""
    classes = len(table.classes)
    both = np.concatenate([train, validation])
    return (
        _full(fit(train), features(validation), classes),
        _full(fit(both), features(test), classes),
    )


def composition_logistic(
    table: SequenceTable,
    train: Ints,
    validation: Ints,
    test: Ints,
    seed: int,  # noqa: ARG001
) -> Both:
    """Logistic regression on length and residue composition: what a shortcut alone reaches."""

    def fit(rows: Ints) -> Any:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=MOST_ITERATIONS))
        return model.fit(composition(table, rows), table.targets[rows])

    return _from_both(fit, partial(composition, table), table, train, validation, test)


def kmer_logistic(
    table: SequenceTable,
    train: Ints,
    validation: Ints,
    test: Ints,
    seed: int,  # noqa: ARG001
) -> Both:
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

    candidates = [
        _full(fit(parts[0], table.targets[train], strength), parts[1], classes)
        for strength in STRENGTHS
    ]
    truth = table.targets[validation]
    best = int(np.argmin([log_loss(truth, p, labels=np.arange(classes)) for p in candidates]))
    both = np.concatenate([train, validation])
    model = fit(vstack(parts[:2], format="csr"), table.targets[both], STRENGTHS[best])
    return candidates[best], _full(model, parts[2], classes)


def gradient_boosting(
    table: SequenceTable, train: Ints, validation: Ints, test: Ints, seed: int
) -> Both:
    """Boosted trees: on one-hot positions where all records have one length, else on k-mers."""
    columns = int(table.lengths.max()) * len(table.alphabet.symbols)
    if len(np.unique(table.lengths)) == 1 and columns <= MOST_ONEHOT_COLUMNS:
        features: Callable[[Ints], Any] = partial(flat_onehot, table)
    else:
        features = partial(_dense_kmers, table)

    def fit(rows: Ints) -> Any:
        model = HistGradientBoostingClassifier(random_state=seed, early_stopping=False)
        return model.fit(features(rows), table.targets[rows])

    return _from_both(fit, features, table, train, validation, test)


def _dense_kmers(table: SequenceTable, rows: Ints) -> Any:
    counts = kmer_counts(table, rows, LONGEST_TREE_KMER[table.alphabet.name])
    return counts.toarray().astype(np.float32)


METHODS: dict[str, Callable[[SequenceTable, Ints, Ints, Ints, int], Both]] = {
    "composition": composition_logistic,
    "kmer_logistic": kmer_logistic,
    "gradient_boosting": gradient_boosting,
}
