"""Combination of the calibrated scores of several methods, with weights from validation records.

The combined logit of a unit is a weighted sum of the logits of the methods (logarithmic opinion
pool; Genest and Zidek, Statist. Sci. 1:114, 1986). In regression, the deviations from a centre are
added. Weights are at least 0, so a method never counts against its own prediction (stacking;
Breiman, Mach. Learn. 24:49, 1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks import Task
from bioseqrnn.tasks.task import SMALLEST

# Standard deviations of the normal priors of the weights (benchmarks/README.md): of the sum of the
# weights around 1, and of each weight around the mean weight, in units of 1 / methods
SUM_DEVIATION = 1.0
WEIGHT_DEVIATION = 2.0
# more units do not improve so few weights
MOST_UNITS = 200_000
# parts of the validation records for cross-fitting
PARTS = 5


@dataclass(frozen=True)
class Combination:
    """Weights that combine the scores of some methods.

    Attributes
    ----------
    weights : float64 [methods]
        At least 0; their sum is the inverse of a temperature.
    centre : float
        In regression, the value that deviations are measured from; otherwise 0.
    """

    weights: Doubles
    centre: float = 0.0

    def scores(self, task: Task, members: Sequence[Doubles]) -> Doubles:
        """Combine the calibrated scores of all methods: float64 [units, outputs].

        Parameters
        ----------
        task : Task
        members : sequence of float64 [units, outputs]
            Scores of each method for the same units, in the order of ``weights``.
        """
        (counting,) = np.nonzero(self.weights)
        if len(counting) == 1 and self.weights[counting[0]] == 1:
            # a logarithm and its inverse would change the last digits
            return members[int(counting[0])]
        total: Doubles = np.zeros_like(members[0], dtype=np.float64)
        # one after the other: the scores of all residues of many methods would not fit in memory
        for weight, scores in zip(self.weights, members, strict=True):
            total += weight * _evidence(task, scores, self.centre)
        return _as_scores(task, total, self.centre)


def fit_combination(
    task: Task, truth: Any, members: Sequence[Doubles], records: int
) -> Combination:
    """Find the weights with the lowest loss on validation records.

    The loss is penalised by weak normal priors: towards equal weights, and towards a sum of 1. They
    matter if there are few records; with many records the data decide. The penalised loss is convex
    and has one minimum.

    Parameters
    ----------
    task : Task
    truth : int64 [units], bool [units, labels] or float64 [units]
    members : sequence of float64 [units, outputs]
        Calibrated scores of each method. Test records must not be among the units.
    records : int
        Number of independent records that the units come from: the residues of a record count
        together as one.

    Returns
    -------
    Combination
        With equal weights if there are no units.
    """
    count = len(members)
    start = np.full(count, 1 / count)
    if len(truth) == 0:
        return Combination(start)
    # evenly spaced units, so that the choice needs no random numbers
    step = -(-len(truth) // MOST_UNITS)
    truth, members = truth[::step], [scores[::step] for scores in members]
    centre = 0.0 if task.probabilistic else float(np.mean(truth))
    evidence = np.stack([_evidence(task, scores, centre) for scores in members])
    loss = _Loss(task, truth, evidence, centre, records)

    # imported here: prediction needs only the rest of this file, and should start fast
    from scipy.optimize import minimize

    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * count,
        options={"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-8},
    )
    return Combination(np.asarray(found.x, np.float64), centre)


def cross_fitted(
    task: Task, truth: Any, members: Sequence[Doubles], groups: Ints, records: int
) -> Doubles:
    """Combined scores of validation records, each by weights that it was not used for.

    Weights that are fitted to a record make its combined score too good. Temperature, thresholds
    and the choice between the combination and a single method need scores without this advantage.

    Parameters
    ----------
    task, truth, members, records
        As in ``fit_combination``.
    groups : int64 [units]
        Units of one group are left out together.

    Returns
    -------
    float64 [units, outputs]
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    parts = numbers % min(PARTS, int(numbers.max(initial=0)) + 1)
    scores = np.zeros_like(members[0], dtype=np.float64)
    for part in range(int(parts.max(initial=0)) + 1):
        inside = parts == part
        others = ~inside
        share = records * int(others.sum()) / max(len(others), 1)
        fitted = fit_combination(task, truth[others], [m[others] for m in members], round(share))
        scores[inside] = fitted.scores(task, [m[inside] for m in members])
    return scores


