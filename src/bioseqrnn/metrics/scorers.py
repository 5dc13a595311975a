"""Metrics of a model's scores, for many weightings of the records at once.

A scorer is made once per model and reads its scores once: it keeps the contribution of each group
of records to counts, sums and rankings. The tests compare each metric with that of scikit-learn or
SciPy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

import numpy as np
from scipy.sparse import csr_matrix

from bioseqrnn.metrics.formulas import called_labels
from bioseqrnn.metrics.metric import Metric
from bioseqrnn.metrics.numbers import divide
from bioseqrnn.metrics.ranking import Ranking
from bioseqrnn.metrics.registry import (
    AT_THRESHOLD,
    METRICS,
    OF_CALLS,
    PER_CLASS,
    UNCALIBRATED,
    computed,
)
from bioseqrnn.metrics.sums import Sums
from bioseqrnn.metrics.tallies import Judged, Moments, OneClass, Tallies
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tasks import Task

ALL = -1
# (class, metric); the class is ALL for overall metrics
Key = tuple[int, str]
Values = dict[Key, Doubles]
CONFUSION, CALLED = "confusion", "called"


class Scorer(ABC):
    """Metrics of one model for weights of the groups.

    Attributes
    ----------
    size : int
        Rows of the largest array made for a weighting.
    """

    size: int

    def __init__(self, judged: Judged, metrics: list[Metric]) -> None:
        self._judged, self._metrics = judged, metrics
        self._ranked = any(metric.ranked and metric.of_class for metric in metrics)
        self._sums = Sums(judged.group, judged.groups)
        for metric in metrics:
            # metrics may share their terms
            if metric.terms is None or metric.terms in self._sums:
                continue
            self._sums.add_terms(metric.terms, metric.terms(judged, judged.scores))
            if metric.calibration:
                key = (metric.terms, UNCALIBRATED)
                self._sums.add_terms(key, metric.terms(judged, judged.raw))

    def __call__(self, weights: Doubles) -> Values:
        """Return every metric, float64 [replicates], for weights [groups, replicates].

        nan if a replicate lacks a class that the metric needs.
        """
        sums = self._sums.of(weights)
        tallies = self.tally(sums, weights)
        values: Values = {}
        for metric in self._metrics:
            values[ALL, metric.name] = metric.value(tallies)
            if metric.calibration:
                mean = tallies.mean_of((metric.terms, UNCALIBRATED))
                values[ALL, metric.name + UNCALIBRATED] = mean
        for name in PER_CLASS:
            of_class = METRICS[name].of_class
            if of_class is not None and (self._ranked or not METRICS[name].ranked):
                values |= {(code, name): of_class(one) for code, one in tallies.classes.items()}
        if CALLED in sums:
            called = self.called(sums[CALLED])
            for name in OF_CALLS:
                values[ALL, name + AT_THRESHOLD] = METRICS[name].mean_over(called)
        return values

    @abstractmethod
    def tally(self, sums: dict[object, Doubles], weights: Doubles) -> Tallies:
        """Counts and sums for some weightings."""

    def called(self, counts: Doubles) -> dict[int, OneClass]:
        """Counts of calls by thresholds, per label; with two classes, for the positive one."""
        cells = counts.reshape(2, 2, -1, counts.shape[-1])
        return {k: OneClass(cells[:, :, k]) for k in range(cells.shape[2])}


def scorer(
    task: Task, classes: list[str], judged: Judged, only: Collection[str] | None = None
) -> Scorer:
    """Make the scorer of a task.

    Parameters
    ----------
    task : Task
    classes : list of str
    judged : Judged
    only : collection of str, optional
        Metrics that are needed; others may be left out.
    """
    metrics = [m for m in computed(task, len(classes)) if only is None or m.name in only]
    if not task.probabilistic:
        return ValueScorer(judged, metrics)
    if judged.multilabel:
        return LabelScorer(judged, metrics)
    return ClassScorer(judged, metrics, len(classes))


class ClassScorer(Scorer):
    """Tasks with one class per unit, of two or more classes.

    Two classes: F1, AUROC, AUPRC and precision are those of the second (positive) class,
    sensitivity is its recall, and the Brier score is that of its probability. More classes: F1,
    AUROC (one class against the rest) and AUPRC are means over classes, and the Brier score is the
    sum over classes. The most probable class is called.
    """

    def __init__(self, judged: Judged, metrics: list[Metric], classes: int) -> None:
        super().__init__(judged, metrics)
        self._classes = classes
        truth, ones = judged.truth, np.ones(len(judged.truth))
        cells = truth * classes + judged.scores.argmax(axis=1)
        self._sums.add(CONFUSION, ones, cells, classes**2)
        if judged.called is not None and classes == 2:
            self._sums.add(CALLED, ones, truth * 2 + judged.called[:, 0], 4)
        self._shown = [1] if classes == 2 else list(range(classes))
        self._rankings = {
            code: Ranking(truth == code, judged.scores[:, code], judged.group, judged.groups)
            for code in (self._shown if self._ranked else [])
        }
        self.size = max((ranking.size for ranking in self._rankings.values()), default=0)

    def tally(self, sums: dict[object, Doubles], weights: Doubles) -> Tallies:
        """Counts of true and called classes, and of each shown class against the rest."""
        counts = sums[CONFUSION].reshape(self._classes, self._classes, -1)
        total, true, called = counts.sum(axis=(0, 1)), counts.sum(axis=1), counts.sum(axis=0)
        classes = {}
        for k in self._shown:
            hits, misses = counts[k, k], true[k] - counts[k, k]
            false = called[k] - hits
            one = np.array([[total - hits - misses - false, false], [misses, hits]])
            classes[k] = OneClass(one, self._rankings.get(k), weights)
        return Tallies(total, sums, classes, counts)


class LabelScorer(Scorer):
    """Tasks with any number of labels per record.

    F1, AUROC and AUPRC are means over labels; with ``_micro`` they are computed from all pairs of
    record and label. Brier score, log loss and Hamming loss are means over the pairs. A label is
    called if its probability is at least 0.5.
    """

    def __init__(self, judged: Judged, metrics: list[Metric]) -> None:
        super().__init__(judged, metrics)
        truth, scores = judged.truth, judged.scores
        labels = self._labels = truth.shape[1]
        group = np.repeat(judged.group, labels)
        column = np.tile(np.arange(labels), len(truth))
        for name, call in ((CONFUSION, called_labels(scores)), (CALLED, judged.called)):
            if call is not None:
                cells = (2 * truth + call).ravel() * labels + column
                self._sums.add(name, np.ones(truth.size), cells, 4 * labels, group)
        self._rankings = [
            Ranking(truth[:, k], scores[:, k], judged.group, judged.groups)
            for k in range(labels if self._ranked else 0)
        ]
        self._pairs = None
        if any(metric.ranked and metric.of_pairs for metric in metrics):
            self._pairs = Ranking(truth.ravel(), scores.ravel(), group, judged.groups)
        rankings = [*self._rankings, *([] if self._pairs is None else [self._pairs])]
        self.size = max((ranking.size for ranking in rankings), default=0)

    def tally(self, sums: dict[object, Doubles], weights: Doubles) -> Tallies:
        """Counts of each label, and of all pairs of record and label."""
        counts = sums[CONFUSION].reshape(2, 2, self._labels, -1)
        rankings = dict(enumerate(self._rankings))
        classes = {
            k: OneClass(counts[:, :, k], rankings.get(k), weights) for k in range(self._labels)
        }
        pairs = OneClass(counts.sum(axis=2), self._pairs, weights)
        return Tallies(counts[:, :, 0].sum(axis=(0, 1)), sums, classes, pairs=pairs)


class ValueScorer(Scorer):
    """Tasks with one number per record."""

    def __init__(self, judged: Judged, metrics: list[Metric]) -> None:
        super().__init__(judged, metrics)
        self._group = judged.group
        truth, value = judged.truth, judged.scores[:, 0]
        # centred, so that sums of squares keep their precision
        y, x = truth - truth.mean(), value - truth.mean()
        # scaled so that squares do not overflow: by a power of two, which is exact
        self._unit = 2.0 ** np.frexp(np.abs(y).max(initial=0.0))[1]
        y, x = y / self._unit, x / self._unit
        for name, term in {
            "n": np.ones(len(y)), "y": y, "x": x, "yy": y * y, "xx": x * x, "xy": x * y,
            "squared": (y - x) ** 2, "absolute": np.abs(y - x),
        }.items():  # fmt: skip
            self._sums.add(name, term)
        self._levels = [np.unique(column, return_inverse=True)[1] for column in (truth, value)]
        self._counts = [
            csr_matrix((np.ones(len(y)), (level, judged.group)), (len(y), judged.groups))
            for level in self._levels
        ]
        self.size = len(truth)

    def tally(self, sums: dict[object, Doubles], weights: Doubles) -> Tallies:
        """Sums around the means."""
        s = {name: rows[0] for name, rows in sums.items() if isinstance(name, str)}
        spread = s["yy"] - divide(s["y"] ** 2, s["n"], 0.0)
        across = s["xx"] - divide(s["x"] ** 2, s["n"], 0.0)
        joint = s["xy"] - divide(s["x"] * s["y"], s["n"], 0.0)
        # rounding errors of equal values do not count as spread
        spread, across = (
            np.where(part > 1e-12 * whole, part, 0.0)
            for part, whole in ((spread, s["yy"]), (across, s["xx"]))
        )
        moments = Moments(
            s["n"], s["squared"], s["absolute"], spread, across, joint, self._ranks(weights),
            self._unit,
        )  # fmt: skip
        return Tallies(s["n"], sums, moments=moments)

    def _ranks(self, weights: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """Sums of products of midranks, each record counted as often as it was drawn."""
        ranks = []
        for level, matrix in zip(self._levels, self._counts, strict=True):
            counts = matrix @ weights
            # mean rank of a level minus the mean rank of all
            middle = np.cumsum(counts, axis=0) - counts / 2 - counts.sum(axis=0) / 2
            ranks.append(middle[level])
        drawn = weights[self._group]
        joint, first, second = (
            np.einsum("ir,ir,ir->r", drawn, ranks[a], ranks[b]) for a, b in ((0, 1), (0, 0), (1, 1))
        )
        return joint, first, second
