"""The tasks and the code that differs between them; it uses arrays only, no torch.

Shapes: a task has ``outputs`` numbers for each *unit*. A unit is a record or, in ``per_position``,
a residue. ``scores`` are float64 [units, outputs]: probabilities, or values in ``regression``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks.truth import PositionTruth, Truth

# smallest probability in a logarithm, in the training loss and in every metric
SMALLEST = 1e-15
# a million squares of numbers up to this one can be summed in double precision
LARGEST = 1e140
# number of quantile bins of regression targets, which are balanced between folds
QUANTILES = 10


class Task(ABC):
    """A task: the kind of label that records have.

    Attributes
    ----------
    name : str
        Name in the metadata of ``sequences.parquet``.
    dtype : type
        Type of one stored target.
    probabilistic : bool
        Whether scores are probabilities.
    per_position : bool
        Whether every residue has a label.
    two_classes : bool
        Whether a record has one of two classes; the second one is the positive one.
    exclusive : bool
        Whether a unit has at most one class, so that probabilities sum to 1.
    metric : str
        Metric in the history of a training, in addition to the loss: ``validation_{metric}``.
    """

    name: str
    dtype: type[np.generic] = np.int64
    probabilistic = True
    per_position = False
    two_classes = False
    exclusive = True
    metric = "accuracy"

    def outputs(self, classes: list[str]) -> int:
        """Number of outputs of a network for each unit."""
        return len(classes)

    @abstractmethod
    def targets(self, labels: pa.Array, classes: list[str]) -> npt.NDArray[Any]:
        """Turn a part of the column ``label`` into one-dimensional targets of type ``dtype``."""

    def whole(self, flat: npt.NDArray[Any], lengths: Ints, classes: list[str]) -> Truth:  # noqa: ARG002
        """Shape the targets of all ``len(lengths)`` records."""
        return flat

    @abstractmethod
    def column(self, truth: Truth, classes: list[str]) -> pa.Array:
        """Return targets as a column for a table, the inverse of ``targets`` and ``whole``."""

    @abstractmethod
    def counts(self, truth: Truth, classes: list[str]) -> Doubles:
        """Amount of each class in each record, float64 [n, classes]; folds are balanced by it."""

    @abstractmethod
    def loss(self, truth: Truth, scores: Doubles) -> float:
        """Mean loss per unit, without weights; trainings and models are compared by it."""

    @abstractmethod
    def score(self, truth: Truth, scores: Doubles) -> float:
        """Value of the ``metric``."""


class Classification(Task):
    """One class per record, of two or more."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.two_classes = name == "binary"

    def targets(self, labels: pa.Array, classes: list[str]) -> npt.NDArray[Any]:
        """Index of the class."""
        codes: Ints = pc.index_in(labels, pa.array(classes, pa.string())).to_numpy()
        return codes.astype(np.int64)

    def column(self, truth: Truth, classes: list[str]) -> pa.Array:
        """Names of the classes."""
        return pa.array(classes, pa.string()).take(pa.array(cast("Ints", truth)))

    def counts(self, truth: Truth, classes: list[str]) -> Doubles:
        """1 for the record's class, 0 for the others."""
        return np.eye(len(classes))[cast("Ints", truth)]

    def loss(self, truth: Truth, scores: Doubles) -> float:
        """Cross-entropy in nats."""
        return cross_entropy(cast("Ints", truth), scores)

    def score(self, truth: Truth, scores: Doubles) -> float:
        """Accuracy: fraction of records with the correct class."""
        return float((scores.argmax(axis=1) == truth).mean())


class Multilabel(Task):
    """Any number of labels per record; each label has its own, independent probability."""

    name = "multilabel"
    dtype = np.bool_
    exclusive = False

    def targets(self, labels: pa.Array, classes: list[str]) -> npt.NDArray[Any]:
        """Whether each record has each label, row after row."""
        held = np.zeros((len(labels), len(classes)), bool)
        names = labels.flatten()
        codes = pc.index_in(names, pa.array(classes, names.type)).to_numpy()
        counts = pc.fill_null(pc.list_value_length(labels), 0).to_numpy()
        held[np.repeat(np.arange(len(labels)), counts), codes] = True
        return held.ravel()

    def whole(self, flat: npt.NDArray[Any], lengths: Ints, classes: list[str]) -> Truth:
        """Shape bool [n, labels]."""
        return flat.reshape(len(lengths), len(classes))

    def column(self, truth: Truth, classes: list[str]) -> pa.Array:
        """Lists of label names."""
        held = cast("npt.NDArray[np.bool_]", truth)
        codes = np.nonzero(held)[1]
        ends = np.concatenate([[0], np.cumsum(held.sum(axis=1))])
        names = pa.array(classes, pa.string()).take(pa.array(codes))
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), names)

    def counts(self, truth: Truth, classes: list[str]) -> Doubles:  # noqa: ARG002
        """1 for each label of a record; a last column is 1 for records without labels."""
        held = cast("npt.NDArray[np.bool_]", truth)
        return np.column_stack([held, ~held.any(axis=1)]).astype(np.float64)

    def loss(self, truth: Truth, scores: Doubles) -> float:
        """Binary cross-entropy in nats, mean over records and labels."""
        held = cast("npt.NDArray[np.bool_]", truth)
        picked = np.where(held, scores, 1 - scores)
        return float(-np.log(np.maximum(picked, SMALLEST)).mean())

    def score(self, truth: Truth, scores: Doubles) -> float:
        """Fraction of the labels of all records that are predicted correctly."""
        return float(((scores >= 0.5) == truth).mean())


