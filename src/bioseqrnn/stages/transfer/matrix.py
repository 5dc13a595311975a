"""Choice of the network (fold) that may score each record, and the matrix of results."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from bioseqrnn.metrics.bootstrap import Resampling, interval, replicate
from bioseqrnn.metrics.registry import ranked_metrics
from bioseqrnn.metrics.scorers import ALL, Scorer, scorer
from bioseqrnn.metrics.tallies import Judged
from bioseqrnn.onehot.twins import number, sequence_digests
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tables.declared.models import MATRIX
from bioseqrnn.tables.folds import FoldTable
from bioseqrnn.tables.sequences import SequenceTable

NEVER = -1


@dataclass(frozen=True)
class TransferDataset:
    """A dataset: a set of positives and one kind of negatives.

    Attributes
    ----------
    name : str
    table : SequenceTable
        Table of the task ``binary``.
    folds : FoldTable
    """

    name: str
    table: SequenceTable
    folds: FoldTable


def scoring_folds(trained: TransferDataset, tested: TransferDataset) -> Ints:
    """Choose the fold whose network of one dataset scores each record of another: int64 [n].

    If the sequence of a record (or its reverse complement, if both strands are equivalent) is in
    ``trained``, the network of the fold that tests it there scores it; none (-1) does if a given
    split only trains on it. No network has seen any other record: it is scored by the network of
    the fold with its own number, so that every network scores a part. Records that ``tested``
    itself never tests are not scored.
    """
    if trained.name == tested.name:
        return tested.folds.fold
    both = "both" in (trained.table.metadata["strands"], tested.table.metadata["strands"])
    digests = np.concatenate(
        [sequence_digests(part.table.packed, both) for part in (trained, tested)]
    )
    numbers = number(digests)
    known, asked = numbers[: len(trained.table)], numbers[len(trained.table) :]
    own = tested.folds.fold
    # identical sequences share a fold; if a given split violates this, a training record decides
    fold = np.full(int(numbers.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(fold, known, trained.folds.fold)
    # identical sequences in different folds: every network has trained on some of them
    latest = np.full(len(fold), np.iinfo(np.int64).min)
    np.maximum.at(latest, known, trained.folds.fold)
    fold[(latest > fold) & (latest >= 0)] = NEVER
    seen = np.isin(asked, known)
    chosen = np.where(seen, fold[asked], own % trained.folds.count)
    return np.where(own < 0, NEVER, chosen)


def shared_positives(trained: TransferDataset, tested: TransferDataset) -> int:
    """Number of positives of ``tested`` that are also positives in ``trained``."""
    both = "both" in (trained.table.metadata["strands"], tested.table.metadata["strands"])
    sides = [
        sequence_digests(part.table.packed, both)[part.table.targets == 1]
        for part in (trained, tested)
    ]
    numbers = number(np.concatenate(sides))
    return int(np.isin(numbers[len(sides[0]) :], numbers[: len(sides[0])]).sum())


def cell_rows(
    trained: str,
    tested: TransferDataset,
    rows: Ints,
    scores: dict[str, dict[int, Doubles]],
    resampling: Resampling,
) -> pd.DataFrame:
    """Rows of one cell of the matrix: every model and metric, with intervals.

    Parameters
    ----------
    trained : str
        Name of the dataset that the networks were trained on.
    tested : TransferDataset
    rows : int64 [n]
        Rows of ``tested`` that were scored.
    scores : dict of str to dict of int to float64 [n]
        Probability of the positive class, by model and seed. The estimate is the mean over seeds;
        intervals come from a bootstrap over the groups of ``tested``, the same for every model.
    resampling : Resampling
    """
    table = tested.table
    names = ranked_metrics(table.task)
    groups = np.unique(tested.folds.groups[rows], return_inverse=True)[1]
    count = int(groups.max()) + 1
    found = []
    for model, by_seed in scores.items():
        scorers = [
            scorer(table.task, table.classes, _judged(table.targets[rows], values, groups), names)
            for values in by_seed.values()
        ]
        measure = partial(_metrics, scorers, names)
        exact = measure(np.ones((count, 1)))
        drawn = replicate(
            count, resampling.replicates, resampling.seed, measure, max(s.size for s in scorers)
        )
        for metric in names:
            ends = interval(drawn[metric], resampling.confidence)
            found.append(
                (trained, tested.name, model, metric, float(exact[metric][0]), *ends, len(rows))
            )
    return MATRIX.frame(found)


def _judged(targets: Ints, positive: Doubles, groups: Ints) -> Judged:
    scores = np.column_stack([1 - positive, positive])
    return Judged(targets, scores, scores, groups, int(groups.max()) + 1)


def _metrics(scorers: list[Scorer], names: tuple[str, ...], weights: Doubles) -> dict[str, Doubles]:
    """Mean over seeds of each metric: float64 [replicates]."""
    per_seed = [of_seed(weights) for of_seed in scorers]
    return {m: np.mean([values[ALL, m] for values in per_seed], axis=0) for m in names}
