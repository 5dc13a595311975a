"""The transfer job: from tables, folds and networks of several datasets to a matrix."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.inference.device import choose_device, set_deterministic
from bioseqrnn.inference.network import predict_packed
from bioseqrnn.metrics.bootstrap import Resampling
from bioseqrnn.metrics.registry import headline, title
from bioseqrnn.networks.card import read_card, refuse_permuted, require_run
from bioseqrnn.networks.store import load_model
from bioseqrnn.stages.transfer.figure import draw_matrix
from bioseqrnn.stages.transfer.matrix import (
    TransferDataset,
    cell_rows,
    scoring_folds,
    shared_positives,
)
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.declared.models import MATRIX
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.sequences import read_sequences

# paths of the networks of one dataset, by model, seed and fold
Networks = dict[tuple[str, int, int], Path]


def transfer_models(
    names: list[str],
    sequences: list[Path],
    folds: list[Path],
    models: list[Path],
    output: Path,
    *,
    resampling: Resampling,
    machine: MachineConfig,
) -> None:
    """Score the records of each dataset by the networks of all datasets.

    Parameters
    ----------
    names, sequences, folds : list
        One item per dataset; datasets have the same positives and different negatives.
    models : list of Path
        ``model.safetensors`` of every dataset, model, fold and seed.
    output : Path
        Folder for ``matrix.tsv`` and ``heatmap.svg``.
    resampling : Resampling
        Bootstrap settings; the seed is also used for the random numbers of the networks.
    machine : MachineConfig
        One device of it is used.

    Raises
    ------
    InputError
        The datasets do not fit together, or a network is missing or belongs to another table.
    """
    set_deterministic(resampling.seed, machine.threads)
    chosen = choose_device(machine.device)
    datasets = _read_datasets(names, sequences, folds)
    networks = _sort_models(datasets, sequences, models)
    cells = []
    with progress("transfer", "cells", len(datasets) ** 2) as bar:
        for trained, own in zip(datasets, networks, strict=True):
            for tested in datasets:
                fold = scoring_folds(trained, tested)
                rows = np.flatnonzero(fold >= 0)
                if len(np.unique(tested.table.targets[rows])) < 2:
                    raise InputError(
                        f"{tested.name}: no positives or no negatives are left that were not used "
                        f"to train the networks of {trained.name}"
                    )
                scores: dict[str, dict[int, Doubles]] = defaultdict(dict)
                for (model, number, k), path in own.items():
                    found = scores[model].setdefault(number, np.full(len(rows), np.nan))
                    part = fold[rows] == k
                    # with repeated folds, networks of other repeats have no records to score
                    if not part.any():
                        continue
                    network, _ = load_model(path, chosen)
                    found[part] = predict_packed(
                        network, tested.table.packed, tested.table.alphabet, rows[part], chosen
                    )[:, 1]
                cells.append(cell_rows(trained.name, tested, rows, scores, resampling))
                bar.advance()
    matrix = pd.concat(cells, ignore_index=True)
    metric = headline(datasets[0].table.task)
    with together():
        MATRIX.write(output / MATRIX.file, matrix)
        draw_matrix(matrix, output / "heatmap.svg", metric)
    for row in matrix[matrix["metric"] == metric].itertuples():
        say(
            f"{row.model}, trained on {row.train}, tested on {row.test}: {title(metric)} "
            f"{row.estimate:.3f} [{row.ci_low:.3f}, {row.ci_high:.3f}], {row.n} records"
        )


def _read_datasets(
    names: list[str], sequences: list[Path], folds: list[Path]
) -> list[TransferDataset]:
    if not len(names) == len(sequences) == len(folds):
        raise InputError("give --dataset, --sequences and --folds once for each dataset")
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError("at least two datasets with different names are needed")
    datasets: list[TransferDataset] = []
    for name, path, roles in zip(names, sequences, folds, strict=True):
        table = read_sequences(path)
        if table.metadata["task"] != "binary":
            raise InputError(
                f"{name}: task {table.metadata['task']}; transfer needs two classes, positives and "
                "negatives"
            )
        first = datasets[0] if datasets else None
        if first and table.alphabet != first.table.alphabet:
            raise InputError(f"{name} and {first.name} have different alphabets")
        if first and table.classes[1] != first.table.classes[1]:
            raise InputError(
                f"{name}: the positive class is '{table.classes[1]}', but in {first.name} it is "
                f"'{first.table.classes[1]}'; set dataset_options.{name}.positive"
            )
        datasets.append(TransferDataset(name, table, read_folds(roles, table)))
    for other in datasets[1:]:
        count, shared = int((other.table.targets == 1).sum()), shared_positives(datasets[0], other)
        say(f"{other.name}: {shared:,} of {count:,} positives are also in {datasets[0].name}")
        if not shared:
            raise InputError(
                f"{other.name} and {datasets[0].name} share no positive sequence; a matrix "
                "compares different negatives for the same positives"
            )
    return datasets


def _sort_models(
    datasets: list[TransferDataset], sequences: list[Path], models: list[Path]
) -> list[Networks]:
    """Networks of each dataset, matched by the checksum of their training table."""
    places = {sha256(path): place for place, path in enumerate(sequences)}
    networks: list[Networks] = [{} for _ in datasets]
    for path in models:
        card = read_card(path)
        place = places.get(str(card.get("sequences_sha256")))
        if place is None or card.get("fold") is None:
            raise InputError(
                f"model {path}: does not belong to a fold of these datasets; give networks of folds"
            )
        require_run(card, path)
        refuse_permuted(card, path)
        networks[place][card["model"], card["seed"], card["fold"]] = path
    for dataset, own in zip(datasets, networks, strict=True):
        runs = {(model, number) for model, number, _ in own}
        expected = {(*run, k) for run in runs for k in range(dataset.folds.count)}
        if not own or expected - set(own):
            missing = sorted(expected - set(own))
            what = "{}, seed {}, fold {}".format(*missing[0]) if missing else "any network"
            raise InputError(f"{dataset.name}: {what} is missing")
    return networks
