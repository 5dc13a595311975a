"""Which fold's network may score which record, and the matrix of what comes out."""

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
    """A set of positives and one kind of negatives.

    Attributes
    ----------
    name : str
    table : SequenceTable
        Of the task ``binary``.
    folds : FoldTable
    """

    name: str
    table: SequenceTable
    folds: FoldTable


def scoring_folds(trained: TransferDataset, tested: TransferDataset) -> Ints:
    """Say which fold's network of one dataset may score each record of another: int64 [n].

    A record whose sequence (or, where both strands mean the same, its reverse complement) stands
    in ``trained`` is scored by the network of the fold that tests it there, and by none (-1) where
    a given split only trains on it. Any other record was seen by no network: it is scored by that
    of the fold with the number of its own, so that every network gets its part. Records that
    ``tested`` itself never tests are scored by none.
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
    # twins share a fold; where a given split did not see to it, one that trains decides
    fold = np.full(int(numbers.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(fold, known, trained.folds.fold)
    # twins in different folds: each fold's network but one has trained on some of them
    latest = np.full(len(fold), np.iinfo(np.int64).min)
    np.maximum.at(latest, known, trained.folds.fold)
    fold[(latest > fold) & (latest >= 0)] = NEVER
    seen = np.isin(asked, known)
    chosen = np.where(seen, fold[asked], own % trained.folds.count)
    return np.where(own < 0, NEVER, chosen)


def shared_positives(trained: TransferDataset, tested: TransferDataset) -> int:
    """How many positives of ``tested`` stand as positives in ``trained``."""
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
        Name of the dataset that the networks trained on.
    tested : TransferDataset
    rows : int64 [n]
        Its records that were scored.
    scores : dict of str to dict of int to float64 [n]
        By model and seed, the probability of the positive class. The estimate is the mean over
        seeds; intervals are by bootstrap over the groups of ``tested``, the same for every model.
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
