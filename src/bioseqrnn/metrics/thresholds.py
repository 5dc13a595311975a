"""From which probability on a class is called: chosen on validation records for a stated aim."""

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
# Simulated on 100 to 8,000 validation records: with equal classes 0 loses up to 0.02 of MCC beside
# 0.5 itself, and 1 next to nothing; with 1 : 100 it is the other way round, up to 0.05
ALLOWED = 0.25


@dataclass(frozen=True)
class Aim:
    """What a threshold is for.

    Attributes
    ----------
    name : {"mcc", "f1", "precision", "none"}
    precision : float
        Of the aim ``precision``: what must be reached, with the largest recall.
    """

    name: str
    precision: float


def positives_of(task: Task, truth: Any, scores: Doubles) -> tuple[Bools, Doubles]:
    """What thresholds are about: truth and scores [units, labels], or [units, 1] of two classes."""
    if task.name == "binary":
        return (truth == 1)[:, None], scores[:, 1:]
    return truth, scores


def call_metrics(positive: Bools, called: Bools) -> dict[str, Any]:
    """MCC, F1, precision and recall of calls; along the last axis where there are several.

    MCC and F1 are 0 where nothing, or all, is called; recall is nan where there is no positive.
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

    Thresholds lie half-way between neighbouring scores, so that records like the last one called
    are called too. Of those that are no more than ``ALLOWED`` standard errors worse than the
    best the nearest to 0.5 is taken: the best on few records is partly luck, and calibrated
    probabilities know something. Of the aim
    ``precision``, of those that reach it, the largest recall; the highest precision where none
    does.

    Returns
    -------
    threshold, reached : float
        0.5 and nan where the records lack positives or negatives.
    """
    if positive.all() or not positive.any():
        return CHANCE, float("nan")
    hits, false, levels = curve(positive, score)
    values = _from_counts(hits, false, hits[-1], len(positive))
    below = np.append(levels[1:], 0.0)
    middle = (levels + below) / 2
    worth = values[aim.name]
    top = worth.max()
    # of a correlation among as many records as there would be with equal classes
    records = 4 * hits[-1] * false[-1] / len(positive)
    least = top - ALLOWED * np.sqrt(max(0.0, 1 - top**2) / records)
    if aim.name == "precision":
        least = top
    if aim.name == "precision" and worth.max() >= aim.precision:
        worth = np.where(worth >= aim.precision, values["recall"], -1.0)
        least = worth.max()
    best = np.flatnonzero(worth >= least - 1e-12)
    # 0.5 itself where it lies between the same two scores
    nearest = np.where((below < CHANCE) & (levels >= CHANCE), CHANCE, middle)[best]
    place = int(np.argmin(np.abs(nearest - CHANCE)))
    return float(nearest[place]), float(values[aim.name][best[place]])


def choose_thresholds(task: Task, truth: Any, scores: Doubles, aim: Aim) -> tuple[Doubles, Doubles]:
    """Choose one threshold a label, or one for the positive class of two.

    Parameters
    ----------
    truth : int64 [units] or bool [units, labels]
        Of validation records.
    scores : float64 [units, outputs]
        Calibrated.

    Returns
    -------
    thresholds, reached : float64 [labels] or [1]
    """
    positive, score = positives_of(task, truth, scores)
    chosen = [choose_threshold(p, s, aim) for p, s in zip(positive.T, score.T, strict=True)]
    return np.array([t for t, _ in chosen]), np.array([r for _, r in chosen])


def share_called(task: Task, scores: Doubles, thresholds: Doubles, reached: Doubles) -> Doubles:
    """Share of some units that thresholds call: float64 [labels], nan where none was chosen."""
    _, score = positives_of(task, np.zeros(len(scores)), scores)
    share: Doubles = np.where(np.isnan(reached), np.nan, (score >= thresholds).mean(axis=0))
    return share


def rarer(task: Task, truth: Any) -> Ints:
    """Positives of some units, or negatives where those are fewer: int64 [labels]."""
    positive, _ = positives_of(task, truth, np.zeros((len(truth), 2)))
    count = positive.sum(axis=0)
    fewer: Ints = np.minimum(count, len(positive) - count)
    return fewer
