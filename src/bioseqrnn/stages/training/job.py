"""Common part of both training jobs: a table, settings, and processes that train and predict."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.loop import Trained, train_network
from bioseqrnn.fitting.session import Session
from bioseqrnn.inference.device import describe, set_deterministic
from bioseqrnn.inference.network import predict_packed
from bioseqrnn.inference.processes import Processes, start_processes
from bioseqrnn.metrics.own_scores import OwnScores, own_rows, summarise_own
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.defaults import fit_config
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.sequences import SequenceTable, read_sequences

NONE = np.arange(0)


def read_mapped(sequences: Path, output: Path, processes: Processes) -> SequenceTable:
    """Read a table, or this process's part of it; its sequences stay on disk next to the output.

    The folder of the output is expected to have space. The system's temporary folder is in memory
    on many machines, and small on others.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    return read_sequences(sequences, scratch=output.parent, part=(processes.rank, processes.count))


@dataclass(frozen=True)
class Job:
    """A training job.

    Attributes
    ----------
    table : SequenceTable
    checksum : str
        SHA-256 of its file.
    config : ModelConfig
        Settings resolved for this table.
    seed : int
    threads : int
        CPU threads.
    processes : Processes
        Processes that train together.
    session : Session
        Keeps the checkpoint.
    """

    table: SequenceTable
    checksum: str
    config: ModelConfig
    seed: int
    threads: int
    processes: Processes
    session: Session

    @classmethod
    def start(
        cls,
        sequences: Path,
        output: Path,
        config: ModelConfig,
        *,
        seed: int,
        machine: MachineConfig,
        session: Session | None,
    ) -> Job:
        """Start the processes and read the table; ``output`` is the model to write."""
        processes = start_processes(machine, config.precision)
        set_deterministic(seed, machine.threads)
        table = read_mapped(sequences, output, processes)
        config = fit_config(config, table.metadata)
        session = session or Session()
        return cls(table, sha256(sequences), config, seed, machine.threads, processes, session)

    @property
    def devices(self) -> str:
        """Devices that the job uses, in words."""
        return describe(self.processes.device, self.processes.count)

    def identify(self, what: str, job: str, **more: Any) -> None:
        """Tell the session what is trained: data, settings, machine and ``more``."""
        self.session.identify(
            what,
            job,
            sequences=self.checksum,
            seed=self.seed,
            config=self.config.model_dump(),
            device=self.processes.device.type,
            threads=self.threads,
            processes=self.processes.count,
            **more,
        )

    def train(
        self, train: Ints, what: str, *, validation: Ints = NONE, last_epoch: int | None = None
    ) -> Trained:
        """Train a network on some records, as ``train_network`` does."""
        return train_network(
            self.table,
            train,
            validation,
            self.config,
            seed=self.seed,
            processes=self.processes,
            what=what,
            last_epoch=last_epoch,
            session=self.session,
        )

    def predict(self, network: SequenceClassifier, rows: Ints) -> Doubles:
        """Scores of some records; the job can be stopped between batches."""
        return predict_packed(
            network,
            self.table.packed,
            self.table.alphabet,
            rows,
            self.processes.device,
            processes=self.processes,
            between=self.session.tick,
        )

    def own_scores(self, network: SequenceClassifier, learned: Ints) -> OwnScores | None:
        """Summarise the scores of training records; None if the task has no thresholds.

        A sample of the records ``learned`` is scored. It is small, so the job cannot be stopped
        during this.
        """
        table = self.table
        rows = own_rows(table.task, learned, self.seed)
        if not len(rows):
            return None
        device = self.processes.device
        scores = predict_packed(
            network, table.packed, table.alphabet, rows, device, processes=self.processes
        )
        return summarise_own(table.task, table.targets[rows], scores)

    def card(self, model: str, learned: Ints, epoch: int) -> dict[str, Any]:
        """The card of a network of ``model`` that was trained on the records ``learned``."""
        keys = ("alphabet", "symbols", "strands", "ids", "classes", "task", "sources")
        card = {key: self.table.metadata[key] for key in keys} | {
            "model": model,
            "config": self.config.model_dump(),
            "seed": self.seed,
            "device": self.devices,
            "sequences_sha256": self.checksum,
            "trained_on": len(learned),
            "epoch": epoch,
        }
        # with records cut into blocks, the lengths of records are not known
        if self.table.metadata.get("block") is None:
            lengths = self.table.lengths[learned]
            card["trained_lengths"] = [int(lengths.min()), int(lengths.max())]
        return card
