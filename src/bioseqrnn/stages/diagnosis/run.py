"""The diagnosis job: gradient norms of trained models on records, as a table and a figure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from bioseqrnn.inference.needs import require_memory
from bioseqrnn.inference.windows import shifted
from bioseqrnn.networks.card import read_card
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import load_model
from bioseqrnn.stages.diagnosis.figure import draw_gradients
from bioseqrnn.stages.diagnosis.gradients import gradient_norms, largest_singular
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.models import GRADIENTS
from bioseqrnn.tables.folds import TEST, FoldTable, read_folds
from bioseqrnn.tables.gradients import Measured, gradients_table, reach, reach_words, unit_of_k
from bioseqrnn.tables.sequences import SequenceTable, read_sequences

RECORDS, LEAST_RECORDS = 32, 4
# The time for one record grows with the cube of the hidden size: above this size, fewer are used.
WIDE = 128
# The input of the sample is kept in memory: 200 MB with 48 filters.
POSITIONS = 2**19


def sample_size(records: int | None, hidden: int, length: int) -> int:
    """Number of records to measure: ``records``, or 32, or fewer if layers are wide.

    It is also smaller if ``length``, that of the longest record, is above 16,384.
    """
    if records is not None:
        return records
    affordable = min(RECORDS * (WIDE / hidden) ** 3, POSITIONS / length)
    return int(min(RECORDS, max(LEAST_RECORDS, affordable)))


def sample_records(
    card: dict[str, Any], folds: FoldTable | None, table: SequenceTable, size: int, seed: int
) -> Ints:
    """Draw rows, sorted; if possible, rows that the model was not trained on.

    A model of a fold is measured on test records of the fold. The final model, which was trained on
    all records, and any model if ``folds`` is not given, are measured on any records.
    """
    if folds is None or card.get("fold") is None:
        rows = np.arange(len(table))
    else:
        rows = folds.indices(card["fold"], TEST)
    return np.sort(np.random.default_rng(seed).permutation(rows)[:size])


def _check(path: Path, card: dict[str, Any], table: SequenceTable, sequences: Path) -> None:
    for key in ("alphabet", "classes", "sources"):
        if key in card and card[key] != table.metadata[key]:
            raise InputError(
                f"model {path}: not trained on {sequences} ({key} differ); give the table that it "
                "was trained on"
            )


@torch.no_grad()
def measure(
    network: SequenceClassifier,
    card: dict[str, Any],
    table: SequenceTable,
    rows: Ints,
    longest: int,
) -> list[Measured]:
    """Gradient norms of every layer and direction of a network on some records.

    k counts residues; in a network per position it counts steps of ``residues_per_step`` residues.
    If the stem pools several residues to one step, the norm k residues back is that of the whole
    steps between. Computed in float64; the network is converted to it. For a network that reads
    both strands, the given strand is measured; for an ensemble, the first member.
    """
    network = network.double().eval()
    onehot, lengths = table.dense(rows)
    ends = torch.from_numpy(lengths)
    x, steps = network.recurrent_input(torch.from_numpy(onehot).double(), ends)
    weights = {name: value.numpy() for name, value in network.recurrent.state_dict().items()}
    cell = card["config"]["cell"]
    pool = network.stem.pool if network.stem is not None else 1
    most = -(-longest // pool)
    norms = gradient_norms(cell, weights, x.numpy(), steps.numpy(), most)
    return [
        Measured(
            card["model"],
            cell,
            layer,
            direction,
            np.repeat(values, pool, axis=1)[:, : longest + 1],
            largest_singular(weights, layer, direction),
            pool,
            network.fold.residues,
        )
        for (layer, direction), values in norms.items()
    ]


def diagnose_models(
    models: list[Path],
    sequences: Path,
    folds: Path | None,
    output: Path,
    *,
    records: int | None,
    longest: int,
    seed: int,
    threads: int,
) -> None:
    """Measure how far back the gradient of each model reaches.

    Parameters
    ----------
    models : list of Path
        ``model.safetensors`` of any cells, folds and seeds; models of one name are pooled.
    sequences, folds : Path
        Tables used for training. With ``folds``, the model of a fold is measured on its test
        records.
    output : Path
        Folder for ``gradients.tsv`` and ``gradients.svg``.
    records : int, optional
        Records per model; None: 32, or fewer above 128 hidden units or 16,384 residues.
    longest : int
        Largest k, at least 1.
    seed : int
        Seed of the sample of records.
    threads : int
        CPU threads.
    """
    torch.set_num_threads(threads)
    table = read_sequences(sequences)
    roles = read_folds(folds, table) if folds is not None else None
    cards = {path: read_card(path) for path in models}
    settings: dict[str, dict[str, Any]] = {}
    for path, card in cards.items():
        _check(path, card, table, sequences)
        if settings.setdefault(card["model"], card["config"]) != card["config"]:
            raise InputError(
                f"model {path}: another model with other settings has the same name "
                f"'{card['model']}'; diagnose them separately, or train one of them with another "
                "--model name"
            )
    measured: list[Measured] = []
    with threadpool_limits(threads), progress("diagnose", "models", len(models)) as bar:
        for path, card in cards.items():
            network, _ = load_model(path, torch.device("cpu"))
            longest_read = min(int(table.lengths.max()), network.window or sys.maxsize)
            size = sample_size(records, card["config"]["hidden_size"], longest_read)
            rows = sample_records(card, roles, table, size, seed)
            # windows that a network reads at once, if they are shorter than a record
            rng = np.random.default_rng(seed)
            windows, rows = shifted(table, rows, network.window, rng)
            rows = np.sort(rng.permutation(rows)[:size])
            padded = len(rows) * int(windows.lengths[rows].max())
            what = f"model {path}: the sample of records, padded to the longest of them,"
            # twice the memory, for double precision
            require_memory(network, padded, what, times=2)
            measured += measure(network, card, windows, rows, longest)
            bar.advance()
    frame = gradients_table(measured)
    with together():
        GRADIENTS.write(output / GRADIENTS.file, frame)
        unit = unit_of_k(run.step for run in measured)
        draw_gradients(frame, output / "gradients.svg", unit)
    steps = {run.model: unit_of_k([run.step]) for run in measured}
    for row in reach(frame).to_dict("records"):
        where = f"{row['model']}, layer {row['layer']}, {row['direction']}"
        say(f"{where}: gradient norm {reach_words(row['k'], row['median'], steps[row['model']])}")
