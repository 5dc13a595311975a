"""Choice of the records that are explained, and of the networks that explain them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.networks.card import read_card, refuse_permuted, require_run
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.declared.evaluation import TEMPERATURES
from bioseqrnn.tables.selected import read_selection
from bioseqrnn.tables.sequences import SequenceTable

# records from which the background is counted, evenly spaced, and how many are unpacked at once
BACKGROUND_RECORDS, AT_ONCE = 10_000, 100


@dataclass(frozen=True)
class Run:
    """The network of one fold and seed.

    Attributes
    ----------
    path : Path
    model : str
    fold, seed : int
    temperature : float
        Calibration of its probabilities.
    """

    path: Path
    model: str
    fold: int
    seed: int
    temperature: float

    @property
    def key(self) -> tuple[str, int, int]:
        """Model, fold and seed."""
        return self.model, self.fold, self.seed


def chosen_runs(
    models: list[Path], sequences: Path, selected: Path | None, temperatures: Path | None
) -> list[Run]:
    """Return the networks that explain records, by model, seed and fold.

    Parameters
    ----------
    models : list of Path
        ``model.safetensors`` of folds.
    sequences : Path
        Table that they were trained on.
    selected : Path, optional
        ``selected.json``: only networks of this model are used.
    temperatures : Path, optional
        ``temperatures.tsv``; None: the networks are not calibrated.

    Raises
    ------
    InputError
        A file is no network of a fold of this table, is given twice, or has no temperature.
    """
    name = None if selected is None else str(read_selection(selected)["model"])
    known = None if temperatures is None else TEMPERATURES.read(temperatures)
    digest = sha256(sequences)
    runs: dict[tuple[str, int, int], Run] = {}
    for path in models:
        card = read_card(path)
        require_run(card, path)
        # a network of permuted labels is explained alone, and has no temperature
        if known is not None:
            refuse_permuted(card, path)
        if name not in (None, card["model"]):
            continue
        if card.get("sequences_sha256") != digest:
            raise InputError(
                f"model {path}: not trained on {sequences}; give the table that it was trained on"
            )
        key = (str(card["model"]), int(card["fold"]), int(card["seed"]))
        if key in runs:
            raise InputError(f"model {path}: the same fold and seed as {runs[key].path}")
        runs[key] = Run(path, *key, _temperature(known, key, temperatures))
    if not runs:
        raise InputError(f"no network of the selected model '{name}' is given; add its folds")
    return sorted(runs.values(), key=lambda run: (run.model, run.seed, run.fold))


def _temperature(known: pd.DataFrame | None, key: tuple[Any, ...], path: Path | None) -> float:
    if known is None:
        return 1.0
    same = (known[["model", "fold", "seed"]] == list(key)).all(axis=1)
    values = known.loc[same, "temperature"]
    if len(values) != 1 or not 0 < float(values.iloc[0]) < np.inf:
        raise InputError(
            f"{path}: has no temperature of model {key[0]}, fold {key[1]}, seed {key[2]}; evaluate "
            "again"
        )
    return float(values.iloc[0])


def draw_records(table: SequenceTable, rows: Ints, records: int, changes: int, seed: int) -> Ints:
    """Draw records evenly by class (``strata_of``): row numbers, ascending.

    Parameters
    ----------
    table : SequenceTable
    rows : int64 [n]
        Records to draw from.
    records : int
        Maximum number of records.
    changes : int
        Maximum number of single changes of all drawn records. The first record is always drawn.
    seed : int
    """
    order = np.random.default_rng(seed).permutation(rows)
    stratum = strata_of(table, order)
    # place of each record among those of its class
    rank = pd.Series(stratum).groupby(stratum).cumcount().to_numpy()
    order = order[np.lexsort((stratum, rank))][:records]
    spent = np.cumsum(table.lengths[order]) * (table.alphabet.width - 1)
    spent[:1] = 0
    return np.sort(order[spent <= changes])


def strata_of(table: SequenceTable, rows: Ints) -> Ints:
    """Return the number of the class of some records: int64 [rows].

    A record with several labels counts for the rarest of them; values are divided into quantiles.
    """
    counts = table.task.counts(table.targets[rows], table.classes) > 0
    if not counts.shape[1]:
        return np.zeros(len(rows), np.int64)
    totals = np.where(counts, counts.sum(axis=0), len(rows) + 1)
    found: Ints = totals.argmin(axis=1)
    return found


def background_of(table: SequenceTable) -> Doubles:
    """Return the fraction of each residue in the records: float64 [symbols].

    An ambiguous residue counts in parts. Of more than 10,000 records as many are read. Where both
    strands of DNA are equivalent, the fractions are those of both.
    """
    rows = np.unique(np.linspace(0, len(table) - 1, BACKGROUND_RECORDS).astype(np.int64))
    total = np.zeros(table.alphabet.width)
    for start in range(0, len(rows), AT_ONCE):
        onehot, _ = table.dense(rows[start : start + AT_ONCE])
        total += onehot.sum(axis=(0, 1), dtype=np.float64)
    if table.metadata["strands"] == "both":
        # columns A, C, G, T reversed are the complements
        total += total[::-1].copy()
    shares: Doubles = total / total.sum()
    return shares
