"""One trial: a network trained on each inner fold, scored on what that fold holds out."""

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

# weight of the loss beside average precision: it decides between equal ones
TIE = 1e-6
# attributes of a trial: loss and best epoch of each finished inner fold; why there are no more
DONE, WHY = "done", "why"


@dataclass(frozen=True)
class Bench:
    """What all trials of a study share.

    Attributes
    ----------
    table : SequenceTable
    part : int64 [n]
        Inner fold that holds a record out; -1 of the records that no trial may read.
    base : ModelConfig
        With ``monitor`` loss or auprc: the trials of a study are scored by one measure.
    seed : int
    processes : Processes
        One, which has the device.
    study : str
        Name of the study.
    scratch : Path
        Beside which the training under way keeps its checkpoint.
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
        """Inner folds."""
        return int(self.part.max()) + 1

    def rows(self, inner: int) -> tuple[Ints, Ints]:
        """Row numbers of the records that an inner fold trains with, and that it holds out."""
        inside = self.part >= 0
        held = self.part == inner
        return np.flatnonzero(inside & ~held), np.flatnonzero(held)


def run_trial(study: optuna.Study, trial: Trial, bench: Bench, what: str) -> None:
    """Train and score, and tell the study; an inner fold that was done before is not done again.

    The value is the mean over inner folds of what the best epoch has least of: the validation loss,
    or what average precision lacks of 1. A trial that the pruner stops, or whose training diverges
    at every learning rate tried, counts as pruned: it uses up budget and is not a candidate.

    Raises
    ------
    TrainingStopped
        By a signal; the trial stays under way, for ``retry_unfinished``.
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
                say(f"{what}: given up: {why}")
                study.tell(trial, state=TrialState.PRUNED)
                return
            done.append((_loss(trained), trained.best_epoch))
            trial.set_user_attr(DONE, done)
        so_far = float(np.mean([loss for loss, _ in done[: inner + 1]]))
        trial.report(so_far, inner)
        if inner + 1 < bench.count and trial.should_prune():
            say(f"{what}: stopped after {inner + 1} of {bench.count} inner folds, as too bad")
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
    """The loss of the best epoch, or what its average precision lacks of 1.

    With few positives many trials lack nothing; the loss then decides between them.
    """
    row = trained.history.iloc[trained.best_epoch - 1]
    loss, precision = float(row["validation_loss"]), float(row.get("validation_auprc", np.nan))
    return loss if np.isnan(precision) else 1 - precision + TIE * loss


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
