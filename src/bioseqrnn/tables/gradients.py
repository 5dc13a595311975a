"""``gradients.tsv``: the norms of all records and runs of a model as one row a k."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tables.declared.models import GRADIENTS

# Smaller norms make no difference in 32-bit numbers, and would stretch the axis
FLOOR = 1e-8
YLAB = "Spectral norm of ∂h(T)/∂s(T-k)"
# Where the words say that the gradient has vanished
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
        Of ∂h_T/∂s_{T-k}; NaN where a record has no more than k residues.
    largest : float
        Largest singular value of the recurrent matrix.
    pool : int
        Residues that the stem makes one step of; k counts residues all the same.
    step : int
        Residues that the recurrence of a network per position reads together, and that k counts as
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
        """What runs share that are taken together."""
        return self.model, self.layer, self.direction


def gradients_table(measured: list[Measured]) -> pd.DataFrame:
    """Median and 10 % and 90 % quantiles over records and runs.

    The column ``bound`` is σ₁(W_hh)^k of the vanilla RNN, which no norm exceeds since tanh' ≤ 1
    (Pascanu et al., 2013), of several runs the largest; it is NaN for gated cells, which have no
    such bound.

    Returns
    -------
    DataFrame
        As ``gradients.tsv``.
    """
    rows: list[dict[str, Any]] = []
    # a model's curves stand together, in the order in which models were given
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
    """The rows with enough records to be drawn: at least 10, or all where fewer were sampled."""
    most = gradients.groupby(["model", "layer", "direction"], sort=False)["n"].transform("max")
    return gradients[gradients["n"] >= np.minimum(most, LEAST_SHOWN)]


def reach(gradients: pd.DataFrame) -> pd.DataFrame:
    """How far back each curve reaches.

    Returns
    -------
    DataFrame
        ``model``, ``cell``, ``layer``, ``direction``, ``k`` and ``median``: of the first row whose
        median is below 0.01, or else the last one.
    """
    found = []
    for _, rows in shown(gradients).groupby(["model", "layer", "direction"], sort=False):
        below = np.flatnonzero(rows["median"] < VANISHED)
        found.append(rows.iloc[below[0] if len(below) else -1])
    return pd.DataFrame(found)[[*CURVE, "k", "median"]].reset_index(drop=True)


def unit_of_k(steps: Iterable[int]) -> str:
    """Say what k counts in networks whose recurrence reads so many residues together."""
    sizes = sorted(set(steps))
    if sizes == [1]:
        return "residues"
    return f"steps of {' or '.join(map(str, sizes))} residues"


def x_label(unit: str) -> str:
    """Label of the axis of k, which counts this unit."""
    return f"k ({unit} back from the last one read)"


def reach_words(k: int, median: float, unit: str) -> str:
    """Say one row of ``reach``; ``unit`` is what k counts."""
    if median < VANISHED:
        return f"below {VANISHED:g} after {k} {unit}"
    return f"still {median:.2g} after {k} {unit}"
