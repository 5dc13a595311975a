"""Input of a baseline: the records of one fold, and their targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.console import say
from bioseqrnn.tables.sequences import SequenceTable
from bioseqrnn.tasks import Task, Truth

# scores of the validation and of the test records
Both = tuple[Doubles, Doubles]
# residues whose features are computed at once when records are predicted
CHUNK_RESIDUES = 2**20


@dataclass(frozen=True)
class Problem:
    """One fold of a dataset.

    Attributes
    ----------
    table : SequenceTable
    train, validation, test : int64 arrays
        Row numbers.
    seed : int
    """

    table: SequenceTable
    train: Ints
    validation: Ints
    test: Ints
    seed: int

    @property
    def task(self) -> Task:
        """The task: the kind of label."""
        return self.table.task

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        return self.table.classes

    @property
    def alphabet(self) -> str:
        """``dna`` or ``protein``."""
        return self.table.alphabet.name

    @property
    def both_strands(self) -> bool:
        """Whether a sequence and its reverse complement are equivalent."""
        return bool(self.table.metadata["strands"] == "both")

    @property
    def fitted(self) -> Ints:
        """Training and validation records: the model for the test records is fitted to them."""
        return np.concatenate([self.train, self.validation])

    def truth(self, rows: Ints) -> Truth:
        """Targets of some records."""
        truth: Truth = self.table.targets[rows]
        return truth

    def loss(self, scores: Doubles) -> float:
        """Mean loss on the validation records, the criterion for choosing settings."""
        return self.task.loss(self.truth(self.validation), scores)

    def limited(self, rows: Ints, residues: int) -> Ints:
        """Draw rows at random until they have this many residues together.

        The features of all records of a large table would not fit in memory, and a linear model
        does not need so many.
        """
        rng = np.random.default_rng(self.seed)
        drawn = rng.permutation(len(rows))
        kept = np.cumsum(self.table.lengths[rows[drawn]]) <= residues
        if kept.all():
            return rows
        kept[0] = True
        say(f"fitted to {int(kept.sum()):,} of {len(rows):,} records, drawn at random")
        return rows[np.sort(drawn[kept])]

    def chunks(self, rows: Ints, residues: int = CHUNK_RESIDUES) -> Iterator[Ints]:
        """Cut rows into parts of at most ``residues`` residues, or of one longer record."""
        ends = np.cumsum(self.table.lengths[rows])
        start = 0
        while start < len(rows):
            before = int(ends[start - 1]) if start else 0
            end = max(start + 1, int(np.searchsorted(ends, before + residues, side="right")))
            yield rows[start:end]
            start = end

    def scores(
        self, rows: Ints, features: Callable[[Ints], Any], predict: Callable[[Any], Doubles]
    ) -> Doubles:
        """Predict records part by part: float64 [n, outputs]."""
        parts = [predict(features(part)) for part in self.chunks(rows)]
        return np.concatenate([np.zeros((0, self.task.outputs(self.classes))), *parts])

    def from_both(
        self, fit: Callable[[Ints], Callable[[Any], Doubles]], features: Callable[[Ints], Any]
    ) -> Both:
        """Scores of validation records (fitted to training) and test records (fitted to both)."""
        return (
            self.scores(self.validation, features, fit(self.train)),
            self.scores(self.test, features, fit(self.fitted)),
        )
