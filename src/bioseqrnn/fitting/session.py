"""A run of a training, which can be stopped at any time; the next run resumes from there."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Any

from bioseqrnn.fitting.checkpoint import (
    checkpoint_path,
    code_fingerprint,
    read_checkpoint,
    write_checkpoint,
)
from bioseqrnn.fitting.restoring import restore
from bioseqrnn.fitting.signals import StopSignals
from bioseqrnn.fitting.state import TrainingState
from bioseqrnn.inference.processes import Processes
from bioseqrnn.support.atomic import remove_file
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import TrainingStopped

CHECKPOINT_SECONDS = 60.0


class Session:
    """Keeps a checkpoint next to the model while the block runs, and stops it after a signal.

    The training calls ``tick`` at every point where it can stop. The checkpoint is removed when the
    block ends without an error: all outputs have been written by then.

    Parameters
    ----------
    model : Path, optional
        The file that the training writes; None: no checkpoint, and signals are ignored.
    every : float
        Minimum time between two checkpoints, in seconds.
    """

    def __init__(self, model: Path | None = None, every: float = CHECKPOINT_SECONDS) -> None:
        self.path = None if model is None else checkpoint_path(model)
        self.every = every
        self._signals = StopSignals()
        self._fingerprint: dict[str, Any] = {}
        self._what = "train"
        self._processes: Processes | None = None
        self._state: TrainingState | None = None
        self._due = time.monotonic() + every
        self._finished: list[Path] = []
        self._unwritten: tuple[Path, dict[str, Any], TrainingState] | None = None

    def __enter__(self) -> Session:
        if self.path is not None:
            self._signals.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._signals.__exit__(kind, error, traceback)
        if kind is None and self.path is not None and self._leads:
            for path in (self.path, *self._finished):
                remove_file(path)
        if kind is None and self._processes is not None:
            self._processes.part()

    @property
    def _leads(self) -> bool:
        return self._processes is None or self._processes.leads

    def identify(self, what: str, job: str, **fingerprint: Any) -> None:
        """Define what is trained; a checkpoint of any other training is not used.

        Parameters
        ----------
        what : str
            Name in the log.
        job : str
            Name of the calling module: a checkpoint is valid only for the present code of this
            module and of all that it imports.
        **fingerprint
            Data and settings: numbers, text, lists and dictionaries.
        """
        self._what = what
        self._fingerprint = fingerprint | code_fingerprint(job)

    def resume(self, state: TrainingState) -> None:
        """Restore the state that an earlier run saved; from now on, checkpoints save ``state``."""
        self._processes = state.processes
        if self.path is not None:
            earlier = None
            if self._leads:
                earlier = read_checkpoint(self.path, self._fingerprint, self._what)
            earlier = state.processes.from_leader(earlier)
            if earlier is not None:
                why = restore(state, earlier)
                if why:
                    say(
                        f"{self._what}: checkpoint {self.path} is damaged and is not used ({why}); "
                        "training starts from the beginning"
                    )
                else:
                    say(f"{self._what}: resumes after {state.place}")
        self._state = state

    def go_on_to(self, part: str) -> None:
        """Begin the next network of the same run, called ``part``; the previous one is finished.

        The next network has its own checkpoint file. With its first checkpoint, that of the
        finished network is written too, so that a run that is stopped later does not train the
        finished network again.
        """
        if self.path is None or self._state is None:
            return
        self._unwritten = self.path, self._fingerprint, self._state
        self._finished.append(self.path)
        self.path = self.path.with_name(f"{self.path.name}.{part}")
        self._what, self._state = f"{self._what}, {part}", None
        self._fingerprint = self._fingerprint | {"part": part}

    def _write(self, path: Path, state: TrainingState) -> None:
        if self._unwritten is not None:
            first, fingerprint, finished = self._unwritten
            write_checkpoint(first, fingerprint, finished.state_dict())
            self._unwritten = None
        write_checkpoint(path, self._fingerprint, state.state_dict())

    def tick(self) -> None:
        """Stop here if a signal was received; otherwise write the checkpoint when it is due.

        All processes call this equally often, and all stop at the same point if any of them
        received a signal.

        Raises
        ------
        TrainingStopped
            In the leading process. The others exit with success: the exit code of the run is the
            exit code of the leading process.
        """
        if self.path is None or self._state is None or self._processes is None:
            return
        signal = self._signals.received
        stop = self._processes.any(signal is not None)
        if self._leads and (stop or time.monotonic() >= self._due):
            self._write(self.path, self._state)
            self._due = time.monotonic() + self.every
        if stop:
            self._processes.wait()
            self._processes.part()
            if not self._leads:
                raise SystemExit(0)
            by = "a signal" if signal is None else signal.name
            raise TrainingStopped(
                f"{self._what}: stopped by {by} after {self._state.place}; "
                "run the same command again to resume from there"
            )
