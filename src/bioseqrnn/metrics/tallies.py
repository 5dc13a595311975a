"""Input of the metrics: predictions, and their counts and sums for a weighting.

A weighting is one bootstrap replicate: how often each group of records was drawn. The last axis of
all arrays is that of replicates, so the same code computes an estimate (all weights are one) and
its replicates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from bioseqrnn.metrics.numbers import divide
from bioseqrnn.metrics.ranking import Ranking
from bioseqrnn.support.arrays import Bools, Doubles, Ints


@dataclass(frozen=True)
class Judged:
    """Predictions of one model for some units, with the true targets.

    Attributes
    ----------
    truth : int64 [units], bool [units, labels], or float64 [units]
        Class, labels, or value.
    scores : float64 [units, outputs]
        Calibrated, if they are probabilities.
    raw : float64 [units, outputs]
        Scores before calibration.
    group : int64 [units]
        Number of the group of each unit's record.
    groups : int
        Number of groups.
    called : bool [units, labels], optional
        Whether a score reaches its threshold; with two classes one column, for the positive one.
    first : bool [units], optional
        Whether a residue is the first one of a sequence.
    """

    truth: Any
    scores: Doubles
    raw: Doubles
    group: Ints
    groups: int
    called: Bools | None = None
    first: Bools | None = None

    def part(self, units: Bools) -> Judged:
        """Select some of the units; groups keep their numbers."""
        cut = [None if field is None else field[units] for field in (self.called, self.first)]
        return Judged(
            self.truth[units], self.scores[units], self.raw[units], self.group[units], self.groups,
            *cut,
        )  # fmt: skip

    @property
    def multilabel(self) -> bool:
        """Whether each unit has any number of labels."""
        return bool(self.truth.ndim == 2)


class Terms(NamedTuple):
    """Numbers that are summed over the units of each group.

    Attributes
    ----------
    values : float64 [terms]
    rows : int64 [terms], optional
        Index of the sum, out of ``size``, that each value is added to; None: the only sum.
    size : int
    group : int64 [terms], optional
        Group of each term; None: one term per unit, in its group.
    """

    values: Doubles
    rows: Ints | None = None
    size: int = 1
    group: Ints | None = None


@dataclass(frozen=True)
class OneClass:
    """One class against the rest, or one label, for some weightings.

    Attributes
    ----------
    counts : float64 [2, 2, replicates]
        Number of units by (is of the class, is called as the class).
    ranking : Ranking, optional
        Given if areas under curves are needed.
    weights : float64 [groups, replicates], optional
        Weights for these areas.
    """

    counts: Doubles
    ranking: Ranking | None = None
    weights: Doubles | None = None

    @property
    def hits(self) -> Doubles:
        """True positives."""
        hits: Doubles = self.counts[1, 1]
        return hits

    @property
    def called(self) -> Doubles:
        """Number of units that are called positive."""
        called: Doubles = self.counts[0, 1] + self.counts[1, 1]
        return called

    @property
    def positives(self) -> Doubles:
        """Number of units of the class."""
        positives: Doubles = self.counts[1, 0] + self.counts[1, 1]
        return positives

    @property
    def negatives(self) -> Doubles:
        """Number of all other units."""
        negatives: Doubles = self.counts[0, 0] + self.counts[0, 1]
        return negatives

    @cached_property
    def areas(self) -> tuple[Doubles, Doubles]:
        """AUROC and average precision."""
        assert self.ranking is not None
        assert self.weights is not None
        return self.ranking.areas(self.weights)


@dataclass(frozen=True)
class Moments:
    """Sums of values and predictions, for some weightings: float64 [replicates] each.

    Attributes
    ----------
    n : number of records
    squared, absolute : sums of the squared and the absolute errors
    spread, across, joint : sums of squares of the values and of the predictions around their means,
        and of the products of the two; 0 if only rounding errors are left
    ranked : the same three sums for the ranks
    unit : float
        Scale factor that values and predictions were divided by.
    """

    n: Doubles
    squared: Doubles
    absolute: Doubles
    spread: Doubles
    across: Doubles
    joint: Doubles
    ranked: tuple[Doubles, Doubles, Doubles]
    unit: float


@dataclass(frozen=True)
class Tallies:
    """Everything that a metric may be computed from, for some weightings.

    Attributes
    ----------
    total : float64 [replicates]
        Number of units.
    sums : mapping
        Float64 [count, replicates], keyed by the function that made the terms.
    classes : dict of int to OneClass
        Classes that are shown one by one: with two classes the positive one, otherwise all; or all
        labels.
    counts : float64 [true class, called class, replicates], optional
        For tasks with one class per unit.
    pairs : OneClass, optional
        For multilabel: all pairs of unit and label together.
    moments : Moments, optional
        For regression.
    """

    total: Doubles
    sums: Mapping[Any, Doubles]
    classes: dict[int, OneClass] = field(default_factory=dict)
    counts: Doubles | None = None
    pairs: OneClass | None = None
    moments: Moments | None = None

    @property
    def matrix(self) -> Doubles:
        """``counts``, for tasks that have them."""
        assert self.counts is not None
        return self.counts

    @property
    def values(self) -> Moments:
        """``moments``, for the task that has them."""
        assert self.moments is not None
        return self.moments

    def mean_of(self, terms: Any) -> Doubles:
        """Absolute values of the sums of terms, added up and divided by the number of units."""
        return divide(np.abs(self.sums[terms]).sum(axis=0), self.total, np.nan)
