"""``majority``: predictions from the training targets alone, the same for every sequence."""

from __future__ import annotations

import numpy as np

from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks.task import Multilabel, Regression


def predict(problem: Problem) -> Both:
    """Predict for every record (or residue) the class fractions, or the mean value, of training.

    So the most frequent class is called. A score above that of this baseline comes from information
    in the sequences.
    """
    return (
        _repeated(problem, problem.train, problem.validation),
        _repeated(problem, problem.fitted, problem.test),
    )


def _repeated(problem: Problem, train: Ints, rows: Ints) -> Doubles:
    truth, task = problem.truth(train), problem.task
    if isinstance(task, Regression):
        known = np.asarray(truth).mean(keepdims=True)
    elif isinstance(task, Multilabel):
        known = np.asarray(truth).mean(axis=0)
    else:
        counts = task.counts(truth, problem.classes).sum(axis=0)
        known = counts / counts.sum()
    units = int(problem.table.lengths[rows].sum()) if task.per_position else len(rows)
    return np.repeat(np.asarray(known, np.float64)[None], units, axis=0)
