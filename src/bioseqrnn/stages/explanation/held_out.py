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
from bioseqrnn.stages.explanation.units import Units, inside
from bioseqrnn.support.arrays import Bools, Doubles, Floats, Ints
from bioseqrnn.tables.declared.explanation import VALUE

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
    units : Units
    background : float64 [symbols]
    most : int
        Records of a network in which a motif is tested.
    seed : int
    """

    def __init__(self, units: Units, background: Doubles, most: int, seed: int) -> None:
        self._units, self._table, self._background = units, units.table, background
        self._most, self._seed = most, seed
        self._both = units.table.metadata["strands"] == "both"
        # of each unit, residues before the record and in it
        self._outside, self._inside = np.maximum(-units.first, 0), inside(units)

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
        lengths = self._inside
        others = ~self._own(motif) if motif.label != VALUE else np.ones(len(lengths), bool)
        rows = rows[~places.held(len(self._table))[rows] & others[rows]]
        rows = rows[lengths[rows] >= motif.width]
        if motif.place is not None:
            starts = self._starts(motif, rows)
            rows = rows[(starts >= 0) & (starts + motif.width <= lengths[rows])]

        def edit(x: Floats, row: int, rng: np.random.Generator) -> tuple[Floats, bool]:
            instances = drawn_instances(motif.frequencies, DRAWS, rng)
            controls = shuffled_instances(instances, self._background, rng)
            if motif.place is None:
                starts = rng.integers(0, len(x) - motif.width + 1, DRAWS)
            else:
                starts = np.repeat(self._starts(motif, np.array([row])), DRAWS)
            turned = np.zeros(DRAWS, bool)
            if self._both and motif.place is None:
                turned = rng.random(DRAWS) < 0.5
            return with_motif(x, instances, controls, starts, turned), True

        return self._measured(explained, output, self._drawn(rows, motif, 1), edit, 1)

    def _starts(self, motif: Listed, rows: Ints) -> Ints:
        """Where a motif at a fixed place begins, in the units as far as they are in a record."""
        return motif.start(self._table.lengths[rows]) - self._outside[rows]

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
        window = explained.network.window
        lengths, symbols = self._units.sizes(rows, window), len(self._background)
        # batches of bounded memory: each record comes with its variants
        for batch in by_length(np.arange(len(rows)), lengths * VARIANTS):
            sizes = lengths[batch]
            variants = np.zeros((len(batch), VARIANTS, int(sizes.max()), symbols), np.float32)
            controlled = np.ones(len(batch), bool)
            targets = np.zeros(len(batch), np.int64)
            for i, (row, size) in enumerate(zip(rows[batch].tolist(), sizes, strict=True)):
                rng = np.random.default_rng([self._seed, row, test])
                x, focus = self._units.read(row, window)
                part = slice(0, len(x)) if focus is None else slice(focus.start, focus.end)
                variants[i, :, :size] = x
                variants[i, :, part], controlled[i] = edit(x[part], row, rng)
                targets[i] = 0 if focus is None else focus.target
            where = None if self._units.flank is None else targets
            found[batch] = changes(explained, variants, sizes, output, where)
            found[batch[~controlled], 2] = np.nan
        return rows, found
