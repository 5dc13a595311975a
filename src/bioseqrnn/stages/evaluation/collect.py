"""All predictions of a dataset, calibrated by fold and joined by record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn.metrics.calibration import calibrated, fit_temperature
from bioseqrnn.metrics.own_scores import hold_thresholds
from bioseqrnn.metrics.registry import has_thresholds
from bioseqrnn.metrics.tallies import Judged
from bioseqrnn.metrics.thresholds import Aim, choose_thresholds, positives_of, rarer, share_called
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import Tested, read_group_of, read_tested
from bioseqrnn.tables.predictions import Predictions, read_predictions
from bioseqrnn.tasks import PositionTruth, Task
from bioseqrnn.tasks.truth import residues_of

NO_AIM = Aim("none", 1.0)


@dataclass(frozen=True)
class Run:
    """Predictions of one training (or of a model derived from trainings) for its fold's records.

    Attributes
    ----------
    validation, test : Predictions
        Predictions before calibration.
    temperature : float
        Fitted on the validation records.
    thresholds, reached : float64 [labels], optional
        Also from the validation records: one threshold per label, or one for the positive class of
        two, and the value of the aim reached there. Thresholds are kept within the range of scores
        of the model that predicts the test records.
    """

    validation: Predictions
    test: Predictions
    temperature: float
    thresholds: Doubles | None
    reached: Doubles | None


# larger than any seed
SEEDS = 2**31


@dataclass(frozen=True)
class Model:
    """Out-of-fold predictions of one network or baseline.

    Attributes
    ----------
    name, kind : str
    runs : list of Run
        One per fold and seed.
    judged : dict of int to Judged
        Per seed, in the order of the fold table: every record predicted by the run that did not
        train on it. With repeated folds, repeat r has the key ``seed + r * SEEDS``.
    """

    name: str
    kind: str
    runs: list[Run]
    judged: dict[int, Judged]


@dataclass(frozen=True)
class Evidence:
    """All input of the evaluation.

    Attributes
    ----------
    models : list of Model
        Networks first, then baselines, each in the order given.
    task : Task
    classes : list of str
    aim : Aim
        Aim of thresholds; ``none`` if the task has no thresholds.
    rows : dict of str to int
        Number of each tested record, by id, in the order of the fold table.
    groups : int64 [n]
        Number of each record's group: consecutive, from 0.
    truth : int64 [units], bool [n, labels] or float64 [n]
    offsets : int64 [n + 1]
        Index of the first unit of each record.
    tested : Tested
        The fold of each repeat that tests a record.
    group_of : dict of str to int
        Number of the group of every record of the fold table, also of those that are not tested.
    """

    models: list[Model]
    task: Task
    classes: list[str]
    aim: Aim
    rows: dict[str, int]
    groups: Ints
    truth: Any
    offsets: Ints
    tested: Tested
    group_of: dict[str, int]

    @property
    def n(self) -> int:
        """Number of tested units: records, or residues."""
        return int(self.offsets[-1])

    def units(self, ids: list[str]) -> Ints:
        """Numbers of the units of some records: int64 [units]."""
        return residues_of(self.offsets, np.array([self.rows[name] for name in ids], np.int64))

    def model(self, name: str, kind: str, runs: Sequence[tuple[Predictions, Predictions]]) -> Model:
        """Calibrate runs (pairs of validation and test predictions) and align them by record.

        Raises
        ------
        InputError
            A record is predicted twice with one seed, or not at all.
        """
        made = [self._run(validation, test) for validation, test in runs]
        judged = {}
        for key in dict.fromkeys(map(self._key, made)):
            judged[key] = self._aligned(name, [run for run in made if self._key(run) == key])
        return Model(name, kind, made, judged)

    def _key(self, run: Run) -> int:
        return run.test.seed + SEEDS * self.tested.repeat(run.test.fold)

    def _run(self, validation: Predictions, test: Predictions) -> Run:
        truth = flat(validation.targets)
        temperature = fit_temperature(self.task, truth, validation.scores)
        if self.aim.name == "none":
            return Run(validation, test, temperature, None, None)
        scores = calibrated(self.task, validation.scores, temperature)
        thresholds, reached = choose_thresholds(self.task, truth, scores, self.aim)
        if test.own is not None:
            # the network for the test records was trained again; its scores may differ in range
            called = share_called(self.task, scores, thresholds, reached)
            thresholds = hold_thresholds(
                self.task, thresholds, called, rarer(self.task, truth), test.own, temperature
            )
        return Run(validation, test, temperature, thresholds, reached)

    def _aligned(self, name: str, runs: list[Run]) -> Judged:
        seed, outputs = runs[0].test.seed, runs[0].test.scores.shape[1]
        scores, raw = np.full((2, self.n, outputs), np.nan)
        called: Any = None
        for run in runs:
            units = self.units(run.test.ids)
            if not np.isnan(raw[units, 0]).all():
                raise InputError(
                    f"{name}, seed {seed}: fold {run.test.fold} predicts records twice"
                )
            judged = judge(self.task, run)
            raw[units], scores[units] = judged.raw, judged.scores
            if judged.called is not None:
                if called is None:
                    called = np.zeros((self.n, judged.called.shape[1]), bool)
                called[units] = judged.called
        missing = np.unique(self.records[np.isnan(raw).any(axis=1)])
        if len(missing):
            raise InputError(
                f"{name}, seed {seed}: {len(missing)} records of the fold table have no "
                f"prediction, the first is '{list(self.rows)[missing[0]]}'; is a fold missing?"
            )
        return Judged(
            self.truth, scores, raw, self.groups[self.records], int(self.groups.max()) + 1,
            called, self.first,
        )  # fmt: skip

    @property
    def records(self) -> Ints:
        """Number of each unit's record: int64 [units]."""
        return np.repeat(np.arange(len(self.rows)), np.diff(self.offsets))

    @property
    def first(self) -> Any:
        """Whether a residue is the first of a record: bool [units]; None if units are records."""
        if not self.task.per_position:
            return None
        first = np.zeros(self.n, bool)
        first[self.offsets[:-1]] = True
        return first


