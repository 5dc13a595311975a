"""``predictions.parquet``: one schema for the predictions of all networks and baselines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.checked import Count, Described, checked
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import open_parquet, parquet_writer, read_parquet
from bioseqrnn.tables.declared.models import PREDICTIONS
from bioseqrnn.tables.declared.table import COUNT, LABEL
from bioseqrnn.tables.declared.table import TEXT as TEXT_KIND
from bioseqrnn.tables.sequences import SequenceFile, SequenceTable
from bioseqrnn.tables.valid import LABELS, TEXT, RowCheck, check_classes
from bioseqrnn.tasks import Task, task_of

FORMAT = PREDICTIONS.format
# types of the columns that are the same in every task
TYPES = {TEXT_KIND: pa.string(), COUNT: pa.int64()}
PROBABILITY, VALUE = "probability_", "value"
ROWS_AT_ONCE = 2**14
STORED = ("validation", "test")
# probabilities are sums of single-precision numbers
TOLERANCE = 1e-3
Share = Annotated[float, Field(ge=0, le=1)]


class OwnSummary(Described):
    """Summary of a model's own training records, as from ``own_scores.summarise_own``."""

    records: Count
    positives: list[Share]
    called: Annotated[list[Share], Field(min_length=2)]
    scores: list[list[float]]

    @model_validator(mode="after")
    def _check(self) -> OwnSummary:
        if len(self.scores) != len(self.positives) or any(
            len(levels) != len(self.called) for levels in self.scores
        ):
            raise ValueError("own: there must be one score for each label and share")
        return self


