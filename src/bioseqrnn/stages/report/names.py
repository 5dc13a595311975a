"""How the report calls metrics, and what it says of them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bioseqrnn.metrics.metrics import IN_UNITS, LOWER_IS_BETTER

UNDEFINED = "undefined"

TITLES = {
    "accuracy": "Accuracy", "balanced_accuracy": "Balanced accuracy", "mcc": "MCC",
    "auroc": "AUROC", "auprc": "AUPRC", "f1": "F1", "brier": "Brier", "log_loss": "Log loss",
    "ece": "ECE", "sensitivity": "Sensitivity", "specificity": "Specificity",
    "precision": "Precision", "recall": "Recall", "subset_accuracy": "Exact matches",
    "hamming_loss": "Hamming loss", "auroc_micro": "AUROC (micro)", "auprc_micro": "AUPRC (micro)",
    "f1_micro": "F1 (micro)", "r2": "R²", "rmse": "RMSE", "mae": "MAE", "pearson": "Pearson r",
    "spearman": "Spearman", "segment_overlap": "Segment overlap", "segment_f1": "Segment F1",
}  # fmt: skip
EXPLAINED = {
    "accuracy": "Share of records (residues, where each has a label) called right",
    "balanced_accuracy": "Mean over classes of the share called right",
    "mcc": "Matthews correlation: 1 perfect, 0 no better than chance",
    "auroc": "Area under the ROC curve: 0.5 chance, 1 perfect ranking; of several classes or "
    "labels the mean",
    "auprc": "Average precision; a ranking by chance reaches the share of the positives",
    "f1": "Harmonic mean of precision and recall",
    "brier": "Squared error of the probabilities; lower is better",
    "log_loss": "Mean negative log probability of the true class; lower is better",
    "ece": "Expected calibration error: mean difference of stated and observed probability; lower "
    "is better",
    "sensitivity": "Share of the positives called positive (recall)",
    "specificity": "Share of the negatives called negative",
    "precision": "Share of those called positive that are",
    "recall": "Share of the positives called positive",
    "subset_accuracy": "Share of records whose labels are all right",
    "hamming_loss": "Share of labels that are wrong; lower is better",
    "auroc_micro": "AUROC of all pairs of record and label together",
    "auprc_micro": "Average precision of all pairs of record and label together",
    "f1_micro": "F1 of all pairs of record and label together",
    "r2": "Share of the variance explained: 1 perfect, 0 no better than the mean",
    "rmse": "Root of the mean squared error, in the unit of the values; lower is better",
    "mae": "Mean absolute error, in the unit of the values; lower is better",
    "pearson": "Linear correlation of value and prediction",
    "spearman": "Rank correlation of value and prediction",
    "segment_overlap": "SOV: how well runs of one class overlap those predicted",
    "segment_f1": "Harmonic mean of precision and recall of whole runs of one class",
}
SUFFIXES = {"_uncalibrated": " (uncalibrated)", "_at_threshold": " (at threshold)"}


def base(metric: str) -> str:
    """A metric's name without what says how it was taken."""
    for suffix in SUFFIXES:
        metric = metric.removesuffix(suffix)
    return metric


def title(metric: str) -> str:
    """A metric's name for a reader."""
    told = TITLES.get(base(metric), base(metric))
    return told + "".join(words for suffix, words in SUFFIXES.items() if metric.endswith(suffix))


def explained(metric: str) -> str:
    """What a metric means; with "uncalibrated" or "at threshold", that too."""
    text = EXPLAINED.get(base(metric), "")
    if metric.endswith("_uncalibrated"):
        text += "; of the probabilities before calibration"
    if metric.endswith("_at_threshold"):
        text += "; called by the threshold that was chosen on validation records"
    return text


def lower_is_better(metric: str) -> bool:
    """Whether less is better."""
    return metric in LOWER_IS_BETTER


def number(metric: str, value: float, form: str = ".3f") -> str:
    """Write a value of a metric: in the unit of the labels with four significant digits.

    ``form`` is for all others; what could not be computed is said to be undefined.
    """
    if not math.isfinite(value):
        return UNDEFINED
    if metric in IN_UNITS:
        form = "+.4g" if form.startswith("+") else ".4g"
    return f"{value:{form}}"


def between(metric: str, low: float, high: float, form: str = ".3f") -> str:
    """Write the ends of an interval of a metric."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return UNDEFINED
    return f"{number(metric, low, form)} to {number(metric, high, form)}"


def intervals(metric: str, low: Iterable[float], high: Iterable[float], form: str) -> list[str]:
    """``between`` of several."""
    return [between(metric, a, b, form) for a, b in zip(low, high, strict=True)]
