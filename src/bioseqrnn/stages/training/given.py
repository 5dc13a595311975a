"""Input of the command ``train``: the training of one fold, or of the final model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.validate import section_from_json
from bioseqrnn.fitting.session import Session
from bioseqrnn.stages.training.permuted import Permuted, train_permuted
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_final, train_fold
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.chosen import read_chosen


@dataclass(frozen=True)
class Given:
    """Options of a training: ``fold`` of ``folds``, or with ``selected`` the final model.

    With ``permuted``, ``fold``, ``folds`` and ``selected`` are all given.

    Attributes
    ----------
    folds : Path or None
        ``folds.parquet``.
    fold : int or None
        The test fold, from 0.
    selected : Path or None
        ``selected.json``: if given, a network is trained on all records, and of the other options
        only ``model`` and ``chosen`` are used.
    model : str or None
        Name in tables; None: the name of the cell. With ``selected``, which network; None: the
        selected one.
    config : str
        Settings of the model as a JSON object.
    chosen : tuple of Path
        ``chosen.json`` of the search whose settings replace ``config``; for the final model, the
        files of all searches on all records.
    fraction : float
        Fraction of the training and validation records that is used.
    permuted : int or None
        Seed of the permutation of the labels; None: they are not permuted.
    """

    folds: Path | None
    fold: int | None
    selected: Path | None
    model: str | None
    config: str
    chosen: tuple[Path, ...]
    fraction: float
    permuted: int | None = None

    def fold_training(self, fold: int, seed: int) -> FoldTraining:
        """Return the training of a fold.

        Raises
        ------
        InputError
            The settings are not allowed, or are the result of another fold's search.
        """
        settings, search = section_from_json(ModelConfig, self.config, "--config"), None
        if self.chosen:
            found = read_chosen(self.chosen[0])
            if len(self.chosen) > 1 or found.fold != fold:
                raise InputError(f"--chosen: give only the file of fold {fold}")
            settings, search = found.config, found.card
        name = self.model or settings.cell
        return FoldTraining(name, settings, fold, seed, self.fraction, search)


def train_given(
    sequences: Path,
    files: FoldFiles,
    given: Given,
    *,
    seed: int,
    machine: MachineConfig,
    checkpoint_seconds: float,
) -> None:
    """Train a fold, the final model, or on permuted labels.

    SIGTERM and SIGUSR1 stop it with a checkpoint.

    Raises
    ------
    InputError
        Neither a fold nor a selected model is given, or one of them is invalid.
    """
    folds, fold, selected = given.folds, given.fold, given.selected
    if given.permuted is not None:
        if folds is None or fold is None or selected is None:
            raise InputError("--permuted: give --folds, --fold and --selected with it")
        wanted = Permuted(folds, fold, selected, given.permuted, given.chosen)
        with Session(files.model, checkpoint_seconds) as session:
            train_permuted(
                sequences, files.model, wanted, seed=seed, machine=machine, session=session
            )
        return
    if selected is not None:
        with Session(files.model, checkpoint_seconds) as session:
            train_final(
                sequences,
                selected,
                files.model,
                seed=seed,
                machine=machine,
                session=session,
                searches=given.chosen,
                model=given.model,
            )
        return
    if folds is None or fold is None:
        raise InputError("give --folds and --fold, or --selected for the final model")
    with Session(files.model, checkpoint_seconds) as session:
        training = given.fold_training(fold, seed)
        train_fold(sequences, folds, files, training, machine=machine, session=session)
