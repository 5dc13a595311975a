"""The formulas of the metrics, one function each; ``registry`` gives their names.

Some functions take ``Tallies`` (the whole), some ``OneClass`` (one class against the rest), and
some ``Judged`` and its scores; these return ``Terms`` to be summed over units.
"""

from __future__ import annotations

import numpy as np

from bioseqrnn.metrics.numbers import divide
from bioseqrnn.metrics.segments import COUNT, FOUND, LENGTH, OVERLAP, segment_terms
from bioseqrnn.metrics.tallies import Judged, OneClass, Tallies, Terms
from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.tasks.task import SMALLEST

CALIBRATION_BINS = 10


# metrics of the counts of true and called classes


def accuracy(tallies: Tallies) -> Doubles:
    """Fraction on the diagonal."""
    return divide(np.einsum("kkr->r", tallies.matrix), tallies.total, np.nan)


def balanced_accuracy(tallies: Tallies) -> Doubles:
    """Mean recall of all classes; nan if a class has no unit."""
    counts = tallies.matrix
    right, true = np.einsum("kkr->kr", counts), counts.sum(axis=1)
    mean: Doubles = divide(right, true, np.nan).mean(axis=0)
    return mean


def matthews(tallies: Tallies) -> Doubles:
    """Matthews correlation for any number of classes."""
    return matthews_of(tallies.matrix)


def matthews_of(counts: Doubles) -> Doubles:
    """Matthews correlation of counts [true, called, replicates], for any number of classes.

    It is 0 if all units are called the same class (Gorodkin, Comput. Biol. Chem. 28:367, 2004).
    """
    total = counts.sum(axis=(0, 1))
    right = np.einsum("kkr->r", counts)
    true, called = counts.sum(axis=1), counts.sum(axis=0)
    top = right * total - (true * called).sum(axis=0)
    bottom: Doubles = np.sqrt(
        (total**2 - (called**2).sum(axis=0)) * (total**2 - (true**2).sum(axis=0))
    )
    return divide(top, bottom, 0.0)


# metrics of one class, or of all pairs of unit and label


def matthews_of_class(one: OneClass) -> Doubles:
    """Matthews correlation of one class against the rest."""
    return matthews_of(one.counts)


def matthews_of_calls(one: OneClass) -> Doubles:
    """Matthews correlation for counts of many thresholds, computed by four products."""
    rejected, misses = one.counts[0, 0], one.counts[1, 0]
    hits, false = one.hits, one.counts[0, 1]
    top = hits * rejected - false * misses
    bottom = (hits + false) * (hits + misses) * (rejected + false) * (rejected + misses)
    return divide(top, np.sqrt(bottom), 0.0)


def precision(one: OneClass) -> Doubles:
    """Fraction of the called units that are positive; 0 if no unit is called."""
    return divide(one.hits, one.called, 0.0)


def recall(one: OneClass) -> Doubles:
    """Fraction of the positive units that are called; nan if there are none."""
    return divide(one.hits, one.positives, np.nan)


def specificity(one: OneClass) -> Doubles:
    """Fraction of the negative units that are not called; nan if there are none."""
    return divide(one.counts[0, 0], one.negatives, np.nan)


def f1(one: OneClass) -> Doubles:
    """Harmonic mean of precision and recall."""
    return divide(2 * one.hits, one.positives + one.called, 0.0)


def auroc(one: OneClass) -> Doubles:
    """Area under the ROC curve."""
    return one.areas[0]


def auprc(one: OneClass) -> Doubles:
    """Average precision."""
    return one.areas[1]


def fraction_wrong(one: OneClass) -> Doubles:
    """Fraction of the units that are called wrongly."""
    wrong = one.counts[0, 1] + one.counts[1, 0]
    return divide(wrong, one.positives + one.negatives, np.nan)


# metrics of probabilities: terms of each unit


def subset_terms(judged: Judged, scores: Doubles) -> Terms:
    """1 if all labels of a unit are called correctly, otherwise 0."""
    return Terms((called_labels(scores) == judged.truth).all(axis=1).astype(np.float64))


