"""The baselines by name: each is a line of ``config/choices.py`` and a module with ``predict``.

A method returns scores of the validation and of the test records. For the validation records, the
model is fitted to the training records alone, as thresholds and calibration require; for the test
records, to training and validation records. ``cnn`` is an exception: it uses the validation records
for early stopping.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from bioseqrnn.config.choices import BASELINES
from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.sequences import SequenceTable

Method = Callable[[Problem], Both]


def applicable(name: str, task: str) -> bool:
    """Whether a baseline applies to a task, given the task's name in metadata or configuration."""
    return task != "per_position" or not BASELINES[name].whole_records


def scores_of(
    name: str, table: SequenceTable, train: Ints, validation: Ints, test: Ints, seed: int
) -> Both:
    """Return a baseline's scores of the validation and of the test records.

    Parameters
    ----------
    name : str
        Name in ``BASELINES``. Only the module of this baseline is imported.
    table : SequenceTable
    train, validation, test : int64 [n]
        Rows of the table.
    seed : int

    Returns
    -------
    tuple of float64 [n, outputs]
    """
    method = cast(Method, BASELINES[name].load().predict)
    return method(Problem(table, train, validation, test, seed))
