"""``majority``: predictions from the targets of training alone, the same for every sequence."""

from __future__ import annotations

import numpy as np

from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks.task import Multilabel, Regression


def predict(problem: Problem) -> Both:
    """Give every record (or residue) the fraction of each class, or the mean value, of training.

    The most frequent class is then the one that is called. Any metric above this one's is
    information that came from sequences.
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
