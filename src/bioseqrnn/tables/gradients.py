"""``gradients.tsv``: gradient norms over all records and runs of a model, one row per k."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tables.declared.models import GRADIENTS

# Smaller norms have no effect in 32-bit numbers, and would stretch the axis
FLOOR = 1e-8
YLAB = "Spectral norm of ∂h(T)/∂s(T-k)"
# Below this median, the text says that the gradient has vanished
VANISHED = 0.01
# A quantile of fewer records is not shown
LEAST_SHOWN = 10
CURVE = ["model", "cell", "layer", "direction"]
LARGEST_LOG = 700.0


@dataclass(frozen=True)
class Measured:
    """One run of a model, one layer and direction.

    Attributes
    ----------
    model, cell : str
    layer : int
        From 1.
    direction : {"forward", "reverse"}
    norms : float64 [records, longest + 1]
        Norms of ∂h_T/∂s_{T-k}; NaN where a record has no more than k residues.
    largest : float
        Largest singular value of the recurrent matrix.
    pool : int
        Residues that the stem pools into one step; k counts residues nevertheless.
    step : int
        Residues that the recurrence of a per-position network reads together; k counts them as
        one.
    """

    model: str
    cell: str
    layer: int
    direction: str
    norms: Doubles
    largest: float
    pool: int = 1
    step: int = 1

    @property
    def curve(self) -> tuple[str, int, str]:
        """Key of the curve: runs with the same key are combined."""
        return self.model, self.layer, self.direction


def gradients_table(measured: list[Measured]) -> pd.DataFrame:
    """Compute the median and the 10 % and 90 % quantiles over records and runs.

    The column ``bound`` is σ₁(W_hh)^k of the vanilla RNN, which no norm exceeds since tanh' ≤ 1
    (Pascanu et al., 2013). With several runs it is the largest of theirs. It is NaN for gated
    cells, which have no such bound.

    Returns
    -------
    DataFrame
        As ``gradients.tsv``.
    """
    rows: list[dict[str, Any]] = []
    # the curves of a model stay together, in the order in which models were given
    order = {run.model: i for i, run in reversed(list(enumerate(measured)))}
    ordered = sorted(measured, key=lambda run: (order[run.model], run.layer, run.direction))
    for _, group in groupby(ordered, key=lambda run: run.curve):
        runs = list(group)
        norms = np.concatenate([run.norms for run in runs])
        pool = runs[0].pool
        log_bound = np.log(max(run.largest for run in runs))
        for k, column in enumerate(norms.T):
            values = column[~np.isnan(column)]
            if not len(values):
                break
            low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
            gated = runs[0].cell != "rnn"
            rows.append(
                {name: getattr(runs[0], name) for name in CURVE}
                | {"k": k, "q10": low, "median": middle, "q90": high}
                | {"bound": np.nan if gated else np.exp(min(k // pool * log_bound, LARGEST_LOG))}
                | {"n": len(values)}
            )
    return GRADIENTS.frame(rows)


def shown(gradients: pd.DataFrame) -> pd.DataFrame:
    """Return the rows to draw: with at least 10 records, or all records if fewer were sampled."""
    most = gradients.groupby(["model", "layer", "direction"], sort=False)["n"].transform("max")
    return gradients[gradients["n"] >= np.minimum(most, LEAST_SHOWN)]


def reach(gradients: pd.DataFrame) -> pd.DataFrame:
    """Return how far back each curve reaches.

    Returns
    -------
    DataFrame
        ``model``, ``cell``, ``layer``, ``direction``, ``k`` and ``median`` of the first row whose
        median is below 0.01, or else of the last row.
    """
    found = []
    for _, rows in shown(gradients).groupby(["model", "layer", "direction"], sort=False):
        below = np.flatnonzero(rows["median"] < VANISHED)
        found.append(rows.iloc[below[0] if len(below) else -1])
    return pd.DataFrame(found)[[*CURVE, "k", "median"]].reset_index(drop=True)


def unit_of_k(steps: Iterable[int]) -> str:
    """Return the unit of k for networks whose recurrence reads ``steps`` residues together."""
    sizes = sorted(set(steps))
    if sizes == [1]:
        return "residues"
    return f"steps of {' or '.join(map(str, sizes))} residues"


def x_label(unit: str) -> str:
    """Return the label of the axis of k, which counts this unit."""
    return f"k ({unit} back from the last one read)"


def reach_words(k: int, median: float, unit: str) -> str:
    """Describe one row of ``reach`` in words; ``unit`` is the unit of k."""
    if median < VANISHED:
        return f"below {VANISHED:g} after {k} {unit}"
    return f"still {median:.2g} after {k} {unit}"
