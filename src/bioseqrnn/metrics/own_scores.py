"""Scores of a model on its training records: the scale to which its thresholds are confined.

A threshold is chosen on scores of one network and used by another, which was trained again on more
records. Scores on training records are too good to choose a threshold by. They do show the range
of the network's scores: a threshold outside it calls all records positive, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.metrics.registry import has_thresholds
from bioseqrnn.metrics.thresholds import positives_of
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.console import say
from bioseqrnn.tasks import Task, Truth

# records that tell the scale well enough
MOST_RECORDS = 20_000
# ranks that are kept, evenly on a scale of log odds
RANKS = 128
# largest ratio between the odds of being called among records that taught a model, and the odds
# among others or the odds of being positive, where a threshold was chosen on ENOUGH positives; with
# fewer it comes nearer to 1, for a threshold of one positive is luck (benchmarks/README.md)
FACTOR, ENOUGH = 4.0, 20
OwnScores = dict[str, Any]


def own_rows(task: Task, rows: Ints, seed: int) -> Ints:
    """Which of the rows that taught a model it is to score: at most 20,000, ascending.

    None where a task has no thresholds.
    """
    if not has_thresholds(task):
        return rows[:0]
    if len(rows) <= MOST_RECORDS:
        return np.sort(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_RECORDS, replace=False))


def summarise_own(task: Task, truth: Truth, scores: Doubles) -> OwnScores:
    """Sum up what a model says of records that taught it, to be kept as JSON.

    Parameters
    ----------
    truth : int64 [n] or bool [n, labels]
    scores : float64 [n, outputs]
        Before calibration.

    Returns
    -------
    dict
        ``records``; ``positives``, the share of each label, or of the positive class of two;
        ``called``, ascending shares of the records, and ``scores``, for each label the score that
        this share of the records reaches.
    """
    positive, score = positives_of(task, truth, scores)
    n = len(positive)
    odds = np.exp(np.linspace(-1, 1, RANKS) * np.log(2 * n))
    ranks = np.unique(np.rint(n * odds / (1 + odds)).clip(1, n).astype(np.int64))
    falling = -np.sort(-score, axis=0)
    # half-way to the next, so that a record like the last one is called too
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
    """Hold thresholds where the scores of the model that uses them lie.

    Records that taught a model are called by it about as often as others, or as they are positive.
    Where the odds of that are more than ``FACTOR`` times off, the threshold is not on this model's
    scale, and is moved to where they are not. The fewer positives it was chosen on, the nearer it
    is held: one that was chosen on none calls as many of these records as are positive.

    Parameters
    ----------
    thresholds : float64 [labels]
        Of calibrated scores.
    called : float64 [labels]
        Share of the records they were chosen on that they call; nan where no choice could be made.
    positives : int64 [labels]
        How many of these records are positive, or are not, whichever are fewer.
    own : dict
        Of ``summarise_own``.
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
        # never none, and never all
        fewest = int(np.searchsorted(shares, least).clip(0, len(shares) - 2))
        highest = int(
            (np.searchsorted(shares, most, side="right") - 1).clip(fewest, len(shares) - 2)
        )
        held[k] = np.clip(thresholds[k], scale[highest], scale[fewest])
    return held


def final_thresholds(
    task: Task, choice: Mapping[str, Any], own: OwnScores | None
) -> dict[str, float]:
    """Hold the thresholds of a selection where the scores of the final model lie.

    Parameters
    ----------
    choice : mapping
        Of ``selected.json``: ``model``, ``temperature``, ``thresholds``, ``called``, ``positives``.
    own : dict, optional
        Of the final model; without it thresholds stay as they are.
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
                f"final {choice['model']}: the threshold {old:.6g} of '{name}' is off the scale of "
                f"this network, and {new:.6g} is used"
            )
    return dict(zip(thresholds, held.tolist(), strict=True))


def _odds_times(share: float, ratio: float) -> float:
    """The share whose odds are those of ``share`` times a ratio."""
    return share * ratio / (1 - share + share * ratio)


def _calibrated_levels(task: Task, levels: Doubles, temperature: float) -> Doubles:
    """Scores of one label, calibrated."""
    if task.name == "binary":
        return calibrated(task, np.column_stack([1 - levels, levels]), temperature)[:, 1]
    return calibrated(task, levels[:, None], temperature)[:, 0]


def mean_own(parts: list[OwnScores | None]) -> OwnScores | None:
    """Of the mean of several models: about the mean of the scores at each rank.

    None where a model lacks them, or was taught by another number of records.
    """
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or any(part["called"] != known[0]["called"] for part in known):
        return None
    scores = np.mean([part["scores"] for part in known], axis=0)
    return known[0] | {"scores": scores.tolist()}
