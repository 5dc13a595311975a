"""Every metric, declared once: its names, meaning, tasks and formula.

To add a metric, add one ``Metric`` to ``REGISTERED`` with a function from ``formulas``. Tables, the
report, thresholds and docs/evaluation.md follow from it.
"""

from __future__ import annotations

from bioseqrnn.metrics import formulas
from bioseqrnn.metrics.metric import Metric
from bioseqrnn.tasks import Task

BINARY, MULTICLASS, PER_POSITION = "binary", "multiclass", "per_position"
MULTILABEL, REGRESSION = "multilabel", "regression"
CLASSES = (BINARY, MULTICLASS, PER_POSITION)
PROBABILITIES = (*CLASSES, MULTILABEL)
UNCALIBRATED, AT_THRESHOLD = "_uncalibrated", "_at_threshold"

# in the order of the tables
REGISTERED = (
    Metric(
        "accuracy", "Accuracy",
        "Fraction of the records (or residues, where each has a label) that are called correctly",
        CLASSES, of_all=formulas.accuracy, headline_of=(MULTICLASS, PER_POSITION),
        second_of=(BINARY,), random_row=1,
    ),
    Metric(
        "balanced_accuracy", "Balanced accuracy",
        "Mean over classes of the fraction that is called correctly",
        CLASSES, of_all=formulas.balanced_accuracy, hidden=True, random_row=2,
    ),
    Metric(
        "mcc", "MCC", "Matthews correlation: 1 is perfect, 0 is no better than chance",
        CLASSES, of_all=formulas.matthews, of_class=formulas.matthews_of_class,
        of_calls=formulas.matthews_of_calls, at_threshold=True, aim="the largest MCC",
        random_row=3,
    ),
    Metric(
        "subset_accuracy", "Exact matches",
        "Fraction of the records whose labels are all correct",
        (MULTILABEL,), terms=formulas.subset_terms, random_row=4,
    ),
    Metric(
        "hamming_loss", "Hamming loss", "Fraction of the labels that are wrong; lower is better",
        (MULTILABEL,), of_pairs=formulas.fraction_wrong, lower_is_better=True, random_row=5,
    ),
    Metric(
        "auroc", "AUROC",
        "Area under the ROC curve: 0.5 is chance, 1 is a perfect ranking; for several classes or "
        "labels, the mean",
        PROBABILITIES, of_class=formulas.auroc, ranked=True, headline_of=(BINARY, MULTILABEL),
        second_of=(MULTICLASS, PER_POSITION), class_row=4, random_row=8,
    ),
    Metric(
        "auroc_micro", "AUROC (micro)", "AUROC of all pairs of record and label together",
        (MULTILABEL,), of_pairs=formulas.auroc, ranked=True, random_row=10,
    ),
    Metric(
        "auprc", "AUPRC",
        "Average precision; a random ranking reaches the fraction of positive records",
        PROBABILITIES, of_class=formulas.auprc, ranked=True, second_of=(MULTILABEL,), class_row=5,
        random_row=9,
    ),
    Metric(
        "auprc_micro", "AUPRC (micro)",
        "Average precision of all pairs of record and label together",
        (MULTILABEL,), of_pairs=formulas.auprc, ranked=True, random_row=11,
    ),
    Metric(
        "f1", "F1", "Harmonic mean of precision and recall",
        PROBABILITIES, of_class=formulas.f1, at_threshold=True, hidden=True,
        aim="the largest F1", class_row=3, random_row=7,
    ),
    Metric(
        "f1_micro", "F1 (micro)", "F1 of all pairs of record and label together",
        (MULTILABEL,), of_pairs=formulas.f1, random_row=6,
    ),
    Metric(
        "brier", "Brier", "Squared error of the probabilities; lower is better",
        PROBABILITIES, terms=formulas.brier_terms, lower_is_better=True, calibration=True,
        random_row=12,
    ),
    Metric(
        "log_loss", "Log loss",
        "Mean negative log probability of the true class; lower is better",
        PROBABILITIES, terms=formulas.log_loss_terms, lower_is_better=True, calibration=True,
        random_row=13,
    ),
    Metric(
        "ece", "ECE",
        "Expected calibration error: mean difference between predicted and observed probability; "
        "lower is better",
        PROBABILITIES, terms=formulas.calibration_terms, lower_is_better=True, calibration=True,
        random_row=14,
    ),
    Metric(
        "sensitivity", "Sensitivity", "Fraction of the positives that are called positive (recall)",
        (BINARY,), of_class=formulas.recall, two_classes=True, hidden=True, random_row=18,
    ),
    Metric(
        "specificity", "Specificity", "Fraction of the negatives that are called negative",
        (BINARY,), of_class=formulas.specificity, two_classes=True, hidden=True, random_row=20,
    ),
    Metric(
        "precision", "Precision", "Fraction of the records called positive that are positive",
        (BINARY,), of_class=formulas.precision, two_classes=True, at_threshold=True,
        aim="a fixed precision", class_row=1, random_row=19,
    ),
    Metric(
        "recall", "Recall", "Fraction of the positives that are called positive",
        (), of_class=formulas.recall, at_threshold=True, class_row=2,
    ),
    Metric(
        "segment_overlap", "Segment overlap",
        "SOV: how well predicted runs of one class overlap the true ones",
        (PER_POSITION,), of_all=formulas.segment_overlap, terms=formulas.run_terms, random_row=21,
    ),
    Metric(
        "segment_f1", "Segment F1",
        "Harmonic mean of precision and recall of whole runs of one class",
        (PER_POSITION,), of_all=formulas.segment_f1, terms=formulas.run_terms, random_row=22,
    ),
    Metric(
        "r2", "R²",
        "Fraction of the variance explained: 1 is perfect, 0 is no better than the mean",
        (REGRESSION,), of_all=formulas.r2, headline_of=(REGRESSION,),
    ),
    Metric(
        "rmse", "RMSE", "Root mean squared error, in the unit of the values; lower is better",
        (REGRESSION,), of_all=formulas.rmse, lower_is_better=True, in_units=True,
    ),
    Metric(
        "mae", "MAE", "Mean absolute error, in the unit of the values; lower is better",
        (REGRESSION,), of_all=formulas.mae, lower_is_better=True, in_units=True,
    ),
    Metric(
        "pearson", "Pearson r", "Linear correlation between values and predictions",
        (REGRESSION,), of_all=formulas.pearson,
    ),
    Metric(
        "spearman", "Spearman", "Rank correlation between values and predictions",
        (REGRESSION,), of_all=formulas.spearman, second_of=(REGRESSION,),
    ),
)  # fmt: skip
METRICS = {metric.name: metric for metric in REGISTERED}
OF_CALIBRATION = tuple(metric.name for metric in REGISTERED if metric.calibration)
OF_CALLS = tuple(metric.name for metric in REGISTERED if metric.at_threshold)
PER_CLASS = tuple(
    metric.name
    for metric in sorted(REGISTERED, key=lambda metric: metric.class_row)
    if metric.class_row
)
AIMS = {metric.name: metric.aim for metric in REGISTERED if metric.aim}
# suffixes of variants of a metric: added to its name, its title and its meaning
VARIANTS = {
    UNCALIBRATED: (" (uncalibrated)", "; for the probabilities before calibration"),
    AT_THRESHOLD: (
        " (at threshold)", "; called with the threshold that was chosen on validation records",
    ),
}  # fmt: skip