def flat(targets: Any) -> Any:
    """The targets of all units, in the form that scorers need."""
    return targets.codes.astype(np.int64) if isinstance(targets, PositionTruth) else targets


def judge(task: Task, run: Run) -> Judged:
    """Calibrate one run's test predictions and call them by its thresholds, all in one group."""
    test = run.test
    scores = calibrated(task, test.scores, run.temperature)
    called, first, truth = None, None, flat(test.targets)
    if run.thresholds is not None:
        called = positives_of(task, truth, scores)[1] >= run.thresholds
    if isinstance(test.targets, PositionTruth):
        first = np.zeros(len(scores), bool)
        first[test.targets.offsets[:-1]] = True
    return Judged(truth, scores, test.scores, np.zeros(len(scores), np.int64), 1, called, first)


def collect(predictions: list[Path], folds: Path, aim: Aim = NO_AIM) -> Evidence:
    """Read prediction tables and align them; InputError if a record is missing or unknown."""
    # a given split tests only some records
    tested = read_tested(folds)
    rows = {name: row for row, name in enumerate(tested.ids)}
    groups = np.unique(tested.groups, return_inverse=True)[1]
    runs: dict[str, list[tuple[Predictions, Predictions]]] = {}
    read: list[Predictions] = []
    for path in predictions:
        test = read_predictions(path)
        if read and (test.classes, test.task) != (read[0].classes, read[0].task):
            raise InputError(
                f"{path}: {test.task.name} with classes {test.classes}, but other tables have "
                f"{read[0].task.name} with {read[0].classes}"
            )
        unknown = [name for name in test.ids if name not in rows]
        if unknown:
            raise InputError(f"{path}: record '{unknown[0]}' is not in {folds}")
        if (tested.by(test.fold)[[rows[name] for name in test.ids]] != test.fold).any():
            raise InputError(
                f"{path}: predicts records that are in another test fold in {folds}; it was made "
                "with other folds; make it again"
            )
        read.append(test)
        runs.setdefault(test.model, []).append((read_predictions(path, "validation"), test))
    if not read:
        raise InputError("no prediction table to evaluate")
    truth, offsets = _truth(read, rows)
    task = read[0].task
    evidence = Evidence(
        [], task, read[0].classes, aim if has_thresholds(task) else NO_AIM, rows, groups, truth,
        offsets, tested, read_group_of(folds),
    )  # fmt: skip
    models = [evidence.model(name, pairs[0][1].kind, pairs) for name, pairs in runs.items()]
    evidence.models.extend(sorted(models, key=lambda model: model.kind != "network"))
    return evidence


def _truth(read: list[Predictions], rows: dict[str, int]) -> tuple[Any, Ints]:
    """Targets of all units in the order of the fold table, and the start of each record."""
    lengths = np.ones(len(rows), np.int64)
    if read[0].task.per_position:
        for run in read:
            lengths[[rows[name] for name in run.ids]] = run.targets.lengths
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    shape = (int(offsets[-1]), *flat(read[0].targets).shape[1:])
    truth = np.zeros(shape, flat(read[0].targets).dtype)
    for run in read:
        units = residues_of(offsets, np.array([rows[name] for name in run.ids], np.int64))
        truth[units] = flat(run.targets)
    return truth, offsets
