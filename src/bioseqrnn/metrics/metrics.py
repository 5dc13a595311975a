"""Which metrics a task has, and those that follow from weighted counts.

Counts are float64 [..., replicates]: a bootstrap replicate is a weighting of the groups of records,
so the estimate (all weights one) and its replicates come from the same few lines.
"""

from __future__ import annotations

import numpy as np

from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tasks import Task

UNCALIBRATED, AT_THRESHOLD = "_uncalibrated", "_at_threshold"
# what calibration is judged by
PROPER = ("brier", "log_loss", "ece")
# what a threshold is judged by
CALLED = ("mcc", "f1", "precision", "recall")
PER_CLASS = ("precision", "recall", "f1", "auroc", "auprc")
_CLASS = ("accuracy", "balanced_accuracy", "mcc", "auroc", "auprc", "f1", *PROPER)
_METRICS = {
    "binary": (*_CLASS, "sensitivity", "specificity", "precision"),
    "multiclass": _CLASS,
    "multilabel": (
        "subset_accuracy", "hamming_loss", "auroc", "auroc_micro", "auprc", "auprc_micro", "f1",
        "f1_micro", *PROPER,
    ),
    "regression": ("r2", "rmse", "mae", "pearson", "spearman"),
    "per_position": (*_CLASS, "segment_overlap", "segment_f1"),
}  # fmt: skip
_HEADLINES = {
    "binary": "auroc", "multiclass": "accuracy", "multilabel": "auroc", "regression": "r2",
    "per_position": "accuracy",
}  # fmt: skip
LOWER_IS_BETTER = (
    *PROPER, *(name + UNCALIBRATED for name in PROPER), "hamming_loss", "rmse", "mae",
)  # fmt: skip
# in the unit of the labels, which may be of any size
IN_UNITS = ("rmse", "mae")


def brief(value: float) -> str:
    """Write a number for a log: three decimals, or four significant digits where they hide it."""
    if not np.isfinite(value):
        return "undefined"
    plain = value == 0 or 1e-3 <= abs(value) < 1e5
    return f"{value:.3f}" if plain else f"{value:.4g}"


def rounded(value: float) -> float:
    """A number with seven significant digits: of any unit, unlike one with six decimals."""
    return float(f"{value:.7g}")


def headline(task: Task) -> str:
    """The one metric of a task that is named first: tables, strata and figures are about it."""
    return _HEADLINES[task.name]


def has_thresholds(task: Task) -> bool:
    """Whether calls of a task can be made by a threshold of their own."""
    return task.name in ("binary", "multilabel")


def metrics_of(task: Task, *, thresholds: bool) -> tuple[str, ...]:
    """Names of a task's metrics, in the order of the tables."""
    names = _METRICS[task.name]
    if task.probabilistic:
        names += tuple(name + UNCALIBRATED for name in PROPER)
    if thresholds and has_thresholds(task):
        names += tuple(name + AT_THRESHOLD for name in CALLED)
    return names


def divide(top: Doubles, bottom: Doubles, empty: float) -> Doubles:
    """Divide where the bottom is positive; elsewhere ``empty``."""
    top, bottom = np.broadcast_arrays(top, bottom)
    quotient = np.full(top.shape, empty)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient


def matthews(counts: Doubles) -> Doubles:
    """Matthews correlation of counts [true, called, replicates], 0 where all are called alike.

    Of any number of classes (Gorodkin, Comput. Biol. Chem. 28:367, 2004).
    """
    total = counts.sum(axis=(0, 1))
    right = np.einsum("kkr->r", counts)
    true, called = counts.sum(axis=1), counts.sum(axis=0)
    top = right * total - (true * called).sum(axis=0)
    bottom: Doubles = np.sqrt(
        (total**2 - (called**2).sum(axis=0)) * (total**2 - (true**2).sum(axis=0))
    )
    return divide(top, bottom, 0.0)


def of_one_class(counts: Doubles) -> dict[str, Doubles]:
    """Precision, recall and F1 of each class, [classes, replicates], and what MCC of all is.

    Parameters
    ----------
    counts : float64 [true class, called class, replicates]

    Returns
    -------
    dict of float64 [classes, replicates]
        ``precision`` (0 where nothing is called), ``recall`` (nan where there is none), ``f1``.
    """
    right = np.einsum("kkr->kr", counts)
    true, called = counts.sum(axis=1), counts.sum(axis=0)
    return {
        "precision": divide(right, called, 0.0),
        "recall": divide(right, true, np.nan),
        "f1": divide(2 * right, true + called, 0.0),
    }
