"""Metrics of a model's scores, for many weightings of the records at once.

A scorer is made once a model and looks at its scores once: it keeps what each group of records adds
to sums and rankings. The tests hold each metric against scikit-learn's or SciPy's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from bioseqrnn.metrics.metrics import (
    AT_THRESHOLD,
    UNCALIBRATED,
    divide,
    matthews,
    of_one_class,
)
from bioseqrnn.metrics.ranking import Ranking
from bioseqrnn.metrics.segments import COUNT, FOUND, LENGTH, OVERLAP, segment_terms
from bioseqrnn.metrics.sums import Sums
from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.tasks import Task
from bioseqrnn.tasks.task import SMALLEST

CALIBRATION_BINS = 10
ALL = -1
# (class, metric); the class is ALL in metrics of the whole
Key = tuple[int, str]
Values = dict[Key, Doubles]


@dataclass(frozen=True)
class Judged:
    """What one model says of some units, and what is true.

    Attributes
    ----------
    truth : int64 [units], bool [units, labels], or float64 [units]
        Class, labels, or value.
    scores : float64 [units, outputs]
        Calibrated, where they are probabilities.
    raw : float64 [units, outputs]
        Before calibration.
    group : int64 [units]
        Number of the group of each unit's record.
    groups : int
        How many there are.
    called : bool [units, labels], optional
        What reaches its threshold; of two classes one column, of the positive one.
    first : bool [units], optional
        Whether a residue begins a sequence.
    """

    truth: Any
    scores: Doubles
    raw: Doubles
    group: Ints
    groups: int
    called: Bools | None = None
    first: Bools | None = None

    def part(self, units: Bools) -> Judged:
        """The same of some units; groups keep their numbers."""
        cut = [None if field is None else field[units] for field in (self.called, self.first)]
        return Judged(
            self.truth[units], self.scores[units], self.raw[units], self.group[units], self.groups,
            *cut,
        )  # fmt: skip


class Scorer(ABC):
    """Metrics of one model for weights of the groups.

    Attributes
    ----------
    size : int
        Rows of the largest array made for a weighting.
    """

    size: int

    @abstractmethod
    def __call__(self, weights: Doubles) -> Values:
        """Return every metric, float64 [replicates], for weights [groups, replicates].

        nan where a replicate lacks a class that the metric needs.
        """


def scorer(task: Task, classes: list[str], judged: Judged, *, ranked: bool = True) -> Scorer:
    """Make the scorer of a task; without ``ranked``, areas are left out that are no headline."""
    if task.name == "regression":
        return ValueScorer(judged)
    if task.name == "multilabel":
        return LabelScorer(judged)
    return ClassScorer(judged, len(classes), ranked or task.name == "binary")


class ClassScorer(Scorer):
    """One class a unit, of two or more.

    Two classes: F1, AUROC, AUPRC, precision are those of the second (positive) class, sensitivity
    is its recall, and the Brier score is that of its probability. More classes: F1, AUROC (one
    class against the rest) and AUPRC are means over classes, the Brier score is summed over them.
    The called class is the most probable.
    """

    def __init__(self, judged: Judged, classes: int, ranked: bool) -> None:
        self._classes = classes
        truth = judged.truth
        sums = self._sums = Sums(judged.group, judged.groups)
        called = judged.scores.argmax(axis=1)
        sums.add("confusion", np.ones(len(truth)), truth * classes + called, classes**2)
        for name, scores in (("", judged.scores), (UNCALIBRATED, judged.raw)):
            picked = np.clip(scores[np.arange(len(truth)), truth], SMALLEST, 1.0)
            # the sum over classes of the squared errors, without a table of them
            squared = (scores**2).sum(axis=1) - 2 * picked + 1
            sums.add("brier" + name, squared / (2 if classes == 2 else 1))
            sums.add("log_loss" + name, -np.log(picked))
            stated, right = scores.max(axis=1), scores.argmax(axis=1) == truth
            sums.add("ece" + name, stated - right, bin_of(stated), CALIBRATION_BINS)
        self._at_threshold = judged.called is not None and classes == 2
        if judged.called is not None and classes == 2:
            cells = truth * 2 + judged.called[:, 0]
            sums.add("called", np.ones(len(truth)), cells, 4)
        self._segments = judged.first is not None
        if judged.first is not None:
            terms = segment_terms(truth, called, judged.first)
            sums.add("segments", terms.values, terms.rows, 4, judged.group[terms.places])
        codes = [] if not ranked else [1] if classes == 2 else list(range(classes))
        self._rankings = {
            code: Ranking(truth == code, judged.scores[:, code], judged.group, judged.groups)
            for code in codes
        }
        self.size = max([r.size for r in self._rankings.values()], default=0)

    def __call__(self, weights: Doubles) -> Values:  # noqa: D102
        sums = self._sums.of(weights)
        counts = sums["confusion"].reshape(self._classes, self._classes, -1)
        total = counts.sum(axis=(0, 1))
        each = of_one_class(counts)
        values: Values = {
            (ALL, "accuracy"): divide(np.einsum("kkr->r", counts), total, np.nan),
            (ALL, "balanced_accuracy"): each["recall"].mean(axis=0),
            (ALL, "mcc"): matthews(counts),
        }
        shown = [1] if self._classes == 2 else range(self._classes)
        for code in shown:
            values |= {(code, name): of_class[code] for name, of_class in each.items()}
        for code, ranking in self._rankings.items():
            values[code, "auroc"], values[code, "auprc"] = ranking.areas(weights)
        for name in ("f1", "auroc", "auprc") if self._rankings else ("f1",):
            values[ALL, name] = np.mean([values[code, name] for code in shown], axis=0)
        values |= _probability_metrics(sums, total)
        if self._classes == 2:
            values[ALL, "sensitivity"], values[ALL, "precision"] = (
                each["recall"][1], each["precision"][1],
            )  # fmt: skip
            values[ALL, "specificity"] = each["recall"][0]
        if self._at_threshold:
            counts = sums["called"].reshape(2, 2, -1)
            at = {name: of_class[1] for name, of_class in of_one_class(counts).items()}
            at["mcc"] = matthews(counts)
            values |= {(ALL, name + AT_THRESHOLD): value for name, value in at.items()}
        if self._segments:
            segments = sums["segments"]
            values[ALL, "segment_overlap"] = divide(segments[OVERLAP], segments[LENGTH], np.nan)
            values[ALL, "segment_f1"] = divide(segments[FOUND], segments[COUNT], np.nan)
        return values


class LabelScorer(Scorer):
    """Any number of labels a record.

    F1, AUROC, AUPRC are means over labels, and with ``_micro`` of all pairs of record and label;
    Brier score, log loss and Hamming loss are means over the pairs. A label is called from 0.5 on.
    """

    def __init__(self, judged: Judged) -> None:
        truth, scores = judged.truth, judged.scores
        labels = self._labels = truth.shape[1]
        sums = self._sums = Sums(judged.group, judged.groups)
        group = np.repeat(judged.group, labels)
        column = np.tile(np.arange(labels), len(truth))
        called = scores >= 0.5
        calls = {"confusion": called} if judged.called is None else {
            "confusion": called, "called": judged.called,
        }  # fmt: skip
        for name, call in calls.items():
            cells = (2 * truth + call).ravel() * labels + column
            sums.add(name, np.ones(truth.size), cells, 4 * labels, group)
        sums.add("subset_accuracy", (called == truth).all(axis=1).astype(np.float64))
        for name, p in (("", scores), (UNCALIBRATED, judged.raw)):
            picked = np.clip(np.where(truth, p, 1 - p), SMALLEST, 1.0)
            sums.add("brier" + name, ((p - truth) ** 2).mean(axis=1))
            sums.add("log_loss" + name, -np.log(picked).mean(axis=1))
            gap = (p - truth).ravel() / labels
            sums.add("ece" + name, gap, bin_of(p.ravel()), CALIBRATION_BINS, group)
        self._rankings = [
            Ranking(truth[:, k], scores[:, k], judged.group, judged.groups) for k in range(labels)
        ]
        self._micro = Ranking(truth.ravel(), scores.ravel(), group, judged.groups)
        self.size = max(ranking.size for ranking in [self._micro, *self._rankings])

    def __call__(self, weights: Doubles) -> Values:  # noqa: D102
        sums = self._sums.of(weights)
        counts = sums["confusion"].reshape(2, 2, self._labels, -1)
        total = counts[:, :, 0].sum(axis=(0, 1))
        values = {
            (ALL, "subset_accuracy"): divide(sums["subset_accuracy"][0], total, np.nan),
            (ALL, "hamming_loss"): divide(
                (counts[0, 1] + counts[1, 0]).sum(axis=0), total * self._labels, np.nan
            ),
            (ALL, "f1_micro"): of_one_class(counts.sum(axis=2))["f1"][1],
        }
        for k, ranking in enumerate(self._rankings):
            each = of_one_class(counts[:, :, k])
            values |= {(k, name): of_class[1] for name, of_class in each.items()}
            values[k, "auroc"], values[k, "auprc"] = ranking.areas(weights)
        for name in ("f1", "auroc", "auprc"):
            values[ALL, name] = np.mean([values[k, name] for k in range(self._labels)], axis=0)
        values[ALL, "auroc_micro"], values[ALL, "auprc_micro"] = self._micro.areas(weights)
        values |= _probability_metrics(sums, total)
        if "called" in sums:
            counts = sums["called"].reshape(2, 2, self._labels, -1)
            at = [of_one_class(counts[:, :, k]) for k in range(self._labels)]
            for name in ("precision", "recall", "f1"):
                values[ALL, name + AT_THRESHOLD] = np.mean([a[name][1] for a in at], axis=0)
            each_mcc = [matthews(counts[:, :, k]) for k in range(self._labels)]
            values[ALL, "mcc" + AT_THRESHOLD] = np.mean(each_mcc, axis=0)
        return values


class ValueScorer(Scorer):
    """A number a record."""

    def __init__(self, judged: Judged) -> None:
        self._group = judged.group
        sums = self._sums = Sums(judged.group, judged.groups)
        truth, value = judged.truth, judged.scores[:, 0]
        # around a point among them, so that sums of squares keep their digits
        y, x = truth - truth.mean(), value - truth.mean()
        # and have any: a power of two, which changes no other digit
        self._unit = 2.0 ** np.frexp(np.abs(y).max(initial=0.0))[1]
        y, x = y / self._unit, x / self._unit
        for name, term in {
            "n": np.ones(len(y)), "y": y, "x": x, "yy": y * y, "xx": x * x, "xy": x * y,
            "squared": (y - x) ** 2, "absolute": np.abs(y - x),
        }.items():  # fmt: skip
            sums.add(name, term)
        self._levels = [np.unique(column, return_inverse=True)[1] for column in (truth, value)]
        self._counts = [
            csr_matrix((np.ones(len(y)), (level, judged.group)), (len(y), judged.groups))
            for level in self._levels
        ]
        self.size = len(truth)

    def __call__(self, weights: Doubles) -> Values:  # noqa: D102
        s = {name: rows[0] for name, rows in self._sums.of(weights).items()}
        spread = s["yy"] - divide(s["y"] ** 2, s["n"], 0.0)
        across = s["xx"] - divide(s["x"] ** 2, s["n"], 0.0)
        joint = s["xy"] - divide(s["x"] * s["y"], s["n"], 0.0)
        # what is left of equal values after rounding is no spread
        spread, across = (
            np.where(part > 1e-12 * whole, part, 0.0)
            for part, whole in ((spread, s["yy"]), (across, s["xx"]))
        )
        return {
            (ALL, "r2"): 1 - divide(s["squared"], spread, np.nan),
            (ALL, "rmse"): self._unit * np.sqrt(divide(s["squared"], s["n"], np.nan)),
            (ALL, "mae"): self._unit * divide(s["absolute"], s["n"], np.nan),
            (ALL, "pearson"): divide(joint, np.sqrt(spread * across), np.nan),
            (ALL, "spearman"): self._spearman(weights),
        }

    def _spearman(self, weights: Doubles) -> Doubles:
        """Correlation of midranks among the records as often as they were drawn."""
        ranks = []
        for level, matrix in zip(self._levels, self._counts, strict=True):
            counts = matrix @ weights
            # the mean rank of a level, less the mean rank of all
            middle = np.cumsum(counts, axis=0) - counts / 2 - counts.sum(axis=0) / 2
            ranks.append(middle[level])
        drawn = weights[self._group]
        joint, *squares = (
            np.einsum("ir,ir,ir->r", drawn, ranks[a], ranks[b]) for a, b in ((0, 1), (0, 0), (1, 1))
        )
        return divide(joint, np.sqrt(squares[0] * squares[1]), np.nan)


def bin_of(stated: Doubles) -> Ints:
    """Number the bin of each probability."""
    return np.minimum((stated * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)


def _probability_metrics(sums: dict[str, Doubles], total: Doubles) -> Values:
    """Brier score, log loss and expected calibration error, before and after calibration."""
    values: Values = {}
    for suffix in ("", UNCALIBRATED):
        for name in ("brier", "log_loss", "ece"):
            part = np.abs(sums[name + suffix]).sum(axis=0)
            values[ALL, name + suffix] = divide(part, total, np.nan)
    return values