class _Loss:
    """Penalised loss of the weights, and its gradient."""

    def __init__(
        self, task: Task, truth: Any, evidence: Doubles, centre: float, records: int
    ) -> None:
        self._task, self._truth, self._centre = task, truth, centre
        # [methods, units, outputs]
        self._evidence = evidence
        self._scale = records / len(truth)
        if not task.probabilistic:
            # the noise is about the error of the best method
            errors = evidence[:, :, 0] - (truth - centre)
            least = float((errors**2).mean(axis=1).min())
            self._scale /= max(2 * least, np.finfo(float).tiny)
        elif not task.exclusive:
            self._scale /= evidence.shape[2]

    def __call__(self, weights: Doubles) -> tuple[float, Doubles]:
        total = np.tensordot(weights, self._evidence, axes=1)
        value, slope = self._data(total)
        gradient = np.tensordot(self._evidence, slope, axes=([1, 2], [0, 1])) * self._scale
        apart = (weights - weights.mean()) * len(weights) / WEIGHT_DEVIATION
        beyond = (weights.sum() - 1) / SUM_DEVIATION
        value = value * self._scale + float(apart @ apart + beyond**2) / 2
        # the mean deviation is 0, so the derivative of the mean does not contribute
        return value, gradient + apart * len(weights) / WEIGHT_DEVIATION + beyond / SUM_DEVIATION

    def _data(self, total: Doubles) -> tuple[float, Doubles]:
        """Sum of the losses of all units, and its derivative by the combined evidence."""
        if not self._task.probabilistic:
            error = total[:, 0] - (self._truth - self._centre)
            return float(error @ error), 2 * error[:, None]
        if not self._task.exclusive:
            # log(1 + exp(z)) without overflow
            value = np.logaddexp(0, total) - np.where(self._truth, total, 0)
            return float(value.sum()), _sigmoid(total) - self._truth
        rows = np.arange(len(total))
        top = total.max(axis=1, keepdims=True)
        logarithm = np.log(np.exp(total - top).sum(axis=1, keepdims=True)) + top
        slope = np.exp(total - logarithm)
        value = logarithm[:, 0] - total[rows, self._truth]
        slope[rows, self._truth] -= 1
        return float(value.sum()), slope


def _evidence(task: Task, scores: Doubles, centre: float) -> Doubles:
    """What is added up: logits, logarithms of probabilities, or deviations from the centre."""
    if not task.probabilistic:
        return scores - centre
    if not task.exclusive:
        p = np.clip(scores, SMALLEST, 1 - SMALLEST)
        logits: Doubles = np.log(p) - np.log1p(-p)
        return logits
    logarithms: Doubles = np.log(np.clip(scores, SMALLEST, None))
    return logarithms


def _as_scores(task: Task, total: Doubles, centre: float) -> Doubles:
    """Probabilities or values from combined evidence."""
    if not task.probabilistic:
        return total + centre
    if not task.exclusive:
        return _sigmoid(total)
    power = np.exp(total - total.max(axis=1, keepdims=True))
    divided: Doubles = power / power.sum(axis=1, keepdims=True)
    return divided


def _sigmoid(x: Doubles) -> Doubles:
    # exp(-|x|) does not overflow
    small = np.exp(-np.abs(x))
    result: Doubles = np.where(x >= 0, 1, small) / (1 + small)
    return result
