"""The best epoch of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Monitored:
    """The criteria of one epoch, from the validation records; smaller values are better.

    Attributes
    ----------
    loss : float
    lack : float
        1 - average precision; 0 if it is not monitored.
    tolerance : float
        Difference between two values of ``lack`` that may be due to chance.
    """

    loss: float
    lack: float = 0.0
    tolerance: float = 0.0


@dataclass(frozen=True)
class Judge:
    """Judges the rows of the history.

    Attributes
    ----------
    tolerance : float
        As in ``Monitored``.
    later : bool
        Whether there are too few validation records to compare epochs. The latest epoch is then the
        best: by then the learning rate has decreased and weights are averaged.
    """

    tolerance: float
    later: bool

    def __call__(self, row: dict[str, float]) -> Monitored:
        """Judge an epoch; by its loss if average precision is undefined (no positive record)."""
        if self.later:
            return Monitored(-row["epoch"])
        precision = row.get("validation_auprc", np.nan)
        if np.isnan(precision):
            return Monitored(row["validation_loss"])
        return Monitored(row["validation_loss"], 1 - precision, self.tolerance)


@dataclass
class Best:
    """The best epoch so far.

    Attributes
    ----------
    loss, lack : float
        Values of this epoch, as in ``Monitored``.
    epoch : int
        Number of this epoch, from 1; 0 before there is one.
    weights : dict or None
    least : float
        The smallest ``lack`` of all epochs so far.
    """

    loss: float = np.inf
    epoch: int = 0
    weights: dict[str, Any] | None = None
    lack: float = np.inf
    least: float = np.inf

    def loses_to(self, other: Monitored) -> bool:
        """Whether another epoch is better.

        An epoch whose average precision is worse than the best so far by more than the tolerance
        loses. Among the others, the loss decides: with a few positives, the first epoch may rank
        all of them at the top by chance.
        """
        limit = min(self.least, other.lack) + other.tolerance
        if other.lack > limit:
            return False
        return self.lack > limit or other.loss < self.loss
