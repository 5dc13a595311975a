"""The classes that cannot be excluded at the error rate of the model (docs/domain.md)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.metrics.conformal import Limits, in_sets
from bioseqrnn.support.console import say
from bioseqrnn.tasks import Task

SET, LOW, HIGH = "prediction_set", "interval_low", "interval_high"
SEPARATOR = "|"


class SetColumns:
    """The column ``prediction_set`` or, in regression, ``interval_low`` and ``interval_high``.

    Parameters
    ----------
    task : Task
    classes : list of str
    limits : Limits
        Of the final model.
    """

    def __init__(self, task: Task, classes: list[str], limits: Limits) -> None:
        self._classes, self._limits = classes, limits
        self._sets = task.probabilistic
        self.fields = (
            [(SET, pa.string())] if self._sets else [(LOW, pa.float64()), (HIGH, pa.float64())]
        )
        # records with an empty set, one class, more classes
        self._counts = np.zeros(3, np.int64)

    def columns(self, part: Predicted) -> dict[str, pa.Array]:
        """See ``Added``; intervals are infinite if the model had too few records."""
        if not self._sets:
            width = np.inf if self._limits.width is None else self._limits.width
            value = part.scores[:, 0]
            return {LOW: pa.array(value - width), HIGH: pa.array(value + width)}
        sets = in_sets(self._classes, part.scores, self._limits)
        self._counts += np.bincount(np.minimum(sets.sum(axis=1), 2), minlength=3)
        # there are few different sets
        different, which = np.unique(sets, axis=0, return_inverse=True)
        texts = [SEPARATOR.join(np.array(self._classes, object)[row].tolist()) for row in different]
        return {SET: pa.array(texts, pa.string()).take(pa.array(which.reshape(-1)))}

    def report(self, name: str) -> None:
        """Log how many records have an empty set, one class, or more."""
        if self._sets:
            none, one, more = self._counts.tolist()
            say(
                f"{name}: prediction sets at error rate {self._limits.error_rate:g}: "
                f"{one:,} of one class, {more:,} of more, {none:,} empty"
            )
