"""A combination of networks and baselines that scores any records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bioseqrnn.baselines.model import Fitted
from bioseqrnn.baselines.records import Form
from bioseqrnn.inference.records import Scored, Scorer
from bioseqrnn.inference.windows import Windows
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.metrics.combination import Combination
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tasks import Task

# residues on each side of a stretch that baselines per position can see; more than any looks at
MARGIN = 512
# most residues of a stretch of a baseline
STRETCH = 2**17


@dataclass(frozen=True)
class BaselineScorer:
    """A fitted baseline as a ``Scorer``."""

    fitted: Fitted
    form: Form

    @property
    def task(self) -> Task:
        """The task of the baseline."""
        return self.form.task

    def check(self, length: int, what: str) -> None:
        """See ``Scorer``: records are read in parts, so there is no limit."""

    def scores(self, packed: Packed) -> Scored:
        """See ``Scorer``."""
        return Scored(self.fitted.scores(self.form.records(packed)))

    def stretches(self, packed: Packed, residues: int) -> Iterator[tuple[int, Scored]]:
        """See ``Scorer``; the residues beside a stretch are read too."""
        length, size = int(packed.lengths[0]), min(residues, STRETCH)
        for start in range(0, length, size):
            end = min(length, start + size)
            # a byte of packed residues begins at an even residue
            first, last = max(0, start - MARGIN) // 2 * 2, min(length, end + MARGIN)
            window = Windows(np.zeros(1, np.int64), np.array([first]), np.array([last - first]))
            cut = window.of(packed, self.form.alphabet.width, np.zeros(1, np.int64))
            scores = self.fitted.scores(self.form.records(cut))
            yield start, Scored(scores[start - first : end - first])


@dataclass(frozen=True)
class CombinedScorer:
    """Several methods with their weights, as a ``Scorer``.

    Attributes
    ----------
    task : Task
    members : dict of str to Scorer
        Networks and baselines by name.
    temperatures : dict of str to float
        Temperature of each member.
    combination : Combination
        Weights in the order of the members.
    every : bool
        Whether members of weight 0 are computed too, for the columns of the members.
    """

    task: Task
    members: dict[str, Scorer]
    temperatures: dict[str, float]
    combination: Combination
    every: bool = False

    @property
    def used(self) -> dict[str, Scorer]:
        """Members that are computed."""
        weights = dict(zip(self.members, self.combination.weights, strict=True))
        return {n: m for n, m in self.members.items() if self.every or weights[n] > 0}

    def check(self, length: int, what: str) -> None:
        """See ``Scorer``."""
        for member in self.used.values():
            member.check(length, what)

    def scores(self, packed: Packed) -> Scored:
        """See ``Scorer``."""
        return self.combined({n: m.scores(packed).scores for n, m in self.used.items()})

    def stretches(self, packed: Packed, residues: int) -> Iterator[tuple[int, Scored]]:
        """See ``Scorer``; a stretch ends where that of any member does."""
        streams = {n: m.stretches(packed, residues) for n, m in self.used.items()}
        waiting: dict[str, Doubles] = {}
        length, start = int(packed.lengths[0]), 0
        while start < length:
            for name, stream in streams.items():
                if not len(waiting.get(name, ())):
                    waiting[name] = next(stream)[1].scores
            size = min(map(len, waiting.values()))
            yield start, self.combined({name: part[:size] for name, part in waiting.items()})
            waiting = {name: part[size:] for name, part in waiting.items()}
            start += size

    def combined(self, raw: dict[str, Doubles]) -> Scored:
        """Combine the scores that the used members gave, by name, before their calibration."""
        own = {
            name: calibrated(self.task, scores, self.temperatures[name])
            for name, scores in raw.items()
        }
        weights = dict(zip(self.members, self.combination.weights, strict=True))
        chosen = Combination(np.array([weights[name] for name in own]), self.combination.centre)
        return Scored(chosen.scores(self.task, list(own.values())), own)
