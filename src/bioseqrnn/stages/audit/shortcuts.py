"""How well a trivial property of a sequence alone predicts its class, as an AUC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bioseqrnn.splits.deal import deal_groups
from bioseqrnn.support.arrays import Floats, Ints

MOST_RECORDS = 20_000
FOLDS = 5
SEED = 1

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shortcut:
    """The largest AUC over classes, each against the rest, and the class with this AUC."""

    auc: float
    code: int


def draw(count: int) -> Ints:
    """Draw at most 20,000 records at random, with a fixed seed: row numbers, ascending."""
    if count <= MOST_RECORDS:
        return np.arange(count)
    return np.sort(np.random.default_rng(SEED).choice(count, MOST_RECORDS, replace=False))


def by_value(values: Ints, targets: Ints) -> Shortcut:
    """Rank records by a number, in the direction with the larger AUC."""
    aucs = {code: _auc(targets == code, values) for code in _told_apart(targets)}
    return _largest({code: max(auc, 1 - auc) for code, auc in aucs.items()})


def by_features(features: Floats, targets: Ints, keys: Ints) -> Shortcut:
    """Rank records by logistic regressions that were not trained on them.

    Parameters
    ----------
    features : float32 [n, columns]
    targets : int64 [n]
    keys : int64 [n]
        Records with the same key are never in both training and test.
    """
    _, groups = np.unique(keys, return_inverse=True)
    present, codes = np.unique(targets, return_inverse=True)
    fold = deal_groups(codes, groups, np.full(FOLDS, 1 / FOLDS), SEED)
    scores: Scores = np.zeros((len(targets), len(present)))
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        if not test.any() or len(np.unique(codes[train])) < 2:
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        model.fit(features[train], codes[train])
        scores[np.ix_(test, model.classes_)] = model.predict_proba(features[test])
    column = {int(code): i for i, code in enumerate(present)}
    aucs = {code: _auc(targets == code, scores[:, column[code]]) for code in _told_apart(targets)}
    # below one half, held-out records are ranked worse than by chance: nothing was learnt
    return _largest({code: max(auc, 0.5) for code, auc in aucs.items()})


def _told_apart(targets: Ints) -> list[int]:
    """Return all classes; if there are two, only the second: the first has the same AUC."""
    present: list[int] = np.unique(targets).tolist()
    return present[1:] if len(present) == 2 else present


def _auc(positive: npt.NDArray[np.bool_], scores: Ints | Scores) -> float:
    return 0.5 if positive.all() else float(roc_auc_score(positive, scores))


def _largest(aucs: dict[int, float]) -> Shortcut:
    code = max(aucs, key=lambda c: (aucs[c], -c))
    return Shortcut(aucs[code], code)
