"""The tables of completeness and faithfulness, collected record by record."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bioseqrnn.attribution.attribution import Attribution
from bioseqrnn.attribution.faithfulness import KS
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tables.declared.explanation import COMPLETENESS, FAITHFULNESS


@dataclass
class RunSummary:
    """What is measured on the records of one network.

    Parameters
    ----------
    key : (str, int, int)
        Model, fold and seed.
    classes : list of str
        Explained classes.
    """

    key: tuple[str, int, int]
    classes: list[str]
    differences: list[Doubles] = field(default_factory=list)
    errors: list[Doubles] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sums = np.zeros((len(self.classes), len(KS), 2))
        self._counts = np.zeros((len(self.classes), len(KS)), np.int64)

    def add(self, found: Attribution, steps: int | None) -> None:
        """Add the completeness of one record; ``steps`` are those of an integral."""
        self.differences.append(np.abs(found.logits - found.background_logits))
        self.errors.append(np.abs(found.error))
        self.steps += [] if steps is None else [steps]

    def add_curve(self, place: int, curve: Doubles) -> None:
        """Add the masking curve of one record of a class: float64 [len(KS), 2, classes]."""
        there = np.isfinite(curve[:, 0, place])
        self._sums[place] += np.where(there[:, None], curve[:, :, place], 0)
        self._counts[place] += there

    def completeness(self, method: str) -> pd.DataFrame:
        """Rows of ``completeness.tsv``: one for each class."""
        rows = []
        steps = int(np.median(self.steps)) if self.steps else None
        for place, name in enumerate(self.classes):
            difference = np.array([values[place] for values in self.differences])
            error = np.array([values[place] for values in self.errors])
            relative = error / np.maximum(difference, np.finfo(float).tiny)
            numbers = [_quantile(difference, 0.5), _quantile(error, 0.5)]
            numbers += [_quantile(relative, share) for share in (0.5, 0.9)]
            rows.append((*self.key, name, method, steps, len(error), *numbers))
        return COMPLETENESS.frame(rows)

    def faithfulness(self) -> pd.DataFrame:
        """Rows of ``faithfulness.tsv``: one for each class and k that any record reaches."""
        rows = []
        for place, name in enumerate(self.classes):
            for k, sums, count in zip(KS, self._sums[place], self._counts[place], strict=True):
                if count:
                    rows.append((*self.key, name, k, int(count), *(sums / count)))
        return FAITHFULNESS.frame(rows)


def _quantile(values: Doubles, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else np.nan
