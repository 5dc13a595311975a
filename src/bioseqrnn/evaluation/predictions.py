"""``predictions.parquet``: one schema for the predictions of every network and baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bioseqrnn.errors import InputError
from bioseqrnn.io import parquet_writer, read_parquet
from bioseqrnn.sequences.packing import Ints
from bioseqrnn.sequences.table import SequenceFile, SequenceTable

FORMAT = 1
PROBABILITY = "probability_"
ROWS_AT_ONCE = 2**16


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
    ``probability_{class}`` a class, in class order. Ids are read anew, a row group at a time, and
    rows are written 65,536 at a time.

    Parameters
    ----------
    rows : int64 [n]
        Ascending.
    probability : float64 [n, classes]
    """
    metadata = {
        "format": FORMAT, "model": model, "kind": kind, "fold": fold, "seed": seed,
        "classes": table.classes,
    }  # fmt: skip
    names = pa.array(table.classes)
    fields: list[tuple[str, pa.DataType]] = [
        ("id", pa.string()), ("fold", pa.int64()), ("seed", pa.int64()),
        ("model", pa.string()), ("target", pa.string()),
    ]  # fmt: skip
    fields += [(PROBABILITY + name, pa.float64()) for name in table.classes]
    schema = pa.schema(fields)
    with parquet_writer(path, schema, metadata) as writer:
        for start, ids in _ids_of(table.file, rows):
            part = slice(start, start + len(ids))
            values = [ids, *(pa.repeat(value, len(ids)) for value in (fold, seed, model))]
            values.append(names.take(pa.array(table.targets[rows[part]])))
            values += [pa.array(column) for column in probability[part].T]
            writer.write_table(pa.table(values, schema=schema))


def _ids_of(file: SequenceFile, rows: Ints) -> Iterator[tuple[int, pa.Array]]:
    """Yield the ids of up to ``ROWS_AT_ONCE`` of the rows, and which of the rows comes first."""
    if (np.diff(rows) <= 0).any():
        raise ValueError("rows must ascend")
    waiting: list[pa.Array] = []
    first = start = done = 0
    for ids in file.column("id"):
        end = int(np.searchsorted(rows, first + len(ids)))
        while done < end:
            taken = min(end, start + ROWS_AT_ONCE)
            waiting.append(ids.take(pa.array(rows[done:taken] - first)))
            done = taken
            if done == start + ROWS_AT_ONCE or done == len(rows):
                yield start, pa.concat_arrays(waiting)
                waiting, start = [], done
        first += len(ids)


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
