"""Thresholds of probability for calling a class, chosen on validation records for an aim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bioseqrnn.metrics.ranking import curve
from bioseqrnn.metrics.registry import METRICS, OF_CALLS
from bioseqrnn.metrics.tallies import OneClass
from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.tasks import Task

CHANCE = 0.5
# In simulations with 100 to 8,000 validation records and classes of equal size, ALLOWED = 0 loses
# up to 0.02 of MCC compared with the threshold 0.5, and ALLOWED = 1 almost nothing; with classes of
# 1 : 100 it is the other way round, and the loss is up to 0.05
ALLOWED = 0.25


@dataclass(frozen=True)
class Aim:
    """The aim of a threshold.

    Attributes
    ----------
    name : {"mcc", "f1", "precision", "none"}
    precision : float
        For the aim ``precision``: the precision to reach, with the largest recall.
    """

    name: str
    precision: float


def positives_of(task: Task, truth: Any, scores: Doubles) -> tuple[Bools, Doubles]:
    """Truth and scores that thresholds apply to: [units, labels], or [units, 1] if two classes."""
    if task.two_classes:
        return (truth == 1)[:, None], scores[:, 1:]
    return truth, scores


def call_metrics(positive: Bools, called: Bools) -> dict[str, Any]:
    """MCC, F1, precision and recall of calls; computed along the last axis if there are several.

    MCC and F1 are 0 if nothing, or everything, is called; recall is nan if there is no positive.
    """
    hits = (positive & called).sum(axis=-1).astype(np.float64)
    count = np.asarray(called.sum(axis=-1), np.float64)
    return _from_counts(hits, count - hits, positive.sum(axis=-1), positive.shape[-1])


def _from_counts(hits: Any, false: Any, positives: Any, total: int) -> dict[str, Any]:
    misses = positives - hits
    one = OneClass(np.array([[total - hits - false - misses, false], [misses, hits]]))
    return {name: METRICS[name].of_thresholds(one) for name in OF_CALLS}


def choose_threshold(positive: Bools, score: Doubles, aim: Aim) -> tuple[float, float]:
    """Choose the threshold that serves the aim best on some validation records.

    Thresholds lie half-way between neighbouring scores, so that records similar to the last one
    called are called too. Among the thresholds that are at most ``ALLOWED`` standard errors worse
    than the best, the one nearest to 0.5 is taken: the best on few records is partly luck, and
    calibrated probabilities carry information. For the aim ``precision``, the threshold with the
    largest recall among those that reach it; if none does, the one with the highest precision.

    Returns
    -------
    threshold, reached : float
        0.5 and nan if the records lack positives or negatives.
    """
    if positive.all() or not positive.any():
        return CHANCE, float("nan")
    hits, false, levels = curve(positive, score)
    values = _from_counts(hits, false, hits[-1], len(positive))
    below = np.append(levels[1:], 0.0)
    middle = (levels + below) / 2
    worth = values[aim.name]
    top = worth.max()
    # standard error of a correlation, for the equivalent number of records with equal classes
    records = 4 * hits[-1] * false[-1] / len(positive)
    least = top - ALLOWED * np.sqrt(max(0.0, 1 - top**2) / records)
    if aim.name == "precision":
        least = top
    if aim.name == "precision" and worth.max() >= aim.precision:
        worth = np.where(worth >= aim.precision, values["recall"], -1.0)
        least = worth.max()
    best = np.flatnonzero(worth >= least - 1e-12)
    # use 0.5 itself if it lies between the same two scores
    nearest = np.where((below < CHANCE) & (levels >= CHANCE), CHANCE, middle)[best]
    place = int(np.argmin(np.abs(nearest - CHANCE)))
    return float(nearest[place]), float(values[aim.name][best[place]])


def choose_thresholds(task: Task, truth: Any, scores: Doubles, aim: Aim) -> tuple[Doubles, Doubles]:
    """Choose one threshold per label, or one for the positive class of two.

    Parameters
    ----------
    truth : int64 [units] or bool [units, labels]
        Truth of validation records.
    scores : float64 [units, outputs]
        Calibrated scores.

    Returns
    -------
    thresholds, reached : float64 [labels] or [1]
    """
    positive, score = positives_of(task, truth, scores)
    chosen = [choose_threshold(p, s, aim) for p, s in zip(positive.T, score.T, strict=True)]
    return np.array([t for t, _ in chosen]), np.array([r for _, r in chosen])


def share_called(task: Task, scores: Doubles, thresholds: Doubles, reached: Doubles) -> Doubles:
    """Fraction of some units that thresholds call: float64 [labels], nan if none was chosen."""
    _, score = positives_of(task, np.zeros(len(scores)), scores)
    share: Doubles = np.where(np.isnan(reached), np.nan, (score >= thresholds).mean(axis=0))
    return share


def rarer(task: Task, truth: Any) -> Ints:
    """Number of positives, or of negatives if those are fewer: int64 [labels]."""
    positive, _ = positives_of(task, truth, np.zeros((len(truth), 2)))
    count = positive.sum(axis=0)
    fewer: Ints = np.minimum(count, len(positive) - count)
    return fewer