class PredictionMetadata(Described):
    """JSON under the key ``bioseqrnn`` of ``predictions.parquet`` (docs/formats.md)."""

    format: Count
    model: Annotated[str, Field(min_length=1)]
    kind: Literal["network", "baseline"]
    fold: Count
    seed: Count
    task: Literal["binary", "multiclass", "multilabel", "regression", "per_position"]
    classes: list[Annotated[str, Field(min_length=1)]]
    records: Count | None = None
    fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    own: OwnSummary | None = None
    chosen: dict[str, bool | int | float | str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> PredictionMetadata:
        check_classes(self.task, self.classes)
        labels = 1 if self.task == "binary" else len(self.classes)
        if self.own is not None and len(self.own.positives) not in (0, labels):
            raise ValueError(f"own: the number of positives does not match {labels} labels")
        return self


@dataclass(frozen=True)
class Predictions:
    """Predictions of one model of one fold and seed for some records.

    Attributes
    ----------
    path : Path
        Path of the table; a network's model and history are in the same folder.
    model : str
    kind : {"network", "baseline"}
    fold, seed : int
    task : Task
    classes : list of str
    ids : list of str [n]
    targets : Truth
        True labels of the n records: int64 [n], bool [n, labels], float64 [n], or a PositionTruth.
    scores : float64 [units, outputs]
        Probabilities, or values in regression. Units are records, or all residues of the records.
    own : dict, optional
        Summary of the scores that the model which predicts the test records gives to its own
        training records (``own_scores.summarise_own``); None in a table of an older version, or
        without thresholds.
    chosen : dict
        Settings of a baseline that were chosen on the validation records.
    """

    path: Path
    model: str
    kind: str
    fold: int
    seed: int
    task: Task
    classes: list[str]
    ids: list[str]
    targets: Any
    scores: npt.NDArray[np.float64]
    own: dict[str, Any] | None = None
    chosen: dict[str, Any] = field(default_factory=dict)


def score_columns(task: Task, classes: list[str]) -> list[str]:
    """Return the names of the columns with a task's scores, in the order of its outputs."""
    return [PROBABILITY + name for name in classes] if task.probabilistic else [VALUE]


def write_predictions(
    path: Path,
    table: SequenceTable,
    parts: dict[str, tuple[Ints, npt.NDArray[np.float64]]],
    *,
    model: str,
    kind: str,
    fold: int,
    seed: int,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write the predictions for some rows of a sequence table.

    Columns: ``id``, ``role``, ``fold``, ``seed``, ``model``, ``target`` (as the column ``label`` of
    the sequence table) and one ``probability_{class}`` per class, in class order, or ``value``. In
    ``per_position`` these are lists with one number per residue. Ids are read again, one row group
    at a time, and rows are written 16,384 at a time.

    Parameters
    ----------
    parts : dict of (int64 [n], float64 [units, outputs])
        Row numbers, ascending, and scores of each role (``validation``, ``test``).
    about : mapping, optional
        More metadata: ``records`` (number used for training or validation), ``fraction`` (of all
        such records), ``own`` of ``Predictions``, and ``chosen`` (settings of a baseline that were
        chosen on the validation records).
    """
    task, classes = table.task, table.classes
    metadata = {
        "format": FORMAT, "model": model, "kind": kind, "fold": fold, "seed": seed,
        "classes": classes, "task": task.name, **(about or {}),
    }  # fmt: skip
    names = score_columns(task, classes)
    score = pa.list_(pa.float64()) if task.per_position else pa.float64()
    types = TYPES | {LABEL: task.column(table.targets[np.arange(0)], classes).type}
    fields = [
        (column.name, types[column.kind])
        for column in PREDICTIONS.columns
        if column.name in PREDICTIONS.names
    ]
    fields += [(name, score) for name in names]
    schema = pa.schema(fields)
    with parquet_writer(path, schema, metadata) as writer:
        for role, (rows, scores) in parts.items():
            begin = 0
            for start, ids in _ids_of(table.file, rows):
                part = rows[start : start + len(ids)]
                values = [ids, *(pa.repeat(v, len(ids)) for v in (role, fold, seed, model))]
                values.append(task.column(table.targets[part], classes))
                sizes = table.lengths[part] if task.per_position else np.ones(len(ids), np.int64)
                end = begin + int(sizes.sum())
                columns = [pa.array(column) for column in scores[begin:end].T]
                if task.per_position:
                    ends = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
                    columns = [pa.ListArray.from_arrays(ends, column) for column in columns]
                writer.write_table(pa.table([*values, *columns], schema=schema))
                begin = end


def _ids_of(file: SequenceFile, rows: Ints) -> Iterator[tuple[int, pa.Array]]:
    """Yield the ids of up to ``ROWS_AT_ONCE`` of the rows, with the index of the first of them."""
    if not len(rows):
        return
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


def read_predictions(path: Path, role: str = "test") -> Predictions:
    """Read the records of one role in a prediction table; InputError if it is no such table."""
    metadata = prediction_metadata(path)
    task, classes = task_of(metadata["task"]), list(metadata["classes"])
    names = score_columns(task, classes)
    table, _ = read_parquet(path, "prediction table", ["id", "role", "target", *names])
    check = RowCheck(path, 0)
    roles = check.column("role", table.column("role"), TEXT)
    check.all("role", pc.is_in(roles, pa.array(STORED)), f"is not one of {', '.join(STORED)}")
    table = table.filter(pc.equal(roles, role))
    ids = check.column("id", table.column("id"), TEXT).to_pylist()
    if len(set(ids)) < len(ids):
        raise InputError(f"{path}: a record is predicted twice; make it again")
    labels = check.column("target", table.column("target"), LABELS[task.name])
    check.labels(labels, task.name, classes, "target")
    lengths = np.ones(len(table), np.int64)
    kind = pa.list_(pa.float64()) if task.per_position else pa.float64()
    columns = [check.column(name, table.column(name), kind) for name in names]
    if task.per_position:
        lengths = pc.binary_length(labels).to_numpy().astype(np.int64)
        for name, column in zip(names, columns, strict=True):
            sizes = pc.list_value_length(column).to_numpy()
            check.all(name, sizes == lengths, "needs one number for each residue")
        columns = [column.flatten() for column in columns]
    scores = np.stack([column.to_numpy(zero_copy_only=False) for column in columns], axis=1)
    _check_scores(path, task, scores)
    return Predictions(
        path=path,
        model=metadata["model"],
        kind=metadata["kind"],
        fold=metadata["fold"],
        seed=metadata["seed"],
        task=task,
        classes=classes,
        ids=ids,
        targets=task.whole(task.targets(labels, classes), lengths, classes),
        scores=scores,
        own=metadata.get("own"),
        chosen=metadata.get("chosen", {}),
    )


def prediction_metadata(path: Path) -> dict[str, Any]:
    """Read the metadata of a prediction table; InputError if it is no such table."""
    file, metadata = open_parquet(path, "prediction table")
    if metadata.get("format") != FORMAT or "role" not in file.schema_arrow.names:
        raise InputError(f"{path}: not a prediction table of format {FORMAT}; make it again")
    checked(PredictionMetadata, metadata, f"{path}: metadata", "make it again")
    return metadata


def _check_scores(path: Path, task: Task, scores: npt.NDArray[np.float64]) -> None:
    """Raise InputError if scores are not probabilities, or not finite numbers."""
    least, most = (-TOLERANCE, 1 + TOLERANCE) if task.probabilistic else (-np.inf, np.inf)
    fine = np.isfinite(scores).all() and (scores >= least).all() and (scores <= most).all()
    if fine and task.probabilistic and task.exclusive:
        fine = (np.abs(scores.sum(axis=1) - 1) <= TOLERANCE).all()
    if not fine:
        what = (
            "values other than probabilities" if task.probabilistic else "infinite numbers or NaN"
        )
        raise InputError(
            f"{path}: contains {what}; the file is damaged or was changed, make it again"
        )
