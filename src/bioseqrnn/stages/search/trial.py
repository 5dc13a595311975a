"""One trial: a network per inner fold, scored on the records that the fold holds out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import Trial, TrialState

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.validate import section
from bioseqrnn.fitting.loop import Trained, train_network
from bioseqrnn.fitting.session import Session
from bioseqrnn.inference.processes import Processes
from bioseqrnn.stages.search.space import settings
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.sequences import SequenceTable

# weight of the loss when average precision is monitored: it decides between equal trials
TIE = 1e-6
# attributes of a trial: loss and best epoch of each finished inner fold; reason for giving up
DONE, WHY = "done", "why"


@dataclass(frozen=True)
class Bench:
    """Data and settings shared by all trials of a study.

    Attributes
    ----------
    table : SequenceTable
    part : int64 [n]
        Inner fold that holds a record out; -1 for records that no trial may read.
    base : ModelConfig
        Settings with ``monitor`` loss or auprc, so that all trials of a study use one measure.
    seed : int
    processes : Processes
        One process, with the device.
    study : str
        Name of the study.
    scratch : Path
        Path next to which the running training keeps its checkpoint.
    """

    table: SequenceTable
    part: Ints
    base: ModelConfig
    seed: int
    processes: Processes
    study: str
    scratch: Path

    @property
    def count(self) -> int:
        """Number of inner folds."""
        return int(self.part.max()) + 1

    def rows(self, inner: int) -> tuple[Ints, Ints]:
        """Row numbers of the training and of the held-out records of an inner fold."""
        inside = self.part >= 0
        held = self.part == inner
        return np.flatnonzero(inside & ~held), np.flatnonzero(held)


def run_trial(study: optuna.Study, trial: Trial, bench: Bench, what: str) -> None:
    """Train, score, and report to the study; inner folds that are already done are not repeated.

    The value is the mean over inner folds of the best epoch's validation loss, or of 1 minus its
    average precision. A trial that the pruner stops, or whose training diverges at every learning
    rate tried, counts as pruned: it counts towards the budget and is not a candidate.

    Raises
    ------
    TrainingStopped
        A signal was received; the trial keeps the state running, for ``retry_unfinished``.
    """
    config = section(ModelConfig, bench.base.model_dump() | settings(trial.params), what)
    say(f"{what}: " + ", ".join(f"{name} {_short(v)}" for name, v in sorted(trial.params.items())))
    done: list[tuple[float, int]] = list(trial.user_attrs.get(DONE, []))
    for inner in range(bench.count):
        if inner == len(done):
            try:
                trained = _train(bench, config, inner, f"{what}, inner fold {inner}")
            except InputError as why:
                trial.set_user_attr(WHY, str(why))
                say(f"{what}: failed: {why}")
                study.tell(trial, state=TrialState.PRUNED)
                return
            done.append((_loss(trained), trained.best_epoch))
            trial.set_user_attr(DONE, done)
        so_far = float(np.mean([loss for loss, _ in done[: inner + 1]]))
        trial.report(so_far, inner)
        if inner + 1 < bench.count and trial.should_prune():
            say(
                f"{what}: stopped after {inner + 1} of {bench.count} inner folds, because its "
                "value is worse than the median of earlier trials"
            )
            study.tell(trial, state=TrialState.PRUNED)
            return
    study.tell(trial, so_far)
    say(f"{what}: value {so_far:.4f}")


def _train(bench: Bench, config: ModelConfig, inner: int, what: str) -> Trained:
    train, validation = bench.rows(inner)
    seed = bench.seed + inner
    with Session(bench.scratch) as session:
        session.identify(
            what, __name__, study=bench.study, inner=inner, seed=seed, config=config.model_dump()
        )
        return train_network(
            bench.table,
            train,
            validation,
            config,
            seed=seed,
            processes=bench.processes,
            what=what,
            session=session,
        )


def _loss(trained: Trained) -> float:
    """The loss of the best epoch, or 1 minus its average precision.

    With few positives, many trials reach an average precision of 1; the loss decides between them.
    """
    row = trained.history.iloc[trained.best_epoch - 1]
    loss, precision = float(row["validation_loss"]), float(row.get("validation_auprc", np.nan))
    return loss if np.isnan(precision) else 1 - precision + TIE * loss


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
