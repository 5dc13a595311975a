"""The calls and scores of a model as columns, for records or for every residue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from bioseqrnn.metrics.decision import deciding, record_calls
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tables.predictions import score_columns
from bioseqrnn.tasks import PositionTruth, Task

CALL, START, THRESHOLD = "call", "start", "threshold_"
# no name of a model contains it, so that column names stay distinct
OF_MEMBER = ":"


def call_fields(
    task: Task, classes: list[str], thresholds: Mapping[str, float]
) -> list[tuple[str, pa.DataType]]:
    """Names and types of the columns after ``id``, in order."""
    fields: list[tuple[str, pa.DataType]] = [("length", pa.int64())]
    if task.per_position:
        fields.insert(0, (START, pa.int64()))
    if task.probabilistic:
        fields.append((CALL, pa.string()))
    fields += [(name, _kind(task)) for name in score_columns(task, classes)]
    limits = deciding(task, classes, thresholds)
    return fields + [(f"{THRESHOLD}{name}", pa.float64()) for name in limits]


def _kind(task: Task) -> pa.DataType:
    # single precision: a genome has many residues, and six digits are enough for a probability
    return pa.list_(pa.float32()) if task.per_position else pa.float64()


def member_fields(
    task: Task, classes: list[str], members: Sequence[str]
) -> list[tuple[str, pa.DataType]]:
    """Names and types of the columns with the scores of each member of a combination."""
    return [
        (f"{member}{OF_MEMBER}{name}", _kind(task))
        for member in members
        for name in score_columns(task, classes)
    ]


def member_columns(
    task: Task,
    classes: list[str],
    lengths: Ints,
    scores: Mapping[str, Doubles],
    members: Sequence[str],
) -> dict[str, pa.Array]:
    """Scores of each member of a combination, as in ``call_columns``."""
    columns: dict[str, pa.Array] = {}
    for member in members:
        named = zip(score_columns(task, classes), scores[member].T, strict=True)
        for name, values in named:
            column = pa.array(values)
            if task.per_position:
                ends = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
                column = pa.ListArray.from_arrays(ends, pa.array(values.astype(np.float32)))
            columns[f"{member}{OF_MEMBER}{name}"] = column
    return columns


def call_columns(
    task: Task,
    classes: list[str],
    lengths: Ints,
    scores: Doubles,
    thresholds: Mapping[str, float],
) -> dict[str, pa.Array]:
    """Return ``call`` and the scores of some records, or of parts with ``lengths`` residues.

    The call is that of ``record_calls``, or one character per residue for the most probable class.
    If calls depend on thresholds, every row contains them, so that a row explains its own call.

    Parameters
    ----------
    scores : float64 [units, outputs]
    thresholds : dict of str to float
        Thresholds by class.
    """
    columns = dict(zip(score_columns(task, classes), scores.T, strict=True))
    if task.per_position:
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        truth = PositionTruth(most_probable(scores).astype(np.uint8), offsets)
        ends = pa.array(offsets, pa.int32())
        lists = {
            name: pa.ListArray.from_arrays(ends, pa.array(column.astype(np.float32)))
            for name, column in columns.items()
        }
        return {CALL: task.column(truth, classes).cast(pa.string())} | lists
    values = {name: pa.array(column) for name, column in columns.items()}
    if not task.probabilistic:
        return values
    calls = record_calls(task, classes, scores, thresholds)
    limits = {
        f"{THRESHOLD}{name}": pa.array(np.full(len(calls), limit))
        for name, limit in deciding(task, classes, thresholds).items()
    }
    return {CALL: pa.array(calls, pa.string())} | values | limits


def most_probable(scores: Doubles) -> Ints:
    """Index of the most probable class of each unit: int64 [units]."""
    codes: Ints = scores.argmax(axis=1)
    return codes
