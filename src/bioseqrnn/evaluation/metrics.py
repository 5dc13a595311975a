"""Metrics of class probabilities, with record weights, for many weightings at once.

A bootstrap replicate is a weighting of the records, so the point estimate (all weights one) and
its replicates come from the same few lines. The tests hold each metric against scikit-learn's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bioseqrnn.sequences.packing import Ints

Doubles = npt.NDArray[np.float64]
METRICS = (
    "accuracy", "balanced_accuracy", "mcc", "auroc", "auprc", "f1", "brier", "log_loss",
)  # fmt: skip
LOWER_IS_BETTER = ("brier", "log_loss")
SMALLEST = 1e-15


def confusion(targets: Ints, called: Ints, classes: int, weights: Doubles) -> Doubles:
    """Weighted confusion counts [replicates, true class, called class]."""
    cell = targets * classes + called
    counts = np.empty((len(weights), classes * classes))
    for replicate, row in enumerate(weights):
        counts[replicate] = np.bincount(cell, row, minlength=classes * classes)
    return counts.reshape(len(weights), classes, classes)


def _divide(top: Doubles, bottom: Doubles, empty: float) -> Doubles:
    """Divide where the bottom is positive; elsewhere ``empty``."""
    quotient = np.full(np.shape(top), empty)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient


def _matthews(counts: Doubles) -> Doubles:
    """Multi-class Matthews correlation (Gorodkin, Comput. Biol. Chem. 28:367, 2004)."""
    total = counts.sum(axis=(1, 2))
    right = np.trace(counts, axis1=1, axis2=2)
    true, called = counts.sum(axis=2), counts.sum(axis=1)
    top = right * total - (true * called).sum(axis=1)
    bottom: Doubles = np.sqrt(
        (total**2 - (called**2).sum(axis=1)) * (total**2 - (true**2).sum(axis=1))
    )
    return _divide(top, bottom, 0.0)


def ranking_curve(
    positive: npt.NDArray[np.bool_], score: Doubles, weights: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    """Weighted counts above each distinct score, from the highest down.

    Parameters
    ----------
    positive : bool [n]
    score : float64 [n]
    weights : float64 [replicates, n]

    Returns
    -------
    true_positives, false_positives : float64 [replicates, distinct scores]
    thresholds : float64 [distinct scores]
        Records with at least this score are called positive.
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    weights = weights[:, order]
    called = np.cumsum(weights, axis=1)[:, ends]
    weights *= positive[order]
    hits = np.cumsum(weights, axis=1, out=weights)[:, ends]
    # weights are whole numbers, so the difference is exact
    return hits, called - hits, ranked[ends]


def area_under_roc(hits: Doubles, false: Doubles) -> Doubles:
    """Area under the ROC curve [replicates]; nan where a replicate lacks a class."""
    zero = np.zeros((len(hits), 1))
    area = np.trapezoid(np.hstack([zero, hits]), np.hstack([zero, false]), axis=1)
    return _divide(area, hits[:, -1] * false[:, -1], np.nan)


def average_precision(hits: Doubles, false: Doubles) -> Doubles:
    """Average precision [replicates]: sum of precision over steps of recall."""
    precision = _divide(hits, hits + false, 0.0)
    steps = np.diff(np.hstack([np.zeros((len(hits), 1)), hits]), axis=1)
    return _divide((precision * steps).sum(axis=1), hits[:, -1], np.nan)


def weighted_metrics(targets: Ints, probability: Doubles, weights: Doubles) -> dict[str, Doubles]:
    """Compute every metric for every weighting.

    Two classes: F1, AUROC, AUPRC are those of the second (positive) class and the Brier score is
    that of its probability. More classes: F1, AUROC (one class against the rest) and AUPRC are
    means over classes, the Brier score is summed over them. The called class is the most probable.

    Parameters
    ----------
    targets : int64 [n]
    probability : float64 [n, classes]
    weights : float64 [replicates, n]

    Returns
    -------
    dict of float64 [replicates]
        nan where a replicate lacks a class that the metric needs.
    """
    classes = probability.shape[1]
    total = weights.sum(axis=1)
    counts = confusion(targets, probability.argmax(axis=1), classes, weights)
    right = np.diagonal(counts, axis1=1, axis2=2)
    true, called = counts.sum(axis=2), counts.sum(axis=1)
    recall = _divide(right, true, np.nan)
    f1 = _divide(2 * right, true + called, 0.0)
    truth = np.eye(classes)[targets]
    squared = ((probability - truth) ** 2).sum(axis=1) / (2 if classes == 2 else 1)
    picked = np.clip(probability[np.arange(len(targets)), targets], SMALLEST, 1.0)
    areas, precisions = [], []
    for code in [1] if classes == 2 else range(classes):
        hits, false, _ = ranking_curve(targets == code, probability[:, code], weights)
        areas.append(area_under_roc(hits, false))
        precisions.append(average_precision(hits, false))
    return {
        "accuracy": right.sum(axis=1) / total,
        "balanced_accuracy": recall.mean(axis=1),
        "mcc": _matthews(counts),
        "auroc": np.mean(areas, axis=0),
        "auprc": np.mean(precisions, axis=0),
        "f1": f1[:, 1] if classes == 2 else f1.mean(axis=1),
        "brier": weights @ squared / total,
        "log_loss": weights @ -np.log(picked) / total,
    }
