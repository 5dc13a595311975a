"""Prediction sets of the final model, and how often they contain the true class."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.metrics.conformal import Bools, Limits, fit_limits, held, in_sets
from bioseqrnn.stages.evaluation.collect import Evidence
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tables.declared.evaluation import CONFORMAL

# error rates of the table, beside the configured one
ERROR_RATES = (0.05, 0.1, 0.2)
# parts of the test records if a given split tests them in a single fold
PARTS = 5


def conformal_limits(
    evidence: Evidence, row: str, error_rate: float, seed: int
) -> dict[str, Any] | None:
    """Limits for the card of the final model; None for a task per position.

    They come from the test scores of all folds: each record is scored by a model that was not
    trained on it.

    Parameters
    ----------
    row : str
        The model in the tables whose scores are those of the final model.
    """
    if evidence.task.per_position:
        return None
    return asdict(
        fit_limits(
            evidence.task, evidence.classes, evidence.truth, _scores(evidence, row),
            evidence.groups, error_rate=error_rate, seed=seed,
        )
    )  # fmt: skip


def conformal_table(evidence: Evidence, row: str, error_rate: float, seed: int) -> pd.DataFrame:
    """``conformal.tsv``: coverage of prediction sets on test records.

    The limits for the records of a fold come from those of the other folds. With a single test
    fold, its groups are divided into five parts instead.
    """
    rows: list[tuple[Any, ...]] = []
    if evidence.task.per_position:
        return CONFORMAL.frame(rows)
    scores, parts = _scores(evidence, row), _parts(evidence, seed)
    for rate in sorted({*ERROR_RATES, error_rate}):
        limits = {
            part: fit_limits(
                evidence.task, evidence.classes, evidence.truth[parts != part],
                scores[parts != part], evidence.groups[parts != part],
                error_rate=rate, seed=seed,
            )
            for part in np.unique(parts).tolist()
        }  # fmt: skip
        head = (row, rate)
        if evidence.task.probabilistic:
            rows += [head + values for values in _sets(evidence, scores, parts, limits)]
        else:
            rows.append(head + _intervals(evidence, scores, parts, limits))
    return CONFORMAL.frame(rows)


def _scores(evidence: Evidence, row: str) -> Doubles:
    """Calibrated test scores by the first seed, in the order of the fold table."""
    judged = next(model for model in evidence.models if model.name == row).judged
    scores: Doubles = judged[min(judged)].scores
    return scores


def _parts(evidence: Evidence, seed: int) -> Ints:
    """The part of each record, int64 [n]; the records of a group are in one part."""
    folds = evidence.tested.fold[:, 0]
    if len(np.unique(folds)) > 1:
        return folds
    order = np.random.default_rng(seed).permutation(int(evidence.groups.max()) + 1)
    parts: Ints = order[evidence.groups] % PARTS
    return parts


def _sets(
    evidence: Evidence, scores: Doubles, parts: Ints, limits: dict[int, Limits]
) -> list[tuple[Any, ...]]:
    """Of each class: coverage by records and by groups, and the sizes of its records' sets."""
    sets = np.zeros(scores.shape, bool)
    for part, found in limits.items():
        sets[parts == part] = in_sets(evidence.classes, scores[parts == part], found)
    true = held(evidence.task, evidence.truth, len(evidence.classes))
    sizes = sets.sum(axis=1)
    rows = []
    for k, name in enumerate(evidence.classes):
        own = true[:, k]
        if own.any():
            rows.append((name, *_shares(sets[own, k], evidence.groups[own], sizes[own])))
    return rows


def _shares(covered: Bools, groups: Ints, sizes: Any) -> tuple[Any, ...]:
    numbers = np.unique(groups, return_inverse=True)[1]
    by_group = np.bincount(numbers, covered) / np.bincount(numbers)
    return (
        float(covered.mean()), float(by_group.mean()), float(sizes.mean()),
        float((sizes == 0).mean()), float((sizes == 1).mean()), len(covered), len(by_group),
    )  # fmt: skip


def _intervals(
    evidence: Evidence, scores: Doubles, parts: Ints, limits: dict[int, Limits]
) -> tuple[Any, ...]:
    """Coverage of the intervals, and their mean width."""
    width = np.full(len(parts), np.inf)
    for part, found in limits.items():
        if found.width is not None:
            width[parts == part] = found.width
    covered = np.abs(scores[:, 0] - evidence.truth) <= width
    by_record, by_group, size, *_, n, groups = _shares(covered, evidence.groups, 2 * width)
    return "", by_record, by_group, size, np.nan, np.nan, n, groups
