"""The processes that train a network together: one, or one per device on one or more nodes."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.inference.device import choose_device
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Bools, Ints
from bioseqrnn.support.console import speak_only_if
from bioseqrnn.support.errors import InputError

if TYPE_CHECKING:
    from lightning.fabric import Fabric


class Processes:
    """One process and its communication with the others; by default there is only one.

    Gradients are summed by one exchange after the backward pass, not during it as in
    ``DistributedDataParallel``: the networks are small, and a process may have to repeat its part
    in smaller pieces, or have no record of a batch.

    Parameters
    ----------
    device : torch.device
        Device of this process.
    fabric : Fabric, optional
        Lightning's connection of the processes; also used for one process with another precision.

    Attributes
    ----------
    rank, count : int
        Number of this process, from 0, and number of processes.
    """

    def __init__(self, device: torch.device, fabric: Fabric | None = None) -> None:
        self.device = device
        self.rank = fabric.global_rank if fabric else 0
        self.count = fabric.world_size if fabric else 1
        self._fabric = fabric

    @property
    def leads(self) -> bool:
        """Whether this process reads and writes checkpoints, and writes the outputs."""
        return self.rank == 0

    def own(self, packed: Packed, batch: Ints) -> slice | Bools:
        """Return an index of the records of a batch that this process takes; there may be none.

        If each process holds a part of the sequences, it takes the records that it holds; otherwise
        it takes every ``count``-th record. Together the processes take the whole batch, so that a
        step is the same as with a single process.
        """
        if packed.held is not None:
            return packed.held[batch]
        return slice(self.rank, None, self.count)

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision of the network's arithmetic during training."""
        return self._fabric.autocast() if self._fabric else nullcontext()

    def seed_batch(self, seed: int, epoch: int, batch: int) -> None:
        """Seed dropout: it differs between processes, and is the same when a batch is repeated.

        A checkpoint therefore needs neither the random state of each process nor the state of
        cuDNN for dropout between layers, which cannot be read.
        """
        if self.count > 1 or self.device.type == "cuda":
            mixed = np.random.SeedSequence([seed, epoch, batch, self.rank]).generate_state(1)
            torch.manual_seed(int(mixed[0]))

    def sum_gradients(self, weights: list[nn.Parameter], loss: float) -> float:
        """Replace gradients by their sum over the processes, and return the sum of ``loss``."""
        if self.count == 1:
            return loss
        parts = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
        parts.append(torch.tensor([loss], dtype=parts[0].dtype, device=self.device))
        whole = self.sum(torch.cat([part.flatten() for part in parts]))
        *gradients, total = torch.split(whole, [part.numel() for part in parts])
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient.view_as(weight)
        return float(total)

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum over the processes; it is bitwise identical in each of them."""
        if self.count == 1:
            return tensor
        # the all_reduce of Fabric would wait for all processes twice
        whole = tensor.to(self.device, copy=True)
        torch.distributed.all_reduce(whole)
        return whole

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process; all processes get the same answer."""
        return bool(self.sum(torch.tensor(int(flag)))) if self.count > 1 else flag

    def from_leader(self, value: Any) -> Any:
        """Return the value that the leading process has."""
        return self._fabric.broadcast(value) if self._fabric and self.count > 1 else value

    def wait(self) -> None:
        """Wait for all processes."""
        if self._fabric is not None:
            self._fabric.barrier()

    def part(self) -> None:
        """End the connection; otherwise, threads may abort a process at its exit."""
        if self.count > 1 and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def start_processes(machine: MachineConfig, precision: str) -> Processes:
    """Start one process for each device, or join those that ``srun`` has started.

    Parameters
    ----------
    machine : MachineConfig
    precision : {"fp32", "bf16"}

    Raises
    ------
    InputError
        The machine does not have these devices, or several nodes are requested without ``srun``.
    """
    devices, nodes = machine.devices, machine.nodes
    chosen = choose_device(machine.device, devices)
    if precision == "bf16" and not _has_bf16(chosen):
        raise InputError(
            "precision bf16 needs a CUDA GPU that supports it, but this job runs on "
            f"{chosen.type}; use device: cuda on a machine with such a GPU, or precision: fp32"
        )
    if devices == nodes == 1 and precision == "fp32":
        # Lightning takes seconds to import
        return Processes(chosen)
    if chosen.type == "cuda" and devices > torch.cuda.device_count():
        raise InputError(f"devices: {devices}, but {torch.cuda.device_count()} GPUs are visible")
    from lightning.fabric import Fabric
    from lightning.fabric.plugins.environments.lightning import LightningEnvironment

    started = _started_by_a_launcher(devices * nodes)
    if nodes > 1 and not started:
        raise InputError(
            f"nodes: {nodes}: start one process for each device with srun --nodes={nodes} "
            f"--ntasks-per-node={devices} bioseqrnn train …"
        )
    fabric = Fabric(
        accelerator=chosen.type,
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if devices * nodes > 1 else "auto",
        precision="bf16-mixed" if precision == "bf16" else "32-true",
        # otherwise, Lightning would take a batch job with a single task for one process of many
        plugins=None if started else [LightningEnvironment()],
    )
    fabric.launch()
    processes = Processes(fabric.device, fabric)
    speak_only_if(processes.leads)
    return processes


def _has_bf16(device: torch.device) -> bool:
    # older GPUs can store bf16 numbers, but have no convolutions for them
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def _started_by_a_launcher(count: int) -> bool:
    """Whether srun or torchrun has started all processes.

    This reads the number of tasks of the step. The number of tasks of the job is also set in the
    batch script, which is always one process.
    """
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return True
    return count > 1 and os.environ.get("SLURM_STEP_NUM_TASKS") == str(count)
