"""How far the members of a combined model agree on a record (docs/domain.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tasks import Task

MEAN, SPREAD, DISAGREE = "members_mean", "members_sd", "members_disagree"
HALF = 0.5


class SpreadColumns:
    """The columns ``members_mean``, ``members_sd`` and ``members_disagree``.

    They are about the class that is the most probable one by the combination; in multilabel about
    all labels, averaged; in regression about the value, without ``members_disagree``. Members count
    by their weights.

    Parameters
    ----------
    task : Task
    weights : mapping of str to float
        Weight of each member that has one.
    """

    def __init__(self, task: Task, weights: Mapping[str, float]) -> None:
        self._task, self._names = task, list(weights)
        values = np.array(list(weights.values()))
        self._weights = values / values.sum()
        names = [MEAN, SPREAD, DISAGREE] if task.probabilistic else [MEAN, SPREAD]
        self.fields = [(name, pa.float64()) for name in names]

    def columns(self, part: Predicted) -> dict[str, pa.Array]:
        """See ``Added``."""
        # [members, n, outputs]
        scores = np.stack([part.members[name] for name in self._names])
        mean = np.tensordot(self._weights, scores, axes=1)
        spread = np.sqrt(np.tensordot(self._weights, (scores - mean) ** 2, axes=1))
        if not self._task.probabilistic:
            return {MEAN: pa.array(mean[:, 0]), SPREAD: pa.array(spread[:, 0])}
        if not self._task.exclusive:
            other = (scores >= HALF) != (part.scores >= HALF)
            disagree = np.tensordot(self._weights, other, axes=1).mean(axis=1)
            return _arrays(mean.mean(axis=1), spread.mean(axis=1), disagree)
        rows, best = np.arange(len(mean)), part.scores.argmax(axis=1)
        disagree = np.tensordot(self._weights, scores.argmax(axis=2) != best, axes=1)
        return _arrays(mean[rows, best], spread[rows, best], disagree)

    def report(self, name: str) -> None:
        """See ``Added``; nothing is logged."""


def _arrays(mean: Doubles, spread: Doubles, disagree: Doubles) -> dict[str, pa.Array]:
    return {MEAN: pa.array(mean), SPREAD: pa.array(spread), DISAGREE: pa.array(disagree)}
