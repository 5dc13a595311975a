"""The worker jobs of a search, which run its trials."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.search import SearchConfig
from bioseqrnn.fitting.checkpoint import checkpoint_path, code_fingerprint
from bioseqrnn.fitting.objective import Objective
from bioseqrnn.fitting.signals import StopSignals
from bioseqrnn.inference.device import set_deterministic
from bioseqrnn.inference.processes import start_processes
from bioseqrnn.splits.inner import inner_folds
from bioseqrnn.stages.search.space import distributions, own_values
from bioseqrnn.stages.search.study import (
    counted,
    next_trial,
    open_study,
    queue_own,
    retry_unfinished,
    study_name,
)
from bioseqrnn.stages.search.table import trials_table
from bioseqrnn.stages.search.trial import Bench, run_trial
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.atomic import remove_file
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError, TrainingStopped
from bioseqrnn.support.io import sha256, write_tsv
from bioseqrnn.tables.folds import TRAIN, read_groups, read_roles
from bioseqrnn.tables.selected import final_networks, read_selection
from bioseqrnn.tables.sequences import SequenceTable, read_sequences


@dataclass(frozen=True)
class Searched:
    """The model whose settings are searched.

    Attributes
    ----------
    model : str
        Its name in tables.
    config : ModelConfig
        Its own settings, used for everything that is not searched.
    search : SearchConfig
    fold : int or None
        Fold whose training records the search uses; None: all records, for the final model.
    """

    model: str
    config: ModelConfig
    search: SearchConfig
    fold: int | None

    @property
    def name(self) -> str:
        """Its name in the log."""
        return f"{self.model}, {'all records' if self.fold is None else f'fold {self.fold}'}"


def work(
    sequences: Path,
    folds: Path,
    journal: Path,
    output: Path,
    *,
    searched: Searched,
    worker: int,
    machine: MachineConfig,
    selected: Path | None = None,
) -> None:
    """Run trials of a study, in parallel with other workers, until its budget is used up.

    A trial reads only the training records of the fold: neither its test records nor its
    validation records, which are used for early stopping, selection and calibration.

    Parameters
    ----------
    journal : Path
        Journal of the study; made by the first worker, kept for a later search with more trials.
    output : Path
        Table to write, with all trials that are done when this worker ends.
    searched : Searched
    worker : int
        Number of this worker, from 0.
    machine : MachineConfig
        A trial uses one device of it.
    selected : Path, optional
        ``selected.json``: if the model is not part of the final one, nothing is done.

    Raises
    ------
    TrainingStopped
        A signal was received; the same command resumes from that point.
    """
    config, search, fold, where = searched.config, searched.search, searched.fold, searched.name
    space = distributions(search)
    if selected is not None and searched.model not in final_networks(read_selection(selected)):
        say(f"{where}: not searched, because it is not part of the final model")
        write_tsv(output, trials_table([], space))
        return
    alone = machine.model_copy(update={"devices": 1, "nodes": 1})
    processes = start_processes(alone, config.precision)
    set_deterministic(search.seed, machine.threads)
    output.parent.mkdir(parents=True, exist_ok=True)
    table = read_sequences(sequences, scratch=output.parent)
    part, train = _inner(table, folds, fold, search)
    base = _one_measure(config, table, train)
    name = study_name(
        sequences=sha256(sequences),
        folds=sha256(folds),
        fold=fold,
        config=config.model_dump(),
        search=search.model_dump(exclude={"models", "trials", "workers"}),
        device=processes.device.type,
        threads=machine.threads,
        **code_fingerprint(__name__),
    )
    study = open_study(journal, name, prune=search.prune)
    bench = Bench(
        table, part, base, search.seed, processes, name, output.with_name(f"worker-{worker}")
    )
    own = own_values(config, space)
    with StopSignals() as signals:
        again = retry_unfinished(study, worker, search.workers)
        if again:
            say(f"{where}: resumes {again} unfinished trial")
        if worker == 0 and own is None:
            say(f"{where}: its own settings are outside the search space and are not tried")
        elif worker == 0 and own is not None:
            queue_own(study, own)
        while True:
            if signals.received is not None:
                raise TrainingStopped(
                    f"{where}: stopped by {signals.received.name} between two trials; "
                    "run the same command again to resume from there"
                )
            trial = next_trial(study, space, budget=search.trials, seed=search.seed, worker=worker)
            if trial is None:
                break
            place = sum(other.number < trial.number for other in counted(study)) + 1
            run_trial(study, trial, bench, f"{where}, trial {place} of {search.trials}")
    # left over from a trial that another worker has finished
    remove_file(checkpoint_path(bench.scratch))
    frame = trials_table(counted(study), space)
    write_tsv(output, frame)
    say(f"{where}: worker {worker} ends, {len(frame)} of {search.trials} trials are done")


def _inner(
    table: SequenceTable, folds: Path, fold: int | None, search: SearchConfig
) -> tuple[Ints, Ints]:
    """Inner fold of each record (-1 if not a training record of the fold), and training rows."""
    if fold is None:
        train = np.arange(len(table))
    else:
        train, _, _ = read_roles(folds, table, fold)
    roles = np.full((len(table), 1), "", "<U5")
    roles[train] = TRAIN
    groups = read_groups(folds)
    inside = table.task.counts(table.targets[train], table.classes)
    counts = np.zeros((len(table), inside.shape[1]))
    counts[train] = inside
    try:
        part = inner_folds(roles, groups, counts, 0, search.inner_folds, search.seed)
    except InputError as error:
        where = "on all records" if fold is None else f"in fold {fold}"
        raise InputError(f"search {where}: {error} (search.inner_folds)") from error
    return part, train


def _one_measure(config: ModelConfig, table: SequenceTable, train: Ints) -> ModelConfig:
    """The settings with ``monitor`` decided once on all training records, not per inner fold."""
    objective = Objective.of(config, table.task, table.targets[train], table.classes)
    monitor = "auprc" if objective.by_precision else "loss"
    return ModelConfig(**config.model_dump() | {"monitor": monitor})