class Regression(Task):
    """One number per record."""

    name = "regression"
    dtype = np.float64
    probabilistic = False
    metric = "r2"

    def outputs(self, classes: list[str]) -> int:  # noqa: ARG002
        """One value."""
        return 1

    def targets(self, labels: pa.Array, classes: list[str]) -> npt.NDArray[Any]:  # noqa: ARG002
        """The numbers themselves."""
        values: Doubles = labels.to_numpy()
        return values

    def column(self, truth: Truth, classes: list[str]) -> pa.Array:  # noqa: ARG002
        """The numbers."""
        return pa.array(cast("Doubles", truth), pa.float64())

    def counts(self, truth: Truth, classes: list[str]) -> Doubles:  # noqa: ARG002
        """1 for the tenth of the values (quantile bin) that the record belongs to."""
        values = cast("Doubles", truth)
        edges = np.unique(np.quantile(values, np.linspace(0, 1, QUANTILES + 1)[1:-1]))
        return np.eye(len(edges) + 1)[np.searchsorted(edges, values, side="right")]

    def loss(self, truth: Truth, scores: Doubles) -> float:
        """Mean squared error."""
        return float(((scores[:, 0] - cast("Doubles", truth)) ** 2).mean())

    def score(self, truth: Truth, scores: Doubles) -> float:
        """Fraction of the variance explained; 0 where the variance is 0."""
        spread = float(np.var(cast("Doubles", truth)))
        return 1 - self.loss(truth, scores) / spread if spread > 0 else 0.0


class PerPosition(Task):
    """One class per residue."""

    name = "per_position"
    dtype = np.uint8
    per_position = True

    def targets(self, labels: pa.Array, classes: list[str]) -> npt.NDArray[Any]:
        """Index of each residue's class, record after record.

        Raises
        ------
        InputError
            A class is not an ASCII character, so it does not fit into one byte.
        """
        table = np.zeros(256, np.uint8)
        for code, name in enumerate(classes):
            if len(name) != 1 or not name.isascii():
                raise InputError(
                    f"class '{name}' of a per_position task is not one ASCII character; use letters"
                )
            table[ord(name)] = code
        labels = labels.cast(pa.large_string())
        ends = np.frombuffer(labels.buffers()[1], np.int64)
        begin, end = ends[labels.offset], ends[labels.offset + len(labels)]
        return table[np.frombuffer(labels.buffers()[2], np.uint8)[begin:end]]

    def whole(self, flat: npt.NDArray[Any], lengths: Ints, classes: list[str]) -> Truth:  # noqa: ARG002
        """Classes of all residues, with the place where each record begins."""
        return PositionTruth(flat, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]))

    def column(self, truth: Truth, classes: list[str]) -> pa.Array:
        """Text with one character per residue."""
        assert isinstance(truth, PositionTruth)
        letters = np.frombuffer("".join(classes).encode("ascii"), np.uint8)[truth.codes]
        buffers = [None, pa.py_buffer(truth.offsets), pa.py_buffer(letters)]
        return pa.Array.from_buffers(pa.large_string(), len(truth), buffers)

    def counts(self, truth: Truth, classes: list[str]) -> Doubles:
        """Number of residues of each class."""
        assert isinstance(truth, PositionTruth)
        cells = truth.records * len(classes) + truth.codes
        counts = np.bincount(cells, minlength=len(truth) * len(classes))
        return counts.reshape(len(truth), len(classes)).astype(np.float64)

    def loss(self, truth: Truth, scores: Doubles) -> float:
        """Mean cross-entropy per residue in nats."""
        assert isinstance(truth, PositionTruth)
        return cross_entropy(truth.codes.astype(np.int64), scores)

    def score(self, truth: Truth, scores: Doubles) -> float:
        """Accuracy: fraction of residues with the correct class."""
        assert isinstance(truth, PositionTruth)
        return float((scores.argmax(axis=1) == truth.codes).mean())


def cross_entropy(targets: Ints, probability: Doubles) -> float:
    """Mean cross-entropy in nats; probabilities below ``SMALLEST`` count as ``SMALLEST``."""
    picked = probability[np.arange(len(targets)), targets]
    return float(-np.log(np.maximum(picked, SMALLEST)).mean())


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Classification("binary"), Classification("multiclass"), Multilabel(), Regression(),
        PerPosition(),
    )
}  # fmt: skip


def scale_of(values: Doubles) -> tuple[float, float]:
    """Mean and standard deviation of regression values; the latter is 1 if all are equal.

    Raises
    ------
    InputError
        Squares of the values, or of their differences, exceed double precision.
    """
    largest = float(np.abs(values).max())
    if largest > LARGEST:
        raise InputError(
            f"labels reach {largest:.6g}, and squares of such numbers are too large for double "
            "precision; give them in another unit, or as logarithms"
        )
    if values.min() == values.max():
        return float(values[0]), 1.0
    spread = float(values.std())
    if spread < 1 / LARGEST:
        raise InputError(
            f"labels are between {values.min():.6g} and {values.max():.6g}, and squares of such "
            "differences are too large for double precision; give them in another unit"
        )
    return float(values.mean()), spread


def task_of(name: str) -> Task:
    """Return the task that a table's or a model's metadata names."""
    return TASKS[name]
