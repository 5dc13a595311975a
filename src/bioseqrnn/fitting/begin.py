"""The state at the start of a training: network, objective, optimizer and learning rates."""

from __future__ import annotations

import numpy as np
import torch

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.objective import Objective
from bioseqrnn.fitting.optimizer import AdamW
from bioseqrnn.fitting.state import TrainingState
from bioseqrnn.inference.gpu_memory import Memory
from bioseqrnn.inference.processes import Processes
from bioseqrnn.inference.windows import most_windows
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.defaults import settled
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.sequences import SequenceTable

# enough records to estimate a typical length
SAMPLE = 100_000


def begin_training(
    config: ModelConfig,
    table: SequenceTable,
    train: Ints,
    *,
    seed: int,
    processes: Processes,
    what: str,
) -> TrainingState:
    """Return the state before the first epoch.

    Parameters
    ----------
    config : ModelConfig
        As ``fit_config`` returns it for the table.
    table : SequenceTable
    train : int64 [n]
        Rows of the training records.
    seed : int
    processes : Processes
    what : str
        Name in the log.
    """
    torch.manual_seed(seed)
    task = table.task
    objective = Objective.of(config, task, table.targets[train], table.classes)
    network = _network(config, table, train, objective).to(processes.device)
    optimizer = AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    records = most_windows(table.lengths[train], network.window)
    steps = -(-records // settled(config, "batch_size")) * settled(config, "epochs")
    state = TrainingState(
        network,
        optimizer,
        _learning_rates(config, optimizer, steps),
        np.random.default_rng(seed),
        processes,
        Memory(what),
        Memory(f"{what}, prediction"),
        objective.to(processes.device),
    )
    state.begin_average(config.weight_average)
    return state


def _network(
    config: ModelConfig, table: SequenceTable, train: Ints, objective: Objective
) -> SequenceClassifier:
    """A network with random weights, whose outputs have the prior and scale of the objective."""
    network = SequenceClassifier(
        config.model_copy(update={"memory": _memory(config, table.lengths, train)}),
        len(table.alphabet.symbols),
        table.task.outputs(table.classes),
        table.task,
    )
    swapped = table.metadata.get("opposite", {})
    opposite = [table.classes.index(swapped.get(name, name)) for name in table.classes]
    network.fit_outputs(
        objective.prior, objective.scale, torch.tensor(opposite) if opposite else None
    )
    return network


def _learning_rates(
    config: ModelConfig, optimizer: torch.optim.Optimizer, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning-rate schedule for this number of steps."""
    if config.schedule == "one_cycle":
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, steps)
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


def _memory(config: ModelConfig, lengths: Ints, train: Ints) -> int:
    """Initial number of steps to remember: as configured, but at most those of a typical record."""
    pool = config.stem_pool if config.stem_filters and config.stem_pool != "auto" else 1
    some = train[:: -(-len(train) // SAMPLE)]
    return min(config.memory, int(np.median(lengths[some])) // pool)
