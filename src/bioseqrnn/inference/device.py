"""The device (CPU or GPU) that a network runs on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from bioseqrnn.inference.gpus import claim_gpus
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

# environment variables that batch systems set in a job that has GPUs
GIVEN = ("CUDA_VISIBLE_DEVICES", "SLURM_STEP_GPUS", "SLURM_JOB_GPUS")


def choose_device(name: str, count: int = 1) -> torch.device:
    """Return the device for ``auto``, ``cpu`` or ``cuda``; cuda without a GPU is an InputError.

    If there are several GPUs, ``count`` GPUs that no other job uses are chosen (``claim_gpus``). A
    warning is written to standard error if ``auto`` chooses the CPU in a job that has a GPU.
    """
    if name == "cpu":
        return torch.device("cpu")
    claim_gpus(count)
    if torch.cuda.is_available():
        return torch.device("cuda")
    built = torch.version.cuda
    why = "no GPU is visible to it" if built else "this build of PyTorch supports only CPUs"
    if name == "cuda":
        raise InputError(f"device cuda: PyTorch finds no CUDA device ({why}); use auto or cpu")
    given = _given_gpu()
    if given:
        say(
            f"warning: this job was given a GPU ({given}), but PyTorch finds none ({why}); the CPU "
            "is used, and the GPU stays idle"
        )
    return torch.device("cpu")


def _given_gpu() -> str:
    """Return the variable, as NAME=value, by which a batch system gave this job a GPU, or "".

    An empty list of devices, -1 and SLURM's NoDevFiles hide GPUs on purpose and do not count.
    """
    values = ((name, os.environ.get(name, "")) for name in GIVEN)
    given = (f"{name}={value}" for name, value in values if value not in ("", "-1", "NoDevFiles"))
    return next(given, "")


def describe(device: torch.device, count: int = 1) -> str:
    """Return the name of ``count`` devices for the log, the card and the report."""
    times = f"{count} × " if count > 1 else ""
    if device.type == "cuda":
        return f"{times}cuda ({torch.cuda.get_device_name(device)})"
    threads = torch.get_num_threads()
    return f"{times}cpu ({threads} thread{'s' if threads > 1 else ''})"


def set_deterministic(seed: int, threads: int) -> None:
    """Seed PyTorch and fix everything else that changes results from run to run.

    This includes the number of CPU threads, since sums are split over threads. The number comes
    from the configuration and does not depend on how many cores are free.
    """
    torch.manual_seed(seed)
    _fix(threads)


@contextmanager
def deterministic(threads: int) -> Iterator[None]:
    """Fix the same within the block, except the seed, and restore the settings of the process."""
    before = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    tf32 = torch.backends.cudnn.allow_tf32
    filled = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    _fix(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.set_deterministic_debug_mode(before[1])
        torch.backends.cudnn.allow_tf32 = tf32
        torch.utils.deterministic.fill_uninitialized_memory = filled  # type: ignore[attr-defined]


def _fix(threads: int) -> None:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    # same as use_deterministic_algorithms(True, warn_only=True), which would also import PyTorch's
    # compiler (two seconds of CPU time)
    torch.set_deterministic_debug_mode("warn")
    # By default, PyTorch lets cuDNN round the factors in convolutions and recurrent layers to 10
    # bits (TF32), or three digits. Users who prefer speed can choose bf16.
    torch.backends.cudnn.allow_tf32 = False
    # deterministic mode also turns on this debugging aid, which takes a tenth of the time of small
    # layers and has no effect here
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
