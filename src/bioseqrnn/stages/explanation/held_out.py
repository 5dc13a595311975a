"""Test records without a motif, and with one: how the logit of its class changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bioseqrnn.attribution.attribution import Explained
from bioseqrnn.attribution.edits import (
    DRAWS,
    VARIANTS,
    changes,
    drawn_instances,
    shuffled_instances,
    with_motif,
    without_motif,
)
from bioseqrnn.inference.batches import by_length
from bioseqrnn.metrics.bootstrap import group_weights, interval
from bioseqrnn.stages.explanation.listed import Listed, Places
from bioseqrnn.support.arrays import Bools, Doubles, Floats, Ints
from bioseqrnn.tables.declared.explanation import VALUE
from bioseqrnn.tables.sequences import SequenceTable

REMOVED, PLANTED = "removed", "planted"
REPLICATES, CONFIDENCE = 1000, 0.95
# makes the variants of a record; False: it has no control
Edit = Callable[[Floats, int, np.random.Generator], tuple[Floats, bool]]


@dataclass
class Measured:
    """Changes of the logit by one test of one motif, collected from all networks.

    Attributes
    ----------
    rows : list of int64 [n]
        Rows of the records.
    values : list of float64 [n, 3]
        As ``attribution.edits.changes``; the last column is NaN without a control.
    """

    rows: list[Ints] = field(default_factory=list)
    values: list[Doubles] = field(default_factory=list)

    def cells(self, seed: int) -> tuple[Any, ...]:
        """Cells of ``motif_tests.tsv`` from ``records`` on.

        Several seeds, or folds that test the same record, count as their mean.
        """
        rows = np.concatenate([np.zeros(0, np.int64), *self.rows])
        values = np.concatenate([np.zeros((0, 3)), *self.values])
        records, place = np.unique(rows, return_inverse=True)
        times = np.bincount(place, minlength=len(records))
        sums = np.zeros((len(records), 3))
        np.add.at(sums, place, values)
        means = sums / np.maximum(times, 1)[:, None]
        before, change, control = means.T
        known = np.isfinite(control)
        return (
            len(records), _mean(before), *summary(change, seed),
            int(known.sum()), *summary(control[known], seed),
            *summary((change - control)[known], seed),
        )  # fmt: skip


def summary(values: Doubles, seed: int) -> tuple[float, float, float]:
    """Mean over records, and the ends of its 95 % interval (bootstrap over records)."""
    if not len(values):
        return np.nan, np.nan, np.nan
    parts = [
        values @ weights / len(values) for weights in group_weights(len(values), REPLICATES, seed)
    ]
    return (_mean(values), *interval(np.concatenate(parts), CONFIDENCE))


def _mean(values: Doubles) -> float:
    return float(values.mean()) if len(values) else np.nan


class HeldOut:
    """Tests one motif after the other in the test records of one network after the other.

    Parameters
    ----------
    table : SequenceTable
    background : float64 [symbols]
    most : int
        Records of a network in which a motif is tested.
    seed : int
    """

    def __init__(self, table: SequenceTable, background: Doubles, most: int, seed: int) -> None:
        self._table, self._background = table, background
        self._most, self._seed = most, seed
        self._both = table.metadata["strands"] == "both"

    def removed(
        self, explained: Explained, output: int, motif: Listed, places: Places, rows: Ints
    ) -> tuple[Ints, Doubles]:
        """Take a motif out of records that it speaks for; ``rows`` are test records.

        Returns
        -------
        rows : int64 [n]
            Records that were changed.
        values : float64 [n, 3]
            As ``Measured.values``.
        """
        rows = rows[places.held(len(self._table))[rows] & self._own(motif)[rows]]

        def edit(x: Floats, row: int, rng: np.random.Generator) -> tuple[Floats, bool]:
            return without_motif(x, *places.of(row), self._background, rng)

        return self._measured(explained, output, self._drawn(rows, motif, 0), edit, 0)

    def planted(
        self, explained: Explained, output: int, motif: Listed, places: Places, rows: Ints
    ) -> tuple[Ints, Doubles]:
        """Put a motif into records of the other classes that do not have it; see ``removed``."""
        lengths = self._table.lengths
        others = ~self._own(motif) if motif.label != VALUE else np.ones(len(lengths), bool)
        rows = rows[~places.held(len(self._table))[rows] & others[rows]]
        rows = rows[lengths[rows] >= motif.width]
        if motif.place is not None:
            starts = motif.start(lengths[rows])
            rows = rows[(starts >= 0) & (starts + motif.width <= lengths[rows])]

        def edit(x: Floats, row: int, rng: np.random.Generator) -> tuple[Floats, bool]:
            instances = drawn_instances(motif.frequencies, DRAWS, rng)
            controls = shuffled_instances(instances, self._background, rng)
            if motif.place is None:
                starts = rng.integers(0, len(x) - motif.width + 1, DRAWS)
            else:
                starts = np.repeat(motif.start(lengths[[row]]), DRAWS)
            turned = np.zeros(DRAWS, bool)
            if self._both and motif.place is None:
                turned = rng.random(DRAWS) < 0.5
            return with_motif(x, instances, controls, starts, turned), True

        return self._measured(explained, output, self._drawn(rows, motif, 1), edit, 1)

    def _own(self, motif: Listed) -> Bools:
        """Whether each record of the table has the class that the motif speaks for."""
        if motif.label == VALUE:
            return np.ones(len(self._table), bool)
        counts = self._table.task.counts(self._table.targets, self._table.classes)
        held = counts[:, self._table.classes.index(motif.label)] > 0
        return np.asarray(held if motif.sign == "for" else ~held)

    def _drawn(self, rows: Ints, motif: Listed, test: int) -> Ints:
        """Draw at most ``most`` of the records, ascending."""
        if len(rows) <= self._most:
            return rows
        rng = np.random.default_rng([self._seed, int(motif.name[1:]), test])
        return np.sort(rng.choice(rows, self._most, replace=False))

    def _measured(
        self, explained: Explained, output: int, rows: Ints, edit: Edit, test: int
    ) -> tuple[Ints, Doubles]:
        found = np.zeros((len(rows), 3))
        lengths = self._table.lengths[rows]
        # batches of bounded memory: each record comes with its variants
        for batch in by_length(np.arange(len(rows)), lengths * VARIANTS):
            x, sizes = self._table.dense(rows[batch])
            variants = np.zeros((len(batch), VARIANTS, *x.shape[1:]), np.float32)
            controlled = np.ones(len(batch), bool)
            for i, (row, size) in enumerate(zip(rows[batch].tolist(), sizes, strict=True)):
                rng = np.random.default_rng([self._seed, row, test])
                variants[i, :, :size], controlled[i] = edit(x[i, :size], row, rng)
            found[batch] = changes(explained, variants, sizes, output)
            found[batch[~controlled], 2] = np.nan
        return rows, found
