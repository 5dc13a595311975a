"""Calls of records, by the thresholds in the card of a model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tasks import Task

HALF = 0.5
SEPARATOR = ";"


def deciding(task: Task, classes: list[str], thresholds: Mapping[str, float]) -> dict[str, float]:
    """Return the thresholds that calls of records depend on, by class; none of most probable ones.

    Of two classes that of the positive one, where the card has it; of several labels all.
    """
    if task.name == "multilabel":
        return {name: float(thresholds.get(name, HALF)) for name in classes}
    if task.name == "binary" and classes[1] in thresholds:
        return {classes[1]: float(thresholds[classes[1]])}
    return {}


def record_calls(
    task: Task, classes: list[str], scores: Doubles, thresholds: Mapping[str, float]
) -> list[str]:
    """Name what each record is called.

    Of two classes: the positive one where its probability reaches its threshold, else the other;
    of more, or without a threshold, the most probable. Of several labels: all that reach theirs,
    or 0.5, joined by ``;``.

    Parameters
    ----------
    scores : float64 [n, outputs]
        Calibrated.
    thresholds : dict of str to float
        By class, as in the card.
    """
    limits = deciding(task, classes, thresholds)
    if task.name == "multilabel":
        names = np.array(classes, object)
        return [SEPARATOR.join(names[row]) for row in scores >= np.array(list(limits.values()))]
    if limits:
        codes = (scores[:, 1] >= limits[classes[1]]).astype(np.int64)
    else:
        codes = scores.argmax(axis=1)
    return [classes[code] for code in codes]
