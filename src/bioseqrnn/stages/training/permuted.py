"""A network that is trained on permuted labels: what is found in it, is found by chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.fitting.session import Session
from bioseqrnn.networks.store import save_model
from bioseqrnn.stages.training.job import Job
from bioseqrnn.stages.training.run import chosen_network, chosen_settings
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.console import say
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.folds import read_roles
from bioseqrnn.tables.selected import read_selection
from bioseqrnn.tables.sequences import SequenceTable


@dataclass(frozen=True)
class Permuted:
    """Which network is trained, and on what.

    Attributes
    ----------
    folds : Path
        ``folds.parquet``.
    fold : int
        Fold whose test records are left out.
    selected : Path
        ``selected.json``.
    number : int
        Seed of the permutation.
    searches : tuple of Path
        As in ``train_final``.
    """

    folds: Path
    fold: int
    selected: Path
    number: int
    searches: tuple[Path, ...] = ()


def train_permuted(
    sequences: Path,
    output: Path,
    permuted: Permuted,
    *,
    seed: int,
    machine: MachineConfig,
    session: Session | None = None,
) -> None:
    """Train the selected network after the labels of a fold's records were permuted.

    It is trained on the training and validation records, for as many epochs as the final model.
    Early stopping would end it at once, since nothing can be learned that holds for other records.

    Parameters
    ----------
    sequences : Path
        ``sequences.parquet``.
    output : Path
        ``model.safetensors`` to write; its card says that the labels were permuted.
    permuted : Permuted
    seed : int
    machine : MachineConfig
    session : Session, optional
    """
    selected = permuted.selected
    choice = chosen_network(read_selection(selected), selected, None)
    config, epochs, _ = chosen_settings(choice, selected, permuted.searches)
    job = Job.start(sequences, output, config, seed=seed, machine=machine, session=session)
    train, validation, _ = read_roles(permuted.folds, job.table, permuted.fold)
    rows = np.sort(np.concatenate([train, validation]))
    job = replace(job, table=permuted_labels(job.table, rows, permuted.number))
    what = f"{choice['model']}, fold {permuted.fold}, permuted labels {permuted.number}"
    say(f"{what}: {len(rows)} records, {epochs} epochs, on {job.devices}")
    job.identify(
        what, __name__, folds=sha256(permuted.folds), fold=permuted.fold, epochs=epochs,
        permuted=permuted.number,
    )  # fmt: skip
    network = job.train(rows, what, last_epoch=epochs).network
    if not job.processes.leads:
        return
    about = {"fold": permuted.fold, "permuted": permuted.number}
    save_model(output, network, job.card(choice["model"], rows, epochs) | about)


def permuted_labels(table: SequenceTable, rows: Ints, number: int) -> SequenceTable:
    """Exchange the labels of some records among them; all other records keep theirs.

    If each residue has a label, those of a record are moved along it by a random number of
    residues, and the last ones become the first ones. Segments stay whole.
    """
    rng = np.random.default_rng(number)
    if table.task.per_position:
        truth = table.targets
        codes = truth.codes.copy()
        for row in rows.tolist():
            part = slice(*truth.offsets[row : row + 2].tolist())
            codes[part] = np.roll(codes[part], int(rng.integers(0, part.stop - part.start)))
        return replace(table, targets=replace(truth, codes=codes))
    targets = table.targets.copy()
    targets[rows] = table.targets[rng.permutation(rows)]
    return replace(table, targets=targets)
