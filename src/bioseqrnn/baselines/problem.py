"""Input of a fit: a table of sequences with their targets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.console import say
from bioseqrnn.tables.sequences import SequenceTable
from bioseqrnn.tasks import Task, Truth


@dataclass(frozen=True)
class Problem:
    """A dataset that baselines are fitted to.

    Attributes
    ----------
    table : SequenceTable
    seed : int
    """

    table: SequenceTable
    seed: int

    @cached_property
    def form(self) -> Form:
        """What a model of the dataset predicts, and from what."""
        return Form.of(self.table)

    @property
    def task(self) -> Task:
        """The task: the kind of label."""
        return self.table.task

    @property
    def alphabet(self) -> str:
        """``dna`` or ``protein``."""
        return self.table.alphabet.name

    def truth(self, rows: Ints) -> Truth:
        """Targets of some records."""
        truth: Truth = self.table.targets[rows]
        return truth

    def records(self, rows: Ints) -> Records:
        """Sequences of some records."""
        return self.form.records(self.table.packed, rows)

    def loss(self, rows: Ints, scores: Doubles) -> float:
        """Mean loss on some records, the criterion for choosing settings."""
        return self.task.loss(self.truth(rows), scores)

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
