"""Trainings on the cluster of the tests: what they are, and how they are stopped in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from workflow.conftest import Project

# trains for some seconds, long enough to be stopped in the middle
LONG = {"cell": "gru", "epochs": 200, "patience": 200, "hidden_size": 24, "stem_filters": 16}
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


def trainings(project: Project) -> dict[int, int]:
    """Process of each seed that is being trained in a folder."""
    return {int(words[words.index("--seed") + 1]): pid for pid, words in _commands(project)}


def ranks(project: Project) -> list[tuple[str, int]]:
    """Number among those that srun has started, and process, of what trains in a folder."""
    found = []
    for pid, _ in _commands(project):
        environ = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        found += [(w.split("=")[1], pid) for w in environ if w.startswith("SLURM_PROCID=")]
    return found


def _commands(project: Project) -> list[tuple[int, list[str]]]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        # gone meanwhile, or without words as threads of the kernel
        with contextlib.suppress(OSError, IndexError):
            words = (path / "cmdline").read_bytes().decode().split("\0")
            here = (path / "cwd").readlink() == project.folder.resolve()
            if here and words[1].endswith("/bioseqrnn") and words[2] == "train":
                found.append((int(path.name), words))
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

    Begun is what has said so in its log, or what has written a checkpoint.

    What SLURM does to a job begins with SIGCONT, so nothing is too late, however long it takes.
    """
    frozen: dict[int, tuple[int, dict[str, str]]] = {}

    def begun(seed: int) -> bool:
        if checkpoint:
            return checkpoint_of(project, seed).exists()
        return "on cpu" in training_log(project, seed)

    def all_frozen() -> bool:
        for seed, pid in trainings(project).items():
            if seed not in frozen and begun(seed):
                # a signal before the first batch would end it as any other process
                time.sleep(2)
                os.kill(pid, signal.SIGSTOP)
                words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
                environ = dict(word.split("=", 1) for word in words if word)
                frozen[seed] = (
                    pid,
                    {"job": environ["SLURM_JOB_ID"], "node": environ["SLURMD_NODENAME"]},
                )
        return sorted(frozen) == sorted(seeds)

    cluster.wait(all_frozen, f"trainings of the seeds {seeds}", 200)
    return frozen