def base(name: str) -> str:
    """A metric's name without the suffix of its variant."""
    for suffix in VARIANTS:
        name = name.removesuffix(suffix)
    return name


def _told(name: str, text: str, place: int) -> str:
    return text + "".join(words[place] for end, words in VARIANTS.items() if name.endswith(end))


def title(name: str) -> str:
    """A metric's name in the report."""
    metric = METRICS.get(base(name))
    return _told(name, metric.title if metric else base(name), 0)


def meaning(name: str) -> str:
    """What a metric means, in one sentence."""
    metric = METRICS.get(base(name))
    return _told(name, metric.meaning if metric else "", 1)


def lower_is_better(name: str) -> bool:
    """Whether a lower value is better."""
    metric = METRICS.get(base(name))
    return metric is not None and metric.lower_is_better


def in_units(name: str) -> bool:
    """Whether a metric is in the unit of the labels."""
    metric = METRICS.get(base(name))
    return metric is not None and metric.in_units


def hidden(name: str) -> bool:
    """Whether the report shows a metric only on request."""
    metric = METRICS.get(name)
    return metric is not None and metric.hidden


def headline(task: Task) -> str:
    """The main metric of a task: it comes first in tables, and strata and figures show it."""
    return next(metric.name for metric in REGISTERED if task.name in metric.headline_of)


def second(task: Task) -> str:
    """The metric that comparisons show beside the headline metric."""
    return next(metric.name for metric in REGISTERED if task.name in metric.second_of)


def has_thresholds(task: Task) -> bool:
    """Whether calls of a task can be made by chosen thresholds."""
    return task.two_classes or not task.exclusive


def ranked_metrics(task: Task) -> tuple[str, ...]:
    """Metrics that depend only on the order of scores, not on thresholds or calibration."""
    return tuple(m.name for m in REGISTERED if m.ranked and m.of_class and task.name in m.tasks)


def metrics_of(task: Task, *, thresholds: bool) -> tuple[str, ...]:
    """Names of a task's metrics, in the order of the tables."""
    names = [metric.name for metric in REGISTERED if task.name in metric.tasks]
    if task.probabilistic:
        names += [name + UNCALIBRATED for name in OF_CALIBRATION]
    if thresholds and has_thresholds(task):
        names += [name + AT_THRESHOLD for name in OF_CALLS]
    return tuple(names)


def computed(task: Task, classes: int) -> list[Metric]:
    """Metrics that scorers compute for a task with some number of classes."""
    return [
        metric
        for metric in REGISTERED
        if task.name in metric.tasks
        or (metric.two_classes and classes == 2 and task.name in CLASSES)
    ]


def random_row(name: str) -> int:
    """Position of a metric in ``random_folds.tsv``; uncalibrated variants come last."""
    place = METRICS[base(name)].random_row
    return place + len(OF_CALIBRATION) if name.endswith(UNCALIBRATED) else place
