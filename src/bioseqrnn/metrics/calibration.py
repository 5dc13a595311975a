"""Calibration of probabilities: one temperature per run, fitted on validation records."""

from __future__ import annotations

from typing import Any

import numpy as np

from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tasks import Task
from bioseqrnn.tasks.task import SMALLEST

# standard deviation of the normal prior of ln T around 0
PRIOR_DEVIATION = 0.25
LOWEST, HIGHEST = 0.05, 20.0


def calibrated(task: Task, scores: Doubles, temperature: float) -> Doubles:
    """Divide probabilities, as logits, by a temperature.

    Guo et al., ICML 2017. The ranking of the classes in a row does not change; in multilabel each
    label is scaled by itself.

    Parameters
    ----------
    scores : float64 [units, outputs]
        Probabilities; values of regression are returned unchanged.
    """
    if not task.probabilistic or temperature == 1:
        return scores
    if not task.exclusive:
        p = np.clip(scores, SMALLEST, 1 - SMALLEST)
        result: Doubles = 1 / (1 + np.exp((np.log1p(-p) - np.log(p)) / temperature))
        return result
    power = np.log(np.clip(scores, SMALLEST, None)) / temperature
    power = np.exp(power - power.max(axis=1, keepdims=True))
    divided: Doubles = power / power.sum(axis=1, keepdims=True)
    return divided


def fit_temperature(task: Task, truth: Any, scores: Doubles) -> float:
    """Find the temperature with the lowest log loss on validation records.

    A weak prior keeps the temperature near 1: otherwise a few records that are all called correctly
    would make the model certain of everything. It is 1 without records, and in regression.

    Parameters
    ----------
    truth : int64 [units] or bool [units, labels]
    scores : float64 [units, outputs]
    """
    if not task.probabilistic or len(scores) == 0:
        return 1.0

    # imported here: prediction needs only the rest of this file, and should start fast
    from scipy.optimize import minimize_scalar

    def cost(log_temperature: float) -> float:
        p = calibrated(task, scores, float(np.exp(log_temperature)))
        if not task.exclusive:
            loss = -np.log(np.clip(np.where(truth, p, 1 - p), SMALLEST, 1)).mean(axis=1).sum()
        else:
            loss = -np.log(np.clip(p[np.arange(len(p)), truth], SMALLEST, 1)).sum()
        return float(loss) + log_temperature**2 / (2 * PRIOR_DEVIATION**2)

    found = minimize_scalar(
        cost, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded", options={"xatol": 1e-4}
    )
    return float(np.exp(found.x))
