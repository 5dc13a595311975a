"""Calls of records by the thresholds in the card of a model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tasks import Task

HALF = 0.5
SEPARATOR = ";"


def deciding(task: Task, classes: list[str], thresholds: Mapping[str, float]) -> dict[str, float]:
    """Return the thresholds by which records are called, by class.

    With two classes, the threshold of the positive class if the card has it; in multilabel, the
    thresholds of all labels; otherwise none, because the most probable class is called.
    """
    if not task.exclusive:
        return {name: float(thresholds.get(name, HALF)) for name in classes}
    if task.two_classes and classes[1] in thresholds:
        return {classes[1]: float(thresholds[classes[1]])}
    return {}


def record_calls(
    task: Task, classes: list[str], scores: Doubles, thresholds: Mapping[str, float]
) -> list[str]:
    """Return the call of each record.

    With two classes, the positive one if its probability reaches its threshold, otherwise the other
    one; with more classes, or without a threshold, the most probable class. In multilabel, all
    labels that reach their threshold (0.5 if there is none), joined by ``;``.

    Parameters
    ----------
    scores : float64 [n, outputs]
        Calibrated scores.
    thresholds : dict of str to float
        Thresholds by class, as in the card.
    """
    limits = deciding(task, classes, thresholds)
    if not task.exclusive:
        names = np.array(classes, object)
        return [SEPARATOR.join(names[row]) for row in scores >= np.array(list(limits.values()))]
    if limits:
        codes = (scores[:, 1] >= limits[classes[1]]).astype(np.int64)
    else:
        codes = scores.argmax(axis=1)
    return [classes[code] for code in codes]
