"""Prediction sets with a stated error rate: conformal prediction, for each class by itself.

A class stays in the set of a record unless its probability is lower than that of nearly all records
of this class that the model had not seen. With n such records, the limit is the ``k``-th highest of
their probabilities, ``k = ceil((n + 1) (1 - error rate))``. A further record of the class then
keeps its class with at least the probability 1 - error rate (Vovk, Mach. Learn. 92:349, 2013; by
class: Mondrian). Relatives are not independent, so one record of each group of similar records is
drawn (Dunn, Wasserman and Ramdas, J. Am. Stat. Assoc. 118:2491, 2023).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks import Task

Bools = npt.NDArray[np.bool_]
# key of the number of groups in regression
VALUE = "value"


@dataclass(frozen=True)
class Limits:
    """Limits of prediction sets at one error rate.

    Attributes
    ----------
    error_rate : float
    least : dict of str to float
        Of each class or label, the probability from which it is in the set; 0 if there are too few
        groups to exclude it at this error rate.
    width : float, optional
        In regression, how far the interval reaches on either side of the value; None if there are
        too few groups.
    groups : dict of str to int
        Number of groups that each limit comes from.
    """

    error_rate: float
    least: dict[str, float] = field(default_factory=dict)
    width: float | None = None
    groups: dict[str, int] = field(default_factory=dict)


def held(task: Task, truth: Any, classes: int) -> Bools:
    """Whether each record has each class or label: bool [n, classes]."""
    if task.exclusive:
        result: Bools = np.asarray(truth)[:, None] == np.arange(classes)
        return result
    return np.asarray(truth, bool)


def fit_limits(
    task: Task,
    classes: list[str],
    truth: Any,
    scores: Doubles,
    groups: Ints,
    *,
    error_rate: float,
    seed: int,
) -> Limits:
    """Fit the limits of prediction sets to records that the model had not seen.

    Parameters
    ----------
    truth : int64 [n], bool [n, labels] or float64 [n]
    scores : float64 [n, outputs]
        Calibrated probabilities, or values.
    groups : int64 [n]
        Similar records have the same number.
    error_rate : float
    seed : int
        Of the draw of one record a group.
    """
    if not task.probabilistic:
        drawn = one_a_group(groups, seed)
        errors = np.sort(np.abs(scores[drawn, 0] - truth[drawn]))
        rank = _rank(len(errors), error_rate)
        width = float(errors[rank - 1]) if rank <= len(errors) else None
        return Limits(error_rate, {}, width, {VALUE: len(errors)})
    least, counts = {}, {}
    for k, (name, own) in enumerate(zip(classes, held(task, truth, len(classes)).T, strict=True)):
        rows = np.flatnonzero(own)
        drawn = rows[one_a_group(groups[rows], seed)]
        falling = -np.sort(-scores[drawn, k])
        rank = _rank(len(falling), error_rate)
        least[name] = float(np.clip(falling[rank - 1], 0, 1)) if rank <= len(falling) else 0.0
        counts[name] = len(falling)
    return Limits(error_rate, least, None, counts)


def in_sets(classes: list[str], scores: Doubles, limits: Limits) -> Bools:
    """Which classes are in the prediction set of each record: bool [n, classes]."""
    result: Bools = scores >= np.array([limits.least[name] for name in classes])
    return result


def one_a_group(groups: Ints, seed: int) -> Ints:
    """Draw one record of each group: their numbers, int64 [groups]."""
    order = np.random.default_rng(seed).permutation(len(groups))
    _, first = np.unique(groups[order], return_index=True)
    drawn: Ints = order[first]
    return drawn


def _rank(n: int, error_rate: float) -> int:
    """``ceil((n + 1) (1 - error_rate))``, not increased by the rounding of the product."""
    return n + 1 - int(np.floor((n + 1) * error_rate + 1e-9))
