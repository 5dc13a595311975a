"""Scores of a model on its own training records: the range in which its thresholds must lie.

A threshold is chosen on the scores of one network but used by another, which was trained again on
more records. Scores on training records are too good for choosing a threshold. But they show the
range of the network's scores: a threshold outside it calls all records positive, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.metrics.combination import Combination
from bioseqrnn.metrics.registry import has_thresholds
from bioseqrnn.metrics.thresholds import positives_of
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.console import say
from bioseqrnn.tasks import Task, Truth

# so many records are enough to know the range of the scores
MOST_RECORDS = 20_000
# ranks that are kept, evenly spaced in log odds
RANKS = 128
# largest ratio between the odds of being called among the training records of a model and the odds
# among other records (or the odds of being positive), if the threshold was chosen on ENOUGH
# positives; with fewer positives the limit is nearer to 1, because a threshold chosen on one
# positive is luck (benchmarks/README.md)
FACTOR, ENOUGH = 4.0, 20
OwnScores = dict[str, Any]


def own_rows(task: Task, rows: Ints, seed: int) -> Ints:
    """Choose the training rows that a model scores: at most 20,000, ascending.

    No rows if the task has no thresholds.
    """
    if not has_thresholds(task):
        return rows[:0]
    if len(rows) <= MOST_RECORDS:
        return np.sort(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_RECORDS, replace=False))


def summarise_own(task: Task, truth: Truth, scores: Doubles) -> OwnScores:
    """Summarise the scores of a model on its training records, to be kept as JSON.

    Parameters
    ----------
    truth : int64 [n] or bool [n, labels]
    scores : float64 [n, outputs]
        Scores before calibration.

    Returns
    -------
    dict
        ``records``: their number; ``positives``: the fraction of records with each label, or of the
        positive class of two; ``called``: ascending fractions of the records; ``scores``: for each
        label, the score that this fraction of the records reaches.
    """
    positive, score = positives_of(task, truth, scores)
    n = len(positive)
    odds = np.exp(np.linspace(-1, 1, RANKS) * np.log(2 * n))
    ranks = np.unique(np.rint(n * odds / (1 + odds)).clip(1, n).astype(np.int64))
    falling = -np.sort(-score, axis=0)
    # half-way to the next score, so that a record similar to the last one is called too
    below = np.vstack([falling[1:], np.zeros((1, falling.shape[1]))])
    levels = ((falling + below) / 2)[ranks - 1]
    return {
        "records": n,
        "positives": positive.mean(axis=0).tolist(),
        "called": (ranks / n).tolist(),
        "scores": levels.T.tolist(),
    }


def hold_thresholds(
    task: Task,
    thresholds: Doubles,
    called: Doubles,
    positives: Ints,
    own: OwnScores,
    temperature: float,
) -> Doubles:
    """Keep thresholds within the range of the scores of the model that uses them.

    A model should call its training records about as often as other records, or as often as they
    are positive. If these odds differ by more than ``FACTOR``, the threshold does not fit the
    scores of this model and is moved until they do not. The fewer positives a threshold was chosen
    on, the stricter this limit: a threshold chosen on none calls as many of the training records as
    are positive.

    Parameters
    ----------
    thresholds : float64 [labels]
        Thresholds of calibrated scores.
    called : float64 [labels]
        Fraction called among the records that the thresholds were chosen on; nan if none could be
        chosen.
    positives : int64 [labels]
        Number of positives among these records, or of negatives if those are fewer.
    own : dict
        Result of ``summarise_own``.
    temperature : float

    Returns
    -------
    float64 [labels]
    """
    held = thresholds.copy()
    shares = np.array(own["called"])
    for k, (positive, levels) in enumerate(zip(own["positives"], own["scores"], strict=True)):
        if not 0 < positive < 1:
            continue
        factor = FACTOR ** min(1.0, positives[k] / ENOUGH)
        expected = [positive] if np.isnan(called[k]) else [positive, float(called[k])]
        least, most = (_odds_times(share, ratio) for share, ratio in (
            (min(expected), 1 / factor), (max(expected), factor),
        ))  # fmt: skip
        scale = _calibrated_levels(task, np.array(levels), temperature)
        # never call none, and never all
        fewest = int(np.searchsorted(shares, least).clip(0, len(shares) - 2))
        highest = int(
            (np.searchsorted(shares, most, side="right") - 1).clip(fewest, len(shares) - 2)
        )
        held[k] = np.clip(thresholds[k], scale[highest], scale[fewest])
    return held


def final_thresholds(
    task: Task, choice: Mapping[str, Any], own: OwnScores | None
) -> dict[str, float]:
    """Keep the selected thresholds within the range of the scores of the final model.

    Parameters
    ----------
    choice : mapping
        From ``selected.json``: ``model``, ``temperature``, ``thresholds``, ``called``,
        ``positives``.
    own : dict, optional
        Own scores of the final model; without them thresholds do not change.
    """
    thresholds: dict[str, float] = choice.get("thresholds") or {}
    if own is None or not thresholds:
        return thresholds
    shares, counts = (choice.get(name) or {} for name in ("called", "positives"))
    called = [np.nan if shares.get(name) is None else shares[name] for name in thresholds]
    positives = np.array([counts.get(name, ENOUGH) for name in thresholds])
    before = np.array(list(thresholds.values()))
    temperature = choice.get("temperature") or 1.0
    held = hold_thresholds(task, before, np.array(called), positives, own, temperature)
    for name, old, new in zip(thresholds, before, held, strict=True):
        if old != new:
            say(
                f"final {choice['model']}: the threshold {old:.6g} of '{name}' is outside the "
                f"range of this network; {new:.6g} is used instead"
            )
    return dict(zip(thresholds, held.tolist(), strict=True))


def _odds_times(share: float, ratio: float) -> float:
    """The fraction whose odds are the odds of ``share`` times a ratio."""
    return share * ratio / (1 - share + share * ratio)


def _calibrated_levels(task: Task, levels: Doubles, temperature: float) -> Doubles:
    """Calibrated scores of one label."""
    if task.two_classes:
        return calibrated(task, np.column_stack([1 - levels, levels]), temperature)[:, 1]
    return calibrated(task, levels[:, None], temperature)[:, 0]


def mean_own(parts: list[OwnScores | None]) -> OwnScores | None:
    """Own scores of an average of models: approximately the mean of their scores at each rank.

    None if a model lacks own scores, or was trained on a different number of records.
    """
    known = _comparable(parts)
    if known is None:
        return None
    scores = np.mean([part["scores"] for part in known], axis=0)
    return known[0] | {"scores": scores.tolist()}


def combined_own(
    task: Task,
    parts: list[OwnScores | None],
    temperatures: list[float],
    combination: Combination,
) -> OwnScores | None:
    """Own scores of a combination: approximately that of its members' scores at each rank.

    None if a member lacks own scores, or was trained on a different number of records.
    """
    known = _comparable(parts)
    if known is None:
        return None
    rows = []
    for k in range(len(known[0]["scores"])):
        levels = [
            _calibrated_levels(task, np.array(part["scores"][k]), temperature)
            for part, temperature in zip(known, temperatures, strict=True)
        ]
        if task.two_classes:
            pairs = [np.column_stack([1 - level, level]) for level in levels]
            rows.append(combination.scores(task, pairs)[:, 1].tolist())
        else:
            columns = [level[:, None] for level in levels]
            rows.append(combination.scores(task, columns)[:, 0].tolist())
    return known[0] | {"scores": rows}


def _comparable(parts: list[OwnScores | None]) -> list[OwnScores] | None:
    """The summaries, if all are given and have the same ranks."""
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    if any(part["called"] != known[0]["called"] for part in known):
        return None
    return known
