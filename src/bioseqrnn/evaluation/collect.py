"""All test predictions of a dataset, put together record by record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bioseqrnn.errors import InputError
from bioseqrnn.evaluation.metrics import Doubles
from bioseqrnn.evaluation.predictions import Predictions, read_predictions
from bioseqrnn.folds.table import Tested, read_tested
from bioseqrnn.sequences.packing import Ints

# more than the highest seed
SEEDS = 2**31


@dataclass(frozen=True)
class Model:
    """Out-of-fold predictions of one network or baseline.

    Attributes
    ----------
    name, kind : str
    runs : list of Predictions
        One a fold and seed.
    probability : dict of int to float64 [n, classes]
        Per seed, in the order of the fold table: every record predicted by the run that did not
        train on it. Of repeated folds, those of repeat r are under ``seed + r * SEEDS``.
    """

    name: str
    kind: str
    runs: list[Predictions]
    probability: dict[int, Doubles]


@dataclass(frozen=True)
class Evidence:
    """Everything that the evaluation looks at.

    Attributes
    ----------
    models : list of Model
        Networks first, then baselines, each in the order given.
    targets, groups : int64 [n]
    classes : list of str
    """

    models: list[Model]
    targets: Ints
    groups: Ints
    classes: list[str]


def collect(predictions: list[Path], folds: Path) -> Evidence:
    """Read prediction tables and align them; InputError where a record is missing or foreign."""
    # a given split tests some records only
    tested = read_tested(folds)
    row_of = {name: row for row, name in enumerate(tested.ids)}
    targets = np.full(len(row_of), -1, np.int64)
    runs: dict[str, list[Predictions]] = {}
    classes: list[str] = []
    for path in predictions:
        run = read_predictions(path)
        if classes and run.classes != classes:
            raise InputError(f"{path}: classes {run.classes}, other tables have {classes}")
        classes = run.classes
        unknown = [name for name in run.ids if name not in row_of]
        if unknown:
            raise InputError(f"{path}: record '{unknown[0]}' is not in {folds}")
        rows = [row_of[name] for name in run.ids]
        if (tested.by(run.fold)[rows] != run.fold).any():
            raise InputError(
                f"{path}: predicts records that {folds} tests in another fold; it was made with "
                "other folds, so make it again"
            )
        targets[rows] = run.targets
        runs.setdefault(run.model, []).append(run)
    if not runs:
        raise InputError("no prediction table to evaluate")
    models = []
    for name, tables in runs.items():
        models.append(
            Model(name, tables[0].kind, tables, _align(name, tables, row_of, tested, folds))
        )
    models.sort(key=lambda model: model.kind != "network")
    return Evidence(models, targets, tested.groups, classes)


def _align(
    name: str, runs: list[Predictions], row_of: dict[str, int], tested: Tested, folds: Path
) -> dict[int, Doubles]:
    probability: dict[int, Doubles] = {}
    for run in runs:
        values = probability.setdefault(
            run.seed + SEEDS * tested.repeat(run.fold),
            np.full((len(row_of), run.scores.shape[1]), np.nan),
        )
        rows = [row_of[record] for record in run.ids]
        if not np.isnan(values[rows, 0]).all():
            raise InputError(f"{name}, seed {run.seed}: fold {run.fold} predicts records twice")
        values[rows] = run.scores
    ids = list(row_of)
    for seed, values in probability.items():
        missing = np.flatnonzero(np.isnan(values).any(axis=1))
        if len(missing):
            raise InputError(
                f"{name}, seed {seed % SEEDS}: {len(missing)} records of {folds} have no "
                f"prediction, first '{ids[missing[0]]}'; is a fold missing?"
            )
    return probability
