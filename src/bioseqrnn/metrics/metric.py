"""The definition of a metric: names, meaning and formula; ``registry`` lists all metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bioseqrnn.metrics.tallies import Judged, OneClass, Tallies, Terms
from bioseqrnn.support.arrays import Doubles

OfClass = Callable[[OneClass], Doubles]
OfAll = Callable[[Tallies], Doubles]
OfUnits = Callable[[Judged, Doubles], Terms]

LAST = 99


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes
    ----------
    name : str
        Name in tables.
    title : str
        Name in the report.
    meaning : str
        One plain sentence, without the full stop.
    tasks : tuple of str
        Tasks whose tables contain the metric.
    of_class : function of OneClass, optional
        Its value for one class against the rest, or one label. The overall value is the mean over
        the classes that are shown, unless another function computes it.
    of_pairs : function of OneClass, optional
        The overall value, from all pairs of record and label together.
    of_all : function of Tallies, optional
        The overall value.
    terms : function of Judged and scores, optional
        Terms that are summed over units; without ``of_all`` the metric is their mean.
    of_calls : function of OneClass, optional
        Like ``of_class``, for many thresholds at once; default: ``of_class``.
    lower_is_better, in_units : bool
        Direction; whether it is in the unit of the labels, so values may be of any size.
    ranked : bool
        Whether it needs the order of the scores, which takes most of the computing time.
    calibration : bool
        Whether it judges calibration: it is then also computed before calibration.
    at_threshold : bool
        Whether it judges thresholds: it is then also computed for calls by chosen thresholds.
    two_classes : bool
        Whether it is also computed for residues of two classes (not in the tables of that task).
    headline_of, second_of : tuple of str
        Tasks whose headline metric it is, and tasks in whose comparisons it is the second metric.
    hidden : bool
        Whether the report shows it only on request.
    aim : str
        Aim of thresholds that are chosen by it, in words; "" if none can be.
    class_row, random_row : int
        Position of its row in ``classes.tsv`` (0: no row) and in ``random_folds.tsv``.
    """

    name: str
    title: str
    meaning: str
    tasks: tuple[str, ...]
    of_class: OfClass | None = None
    of_pairs: OfClass | None = None
    of_all: OfAll | None = None
    terms: OfUnits | None = None
    of_calls: OfClass | None = None
    lower_is_better: bool = False
    in_units: bool = False
    ranked: bool = False
    calibration: bool = False
    at_threshold: bool = False
    two_classes: bool = False
    headline_of: tuple[str, ...] = ()
    second_of: tuple[str, ...] = ()
    hidden: bool = False
    aim: str = ""
    class_row: int = 0
    random_row: int = LAST

    def value(self, tallies: Tallies) -> Doubles:
        """Overall value: float64 [replicates]."""
        if self.of_all is not None:
            return self.of_all(tallies)
        if self.of_pairs is not None:
            assert tallies.pairs is not None
            return self.of_pairs(tallies.pairs)
        if self.terms is not None:
            return tallies.mean_of(self.terms)
        return self.mean_over(tallies.classes)

    def mean_over(self, classes: dict[int, OneClass]) -> Doubles:
        """Mean of the values of single classes: float64 [replicates]."""
        assert self.of_class is not None
        mean: Doubles = np.mean([self.of_class(one) for one in classes.values()], axis=0)
        return mean

    def of_thresholds(self, one: OneClass) -> Doubles:
        """Value for the calls at each of many thresholds."""
        function = self.of_calls or self.of_class
        assert function is not None
        return function(one)
