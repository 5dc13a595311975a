"""What a metric is: its names, its meaning and its formula; ``registry`` has all of them."""

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
        In tables.
    title : str
        In the report.
    meaning : str
        One plain sentence, without the full stop.
    tasks : tuple of str
        Tasks whose tables have it.
    of_class : function of OneClass, optional
        Its value for one class against the rest, or one label. The value of the whole is the mean
        over the classes that are shown, unless another function gives it.
    of_pairs : function of OneClass, optional
        The value of the whole from all pairs of record and label together.
    of_all : function of Tallies, optional
        The value of the whole.
    terms : function of Judged and scores, optional
        What is summed over units; without ``of_all`` the metric is the mean of it.
    of_calls : function of OneClass, optional
        As ``of_class``, for many thresholds at once; default: ``of_class``.
    lower_is_better, in_units : bool
        Direction; whether it is in the unit of the labels, which may be of any size.
    ranked : bool
        Whether it needs the order of the scores, which takes most of the time.
    calibration : bool
        Whether calibration is judged by it: it is also computed before calibration.
    at_threshold : bool
        Whether thresholds are judged by it: it is also computed of what reaches its threshold.
    two_classes : bool
        Whether it is also computed of residues of two classes (not in the tables of that task).
    headline_of, second_of : tuple of str
        Tasks that it is the headline of, and whose comparisons it is the second metric of.
    hidden : bool
        Whether the report shows it only on request.
    aim : str
        What a threshold is chosen for that aims at it, in words; "" where none can.
    class_row, random_row : int
        Place of its row in ``classes.tsv`` (0: it has none) and in ``random_folds.tsv``.
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
        """Value of the whole: float64 [replicates]."""
        if self.of_all is not None:
            return self.of_all(tallies)
        if self.of_pairs is not None:
            assert tallies.pairs is not None
            return self.of_pairs(tallies.pairs)
        if self.terms is not None:
            return tallies.mean_of(self.terms)
        return self.mean_over(tallies.classes)

    def mean_over(self, classes: dict[int, OneClass]) -> Doubles:
        """Mean of its values for single classes: float64 [replicates]."""
        assert self.of_class is not None
        mean: Doubles = np.mean([self.of_class(one) for one in classes.values()], axis=0)
        return mean

    def of_thresholds(self, one: OneClass) -> Doubles:
        """Its value for the calls of each of many thresholds."""
        function = self.of_calls or self.of_class
        assert function is not None
        return function(one)
