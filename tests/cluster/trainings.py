"""Trainings on the cluster of the tests: what they are, and how they are stopped in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import NamedTuple

from warm import process_of
from workflow.conftest import Project

# trains for some seconds, long enough to be stopped in the middle
LONG = {
    "cell": "gru", "epochs": 60, "patience": 60, "refit": False,
    "hidden_size": 24, "stem_filters": 16,
}  # fmt: skip
MODEL = "results/dna/models/gru/fold-0/seed-{}/model.safetensors"


def same_models(one: Project, other: Project, seeds=(1, 2)) -> bool:
    return all(
        (one.folder / MODEL.format(s)).read_bytes() == (other.folder / MODEL.format(s)).read_bytes()
        for s in seeds
    )


def training_log(project: Project, seed: int) -> str:
    path = project.folder / f"results/dna/logs/train_model/gru.fold-0.seed-{seed}.log"
    return path.read_text() if path.exists() else ""


def checkpoint_of(project: Project, seed: int) -> Path:
    return project.folder / f"{MODEL.format(seed)}.checkpoint"


class Training(NamedTuple):
    """A process that trains, and the environment that its job gave it."""

    pid: int
    seed: int
    environment: dict[str, str]


def trainings(project: Project) -> list[Training]:
    """All that train in a folder; on several nodes, each of the processes of a training."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        # gone meanwhile, or other words
        with contextlib.suppress(OSError, ValueError):
            words = (path / "cmdline").read_bytes().decode().split("\0")
            place = next((i for i, w in enumerate(words) if w.endswith("/bioseqrnn")), 0)
            here = (path / "cwd").readlink() == project.folder.resolve()
            if not (here and place and words[place + 1] == "train"):
                continue
            environ = (path / "environ").read_bytes().decode().split("\0")
            environment = dict(word.split("=", 1) for word in environ if word)
            # of a command that is started cold, the second word is the command itself
            pid = int(path.name) if place == 1 else process_of(int(path.name))
            if pid is not None:
                found.append(Training(pid, int(words[words.index("--seed") + 1]), environment))
    return found


def processes_of(job: str) -> list[int]:
    """Processes of a job, the first started first."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"SLURM_JOB_ID={job}".encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
    return sorted(found)


def freeze(
    cluster, project: Project, seeds=(1, 2), checkpoint: bool = False
) -> dict[int, tuple[int, dict[str, str]]]:
    """Stop the clock of every training once it has begun: process and job of each seed.

    Begun is what has said so in its log and records signals, or what has written a checkpoint.

    What SLURM does to a job begins with SIGCONT, so nothing is too late, however long it takes.
    """
    frozen: dict[int, tuple[int, dict[str, str]]] = {}

    def begun(training: Training) -> bool:
        if checkpoint:
            return checkpoint_of(project, training.seed).exists()
        # a signal before the first batch would end it as any other process
        said = "on cpu" in training_log(project, training.seed)
        return said and _records(training.pid, signal.SIGUSR1)

    def all_frozen() -> bool:
        for training in trainings(project):
            if training.seed not in frozen and begun(training):
                os.kill(training.pid, signal.SIGSTOP)
                given = training.environment
                job = {"job": given["SLURM_JOB_ID"], "node": given["SLURMD_NODENAME"]}
                frozen[training.seed] = (training.pid, job)
        return sorted(frozen) == sorted(seeds)

    cluster.wait(all_frozen, f"trainings of the seeds {seeds}")
    return frozen


def _records(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler of a signal."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False
