"""One study shared by many jobs: a journal on a shared file system.

The journal is a log that is only appended to. Its lock is a file made with ``O_EXCL``, which is
atomic on local disks, on NFS since version 3 and on the parallel file systems of clusters, even
where ``flock`` and ``fcntl`` have no effect. If the holder of a lock was killed, the lock is taken
over after 30 s. Trials are numbered in the order of the log, so all jobs use the same numbers.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, Trial, TrialState

from bioseqrnn.fitting.checkpoint import ODD
from bioseqrnn.support.console import say
from bioseqrnn.support.io import require_file

# number of trials drawn at random before earlier trials guide the search
RANDOM_TRIALS = 8
# number of trials before any can be pruned
UNPRUNED_TRIALS = 4
NAMELESS_SECONDS = 60.0
# attributes of a trial: its worker, and whether its settings are the model's own
WORKER, OWN = "worker", "own"


def study_name(**fingerprint: Any) -> str:
    """Name of the study, unique to data, settings and code: trials of others are not reused."""
    return hashlib.sha256(json.dumps(fingerprint, sort_keys=True).encode()).hexdigest()


def open_study(journal: Path, name: str, *, prune: bool) -> optuna.Study:
    """Open a study of a journal; create either if it does not exist.

    A journal that Optuna cannot read is renamed, and the search starts from the beginning.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal.parent.mkdir(parents=True, exist_ok=True)
    lock = JournalFileOpenLock(str(journal))
    _mend(journal, lock)
    pruner: BasePruner = NopPruner()
    if prune:
        pruner = MedianPruner(n_startup_trials=UNPRUNED_TRIALS)

    def opened() -> optuna.Study:
        storage = JournalStorage(JournalFileBackend(str(journal), lock))
        study = optuna.create_study(
            storage=storage, study_name=name, pruner=pruner, load_if_exists=True
        )
        study.get_trials(deepcopy=False)
        return study

    before = journal.stat().st_ino if journal.exists() else None
    try:
        return opened()
    # lines that are not JSON, lack keys, or have values of the wrong type
    except (*ODD, AssertionError) as error:
        _put_aside(journal, lock, before, error)
    return opened()


def _put_aside(
    journal: Path, lock: JournalFileOpenLock, inode: int | None, error: Exception
) -> None:
    """Rename a journal that could not be read, unless another worker has done so."""
    lock.acquire()
    try:
        if journal.exists() and journal.stat().st_ino == inode:
            aside = journal.with_name(f"{journal.name}.damaged")
            say(f"{journal} is damaged ({type(error).__name__}) and was renamed to {aside.name}")
            journal.replace(aside)
    finally:
        with suppress(RuntimeError):
            lock.release()


def _mend(journal: Path, lock: JournalFileOpenLock) -> None:
    """Remove an incomplete last line of a writer that died: nothing could be appended to it."""
    if not journal.exists():
        return
    require_file(journal, "log of a search")
    lock.acquire()
    try:
        with journal.open("rb+") as file:
            data = file.read()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                say(f"{journal}: an incomplete line at its end is removed")
                file.truncate(whole)
    finally:
        with suppress(RuntimeError):
            lock.release()


def counted(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that count towards the budget, in order: done, running, or waiting for a retry."""
    return [t for t in study.get_trials(deepcopy=False) if t.state != TrialState.FAIL]


def queue_own(study: optuna.Study, values: dict[str, Any]) -> None:
    """Queue a trial with the model's own settings, if there is none yet."""
    if not any(OWN in trial.user_attrs for trial in counted(study)):
        study.enqueue_trial(values, user_attrs={OWN: True})


def next_trial(
    study: optuna.Study,
    searched: dict[str, BaseDistribution],
    *,
    budget: int,
    seed: int,
    worker: int,
) -> Trial | None:
    """Claim the next trial of the budget; None if all are claimed.

    The journal has one order for all claims, so if several are made at once, exactly as many as the
    budget allows are kept. Values are drawn by TPE (Bergstra et al., NeurIPS 2011), which assumes
    bad results for running trials. Its seed depends on the trial, not on earlier draws of this
    process, so a search that was stopped and resumed makes the same trials as one that was not.
    """
    while True:
        before = counted(study)
        waiting = any(trial.state == TrialState.WAITING for trial in before)
        if len(before) < budget or waiting:
            break
        if not _fail_nameless(study):
            return None
    study.sampler = TPESampler(
        n_startup_trials=RANDOM_TRIALS,
        multivariate=True,
        constant_liar=True,
        seed=_draw_seed(seed, worker, len(before)),
    )
    trial = study.ask(searched)
    trial.set_user_attr(WORKER, worker)
    place = sum(other.number < trial.number for other in counted(study))
    if place >= budget:
        study.tell(trial, state=TrialState.FAIL)
        return None
    return trial


def _draw_seed(*key: int) -> int:
    digest = hashlib.sha256(json.dumps(key).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _fail_nameless(study: optuna.Study) -> bool:
    """Give up trials whose worker died after claiming them but before recording its number.

    That step is fast: a worker that has not done it while this process waits never will.
    """
    deadline = time.monotonic() + NAMELESS_SECONDS
    while True:
        nameless = [
            trial.number
            for trial in counted(study)
            if trial.state == TrialState.RUNNING and WORKER not in trial.user_attrs
        ]
        if not nameless:
            return False
        if time.monotonic() > deadline:
            break
        time.sleep(1)
    for number in nameless:
        study.tell(number, state=TrialState.FAIL)
    return True


def retry_unfinished(study: optuna.Study, worker: int, workers: int) -> int:
    """Queue again the trials that this worker was killed in; return how many.

    They keep their finished inner folds. Only one process runs as a given worker at a time, so none
    of its trials can be running. The first worker does this for workers that no longer exist.
    """
    found = 0
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        name = trial.user_attrs.get(WORKER, -1)
        if name == worker or (worker == 0 and name >= workers):
            study.tell(trial.number, state=TrialState.FAIL)
            kept = {key: value for key, value in trial.user_attrs.items() if key != WORKER}
            study.enqueue_trial(trial.params, user_attrs=kept)
            found += 1
    return found
