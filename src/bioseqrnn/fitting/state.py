"""Everything that changes while a network is trained, to be saved and restored."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from bioseqrnn.fitting.best import Best, Monitored
from bioseqrnn.fitting.objective import Objective
from bioseqrnn.inference.gpu_memory import Memory
from bioseqrnn.inference.processes import Processes
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

MOST_HALVINGS = 3


class DivergenceError(Exception):
    """A loss, gradient or weight is not finite; the message names it."""


@dataclass
class Sums:
    """Running sums over the batches of an epoch."""

    loss: float = 0.0
    norm: float = 0.0
    largest_norm: float = 0.0
    clipped: int = 0


@dataclass
class TrainingState:
    """A network, the objects that train it, and the progress of the training.

    Attributes
    ----------
    network, optimizer, scheduler
    generator : numpy Generator
        Random numbers for the composition of the batches.
    processes : Processes
        Processes that train together; all have the same state.
    memory, prediction_memory : Memory
        How much of a batch fits in memory at once, for training and for prediction.
    objective : Objective
        The objective that is minimised.
    rows : list of dict
        The history: one row for each finished epoch.
    batch : int
        Number of finished batches of the current epoch, which is number ``len(rows) + 1``.
    sums : Sums
        Sums over these batches.
    best : Best
    halvings : int
        How often the learning rate was halved after a divergence.
    finished : bool
    average : SequenceClassifier or None
        Holds the running mean of the network's weights, with this ``decay``, if one is kept.
    """

    network: SequenceClassifier
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    generator: np.random.Generator
    processes: Processes
    memory: Memory
    prediction_memory: Memory
    objective: Objective
    rows: list[dict[str, float]] = field(default_factory=list)
    batch: int = 0
    sums: Sums = field(default_factory=Sums)
    best: Best = field(default_factory=Best)
    halvings: int = 0
    finished: bool = False
    average: SequenceClassifier | None = None
    decay: float = 0.0

    def __post_init__(self) -> None:
        self._dealt_from = self.generator.bit_generator.state
        # state at the start of the last epoch that is known to have begun without divergence
        self._good = self._moving()

    def begin_average(self, decay: float) -> None:
        """Keep a running mean of the weights from now on; none if ``decay`` is 0."""
        if decay:
            self.decay, self.average = decay, copy.deepcopy(self.network)
            for layer in self.average.modules():
                if isinstance(layer, nn.RNNBase):
                    # the weights of a copy are scattered in memory, and cuDNN would join them at
                    # every call
                    layer.flatten_parameters()
            self._good = self._moving()

    @torch.no_grad()
    def average_weights(self) -> None:
        """Update the running mean with the weights after a step.

        The decay increases with the number of steps, so that the random initial weights are soon
        forgotten.
        """
        if self.average is None:
            return
        step = self.scheduler.last_epoch
        decay = min(self.decay, step / (step + 10))
        own = self.network.parameters()
        torch._foreach_lerp_(list(self.average.parameters()), list(own), 1 - decay)

    @property
    def judged(self) -> SequenceClassifier:
        """The network that is validated and kept: the one with averaged weights, if it exists."""
        return self.network if self.average is None else self.average

    @property
    def device(self) -> torch.device:
        """Device of this process."""
        return self.processes.device

    @property
    def epoch(self) -> int:
        """Number of the current epoch, from 1."""
        return len(self.rows) + 1

    @property
    def place(self) -> str:
        """Progress of the training, as text."""
        if self.finished:
            return f"all {len(self.rows)} epochs"
        return f"epoch {len(self.rows)}" + (f" and {self.batch} batches" if self.batch else "")

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def deal(self) -> np.random.Generator:
        """Return the generator for the batches of the current epoch: the same after a resume."""
        if self.batch:
            self.generator.bit_generator.state = self._dealt_from
        else:
            self._dealt_from = self.generator.bit_generator.state
        return self.generator

    def count(self, loss: float, norm: float, clip: float) -> None:
        """Add a batch with the summed loss ``loss`` and the gradient norm ``norm`` to the sums."""
        self.batch += 1
        self.sums.loss += loss
        self.sums.norm += norm
        self.sums.largest_norm = max(self.sums.largest_norm, norm)
        self.sums.clipped += norm > clip

    def end_epoch(self, row: dict[str, float]) -> None:
        """Add the row of the current epoch; the next one begins."""
        self.rows.append(row)
        self.batch, self.sums = 0, Sums()

    def keep_best(self, monitored: Monitored) -> None:
        """Keep the weights of the epoch that just ended if it is the best so far."""
        least = min(self.best.least, monitored.lack)
        if self.best.loses_to(monitored):
            weights = copy.deepcopy(self.judged.state_dict())
            self.best = Best(monitored.loss, len(self.rows), weights, monitored.lack, least)
        self.best.least = least

    # Going back after a divergence

    def begins(self) -> dict[str, Any]:
        """Return a copy of the state at the start of an epoch, for ``begun_well``."""
        return self._moving()

    def begun_well(self, start: dict[str, Any]) -> None:
        """From now on, return to ``start`` after a divergence.

        This is called when the first gradient of the epoch is finite, which shows that the last
        step of the previous epoch did not damage the weights.
        """
        self._good = start

    def go_back(self, why: DivergenceError) -> None:
        """Return to the start of the last good epoch, with half the learning rate.

        Batches and dropout are the same as the first time.

        Raises
        ------
        InputError
            At the fourth divergence.
        """
        what = f"{self.memory.what}: epoch {self.epoch}, batch {self.batch + 1}: {why}"
        if self.halvings == MOST_HALVINGS:
            raise InputError(
                f"{what}, although the learning rate was halved {MOST_HALVINGS} times; set a lower "
                "learning_rate"
            )
        self.halvings += 1
        self._restore(self._good)
        for group in self.optimizer.param_groups:
            # the last three belong to the one-cycle schedule
            for key in group.keys() & {"lr", "initial_lr", "max_lr", "min_lr"}:
                group[key] *= 0.5
        self._good = self._moving()
        say(
            f"{what}; training restarts epoch {self.epoch} at half the learning rate "
            f"({self.halvings} of {MOST_HALVINGS})"
        )

    # Saving and restoring

    def _moving(self) -> dict[str, Any]:
        """Return a copy of everything that is restored after a divergence."""
        random = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self.device)
        moving = {
            "network": self.network.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "random": random,
            # stored as text, since the numbers have 128 bits
            "generator": json.dumps(self.generator.bit_generator.state),
            "dealt_from": json.dumps(self._dealt_from),
            "rows": self.rows,
            "batch": self.batch,
            "sums": vars(self.sums),
        }
        # the best weights are never changed, only replaced
        return copy.deepcopy(moving) | {"best": dict(vars(self.best))}

    def _restore(self, moving: dict[str, Any]) -> None:
        """Restore ``moving``; its tensors are used without a copy and may change from now on."""
        self.network.load_state_dict(moving["network"])
        if self.average is not None:
            self.average.load_state_dict(moving["average"])
        self.optimizer.load_state_dict(moving["optimizer"])
        self.scheduler.load_state_dict(moving["scheduler"])
        torch.set_rng_state(moving["random"]["cpu"])
        if "cuda" in moving["random"]:
            torch.cuda.set_rng_state(moving["random"]["cuda"], self.device)
        self.generator.bit_generator.state = json.loads(moving["generator"])
        self._dealt_from = json.loads(moving["dealt_from"])
        self.rows, self.batch = moving["rows"], moving["batch"]
        self.sums, self.best = Sums(**moving["sums"]), Best(**moving["best"])

    def state_dict(self) -> dict[str, Any]:
        """The whole state for a checkpoint: tensors, numbers, text, lists and dictionaries only."""
        return {
            "moving": self._moving(),
            "good": self._good,
            "halvings": self.halvings,
            "finished": self.finished,
            "positions": [self.memory.positions, self.prediction_memory.positions],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        self._restore(state["moving"])
        self._good = state["good"]
        self.halvings, self.finished = state["halvings"], state["finished"]
        self.memory.positions, self.prediction_memory.positions = state["positions"]
