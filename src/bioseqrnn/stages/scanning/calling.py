"""Which windows are called as a class, and the regions that called windows form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bioseqrnn.metrics.decision import deciding
from bioseqrnn.stages.scanning.store import Singles
from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import Task


@dataclass(frozen=True)
class Calling:
    """How windows are called.

    Attributes
    ----------
    task : Task
    classes : list of str
        All classes of the model.
    thresholds : mapping of str to float
        As in the card.
    shown : list of int
        Classes whose regions and tracks are wanted.
    threshold : float, optional
        Least probability of a call; None: windows are called as ``predict`` calls records.
    """

    task: Task
    classes: list[str]
    thresholds: Mapping[str, float]
    shown: list[int]
    threshold: float | None = None

    @classmethod
    def of(
        cls, task: Task, card: Mapping[str, Any], names: Sequence[str], threshold: float | None
    ) -> Calling:
        """Check the classes that a user asks for; with none, all, or of two the positive one."""
        classes = list(card["classes"])
        unknown = [name for name in names if name not in classes]
        if unknown:
            raise InputError(
                f"--class {unknown[0]}: the model has no such class; it has {', '.join(classes)}"
            )
        if not task.probabilistic:
            shown = [0]
        elif names:
            shown = [classes.index(name) for name in dict.fromkeys(names)]
        else:
            shown = [1] if task.two_classes else list(range(len(classes)))
        return cls(task, classes, card.get("thresholds") or {}, shown, threshold)

    def called(self, scores: Singles) -> Bools:
        """Whether each window is called as each class: bool [windows, classes].

        Parameters
        ----------
        scores : float32 [windows, outputs]
            nan where a window was skipped, which is called as nothing.
        """
        known = ~np.isnan(scores)
        if self.threshold is not None:
            return np.where(known, scores, -1) >= self.threshold
        limits = deciding(self.task, self.classes, self.thresholds)
        if not self.task.exclusive:
            return np.where(known, scores, -1) >= np.array(list(limits.values()))
        if limits:
            codes = (scores[:, 1] >= limits[self.classes[1]]).astype(np.int64)
        else:
            codes = np.where(known, scores, 0).argmax(axis=1)
        found: Bools = (codes[:, None] == np.arange(len(self.classes))) & known
        return found


@dataclass(frozen=True)
class Regions:
    """Regions of one class and strand, ascending.

    Attributes
    ----------
    starts, ends, windows : int64 [n]
        First residue, end, and number of called windows.
    scores : float64 [n]
        Highest probability among these windows.
    """

    starts: Ints
    ends: Ints
    windows: Ints
    scores: Doubles

    def __len__(self) -> int:
        return len(self.starts)

    @classmethod
    def of_windows(cls, starts: Ints, size: int, called: Bools, scores: Singles) -> Regions:
        """Merge called windows that overlap or touch.

        Parameters
        ----------
        starts : int64 [windows]
        size : int
            Residues of each.
        called : bool [windows]
        scores : float32 [windows]
        """
        begins = starts[called]
        ones = np.ones(len(begins), np.int64)
        return cls(begins, begins + size, ones, scores[called].astype(np.float64)).merged()

    @classmethod
    def joined(cls, parts: Sequence[Regions]) -> Regions:
        """Merge the regions of consecutive stretches of a record."""
        if not parts:
            none = np.zeros(0, np.int64)
            return cls(none, none, none, np.zeros(0))
        return cls(
            np.concatenate([part.starts for part in parts]),
            np.concatenate([part.ends for part in parts]),
            np.concatenate([part.windows for part in parts]),
            np.concatenate([part.scores for part in parts]),
        ).merged()

    def merged(self) -> Regions:
        """Merge regions that overlap or touch; their starts and ends ascend."""
        if not len(self):
            return self
        first = np.flatnonzero(np.append(True, self.starts[1:] > self.ends[:-1]))
        last = np.append(first[1:], len(self)) - 1
        return Regions(
            self.starts[first],
            self.ends[last],
            np.add.reduceat(self.windows, first),
            np.maximum.reduceat(self.scores, first),
        )


@dataclass(frozen=True)
class Chance:
    """Regions that are called in shuffled sequence.

    Attributes
    ----------
    scores : dict of int to float64 array
        Score of each region, ascending, by class.
    megabases : float
        Shuffled sequence.
    """

    scores: Mapping[int, Doubles]
    megabases: float

    def per_megabase(self, code: int, scores: Doubles) -> Doubles:
        """Regions of a class in a megabase of shuffled sequence that score at least so much."""
        own = self.scores[code]
        found: Doubles = (len(own) - np.searchsorted(own, scores)) / self.megabases
        return found
