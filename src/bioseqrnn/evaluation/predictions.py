"""``predictions.parquet``: one schema for the predictions of every network and baseline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bioseqrnn.errors import InputError
from bioseqrnn.io import read_parquet, write_parquet
from bioseqrnn.sequences.packing import Ints
from bioseqrnn.sequences.table import SequenceTable

FORMAT = 1
PROBABILITY = "probability_"


@dataclass(frozen=True)
class Predictions:
    """Test predictions of one model, fold and seed.

    Attributes
    ----------
    path : Path
        Where the table stands; a network's model and history are beside it.
    model : str
    kind : {"network", "baseline"}
    fold, seed : int
    ids : list of str [n]
    targets : int64 [n]
        Index of the true class.
    probability : float64 [n, classes]
    classes : list of str
    """

    path: Path
    model: str
    kind: str
    fold: int
    seed: int
    ids: list[str]
    targets: Ints
    probability: npt.NDArray[np.float64]
    classes: list[str]


def write_predictions(
    path: Path,
    table: SequenceTable,
    rows: Ints,
    probability: npt.NDArray[np.float64],
    *,
    model: str,
    kind: str,
    fold: int,
    seed: int,
) -> None:
    """Write the predictions for some rows of a sequence table.

    Columns: ``id``, ``fold``, ``seed``, ``model``, ``target`` (the true class) and one
    ``probability_{class}`` a class, in class order.
    """
    names = np.array(table.classes, dtype=object)
    columns = {
        "id": pa.array([table.ids[i] for i in rows]),
        "fold": pa.array(np.full(len(rows), fold)),
        "seed": pa.array(np.full(len(rows), seed)),
        "model": pa.array([model] * len(rows)),
        "target": pa.array(names[table.targets[rows]]),
    }
    for code, name in enumerate(table.classes):
        columns[PROBABILITY + name] = pa.array(probability[:, code])
    metadata = {
        "format": FORMAT, "model": model, "kind": kind, "fold": fold, "seed": seed,
        "classes": table.classes,
    }  # fmt: skip
    write_parquet(path, pa.table(columns), metadata)


def read_predictions(path: Path) -> Predictions:
    """Read one prediction table; InputError where it is not one."""
    table, metadata = read_parquet(path, "prediction table")
    if metadata.get("format") != FORMAT or "target" not in table.column_names:
        raise InputError(f"{path}: not a prediction table of format {FORMAT}")
    classes = list(metadata["classes"])
    code_of = {name: code for code, name in enumerate(classes)}
    return Predictions(
        path=path,
        model=metadata["model"],
        kind=metadata["kind"],
        fold=metadata["fold"],
        seed=metadata["seed"],
        ids=table.column("id").to_pylist(),
        targets=np.array([code_of[t] for t in table.column("target").to_pylist()], np.int64),
        probability=np.stack(
            [table.column(PROBABILITY + name).to_numpy() for name in classes], axis=1
        ),
        classes=classes,
    )
