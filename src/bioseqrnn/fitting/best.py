"""Which epoch is the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Monitored:
    """What an epoch is judged by, on the validation records; less is better of all.

    Attributes
    ----------
    loss : float
    lack : float
        What average precision lacks of 1; 0 where it is not monitored.
    tolerance : float
        By how much two values of ``lack`` differ by chance.
    """

    loss: float
    lack: float = 0.0
    tolerance: float = 0.0


@dataclass(frozen=True)
class Judge:
    """What a row of the history is judged by.

    Attributes
    ----------
    tolerance : float
        Of ``Monitored``.
    later : bool
        Whether too few records validate to tell epochs apart, so that the latest is the best: the
        learning rate has come down by then, and weights are averaged.
    """

    tolerance: float
    later: bool

    def __call__(self, row: dict[str, float]) -> Monitored:
        """Judge an epoch; where precision cannot be had (no positive validates), by its loss."""
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
        Of this epoch, as in ``Monitored``.
    epoch : int
        From 1; 0 before there is one.
    weights : dict or None
    least : float
        The least ``lack`` of any epoch.
    """

    loss: float = np.inf
    epoch: int = 0
    weights: dict[str, Any] | None = None
    lack: float = np.inf
    least: float = np.inf

    def loses_to(self, other: Monitored) -> bool:
        """Whether another epoch is better.

        Average precision decides where it differs by more than its tolerance from the best that was
        seen, the loss among the others: of a few positives the first epoch may put all on top by
        chance.
        """
        limit = min(self.least, other.lack) + other.tolerance
        if other.lack > limit:
            return False
        return self.lack > limit or other.loss < self.loss