def brier_terms(judged: Judged, scores: Doubles) -> Terms:
    """Squared error of the probabilities.

    Summed over classes (with two classes, half of the sum); in multilabel the mean over labels.
    """
    if judged.multilabel:
        return Terms(((scores - judged.truth) ** 2).mean(axis=1))
    # sum of the squared errors over classes, without an array of single errors
    squared = (scores**2).sum(axis=1) - 2 * _of_truth(judged, scores) + 1
    return Terms(squared / (2 if scores.shape[1] == 2 else 1))


def log_loss_terms(judged: Judged, scores: Doubles) -> Terms:
    """Negative log probability of the true class; in multilabel the mean over labels."""
    loss = -np.log(_of_truth(judged, scores))
    return Terms(loss.mean(axis=1) if judged.multilabel else loss)


def calibration_terms(judged: Judged, scores: Doubles) -> Terms:
    """Predicted probability minus the observed outcome, in bins of the predicted probability."""
    if judged.multilabel:
        labels = judged.truth.shape[1]
        gap = (scores - judged.truth).ravel() / labels
        group = np.repeat(judged.group, labels)
        return Terms(gap, bin_of(scores.ravel()), CALIBRATION_BINS, group)
    stated, right = scores.max(axis=1), scores.argmax(axis=1) == judged.truth
    return Terms(stated - right, bin_of(stated), CALIBRATION_BINS)


def _of_truth(judged: Judged, scores: Doubles) -> Doubles:
    """Clipped probability of the true class or label: float64 [units] or [units, labels]."""
    truth = judged.truth
    if judged.multilabel:
        picked = np.where(truth, scores, 1 - scores)
    else:
        picked = scores[np.arange(len(truth)), truth]
    return np.clip(picked, SMALLEST, 1.0)


def bin_of(stated: Doubles) -> Ints:
    """Index of the bin of each probability."""
    return np.minimum((stated * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)


def called_labels(scores: Doubles) -> Bools:
    """Whether each label is called by the default threshold, not one of its own."""
    called: Bools = scores >= 0.5
    return called


# metrics of segments: runs of one class along a sequence


def run_terms(judged: Judged, scores: Doubles) -> Terms:
    """Terms of both segment measures."""
    assert judged.first is not None
    terms = segment_terms(judged.truth, scores.argmax(axis=1), judged.first)
    return Terms(terms.values, terms.rows, 4, judged.group[terms.places])


def segment_overlap(tallies: Tallies) -> Doubles:
    """Segment overlap (SOV)."""
    sums = tallies.sums[run_terms]
    return divide(sums[OVERLAP], sums[LENGTH], np.nan)


def segment_f1(tallies: Tallies) -> Doubles:
    """Fraction of the true and predicted segments that have a match."""
    sums = tallies.sums[run_terms]
    return divide(sums[FOUND], sums[COUNT], np.nan)


# metrics of values (regression)


def r2(tallies: Tallies) -> Doubles:
    """Coefficient of determination."""
    return 1 - divide(tallies.values.squared, tallies.values.spread, np.nan)


def rmse(tallies: Tallies) -> Doubles:
    """Root mean squared error."""
    values = tallies.values
    root: Doubles = values.unit * np.sqrt(divide(values.squared, values.n, np.nan))
    return root


def mae(tallies: Tallies) -> Doubles:
    """Mean absolute error."""
    return tallies.values.unit * divide(tallies.values.absolute, tallies.values.n, np.nan)


def pearson(tallies: Tallies) -> Doubles:
    """Linear correlation."""
    values = tallies.values
    return divide(values.joint, np.sqrt(values.spread * values.across), np.nan)


def spearman(tallies: Tallies) -> Doubles:
    """Correlation of the ranks within each replicate."""
    joint, first, second = tallies.values.ranked
    return divide(joint, np.sqrt(first * second), np.nan)
