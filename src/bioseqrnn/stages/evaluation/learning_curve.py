"""Would more sequences help? Scores by the number of training records, with an extrapolation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np

from bioseqrnn.metrics.bootstrap import interval, replicate
from bioseqrnn.metrics.numbers import brief
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.evaluation import LEARNING_CURVE
from bioseqrnn.tables.folds import read_tested
from bioseqrnn.tables.predictions import prediction_metadata, read_predictions
from bioseqrnn.tasks import Task, Truth
from bioseqrnn.tasks.task import SMALLEST, Multilabel, PerPosition, Regression

# exponents of the power law that are tried
EXPONENTS = np.linspace(0.05, 2.0, 40)
LEAST_POINTS = 3


@dataclass
class Point:
    """Out-of-fold scores of one model trained on one fraction of the records.

    Attributes
    ----------
    model, kind : str
    fraction : float
    records : list of int
        Number of training and validation records, one per fold.
    sums : float64 [3, groups]
        For each group of records: number of units, sum of their losses, number called correctly
        (NaN in regression).
    tested : list of int
        Folds that are included.
    """

    model: str
    kind: str
    fraction: float
    records: list[int]
    sums: Doubles
    tested: list[int]


def unit_scores(task: Task, truth: Truth, scores: Doubles) -> tuple[Doubles, Doubles]:
    """Loss of every unit, and whether it was called correctly: float64 [units] each.

    The loss is the cross-entropy in nats (in multilabel the mean over labels) or the squared error.
    """
    if isinstance(task, Regression):
        errors = (scores[:, 0] - cast("Doubles", truth)) ** 2
        return errors, np.full(len(errors), np.nan)
    if isinstance(task, Multilabel):
        held = np.asarray(truth)
        picked = np.where(held, scores, 1 - scores)
        right = ((scores >= 0.5) == held).mean(axis=1)
        return -np.log(np.maximum(picked, SMALLEST)).mean(axis=1), right
    codes = truth.codes if isinstance(task, PerPosition) else np.asarray(truth)  # type: ignore[union-attr]
    picked = scores[np.arange(len(scores)), codes.astype(np.int64)]
    right = (scores.argmax(axis=1) == codes).astype(np.float64)
    return -np.log(np.maximum(picked, SMALLEST)), right


def evaluate_learning_curve(
    predictions: list[Path],
    folds: Path,
    output: Path,
    *,
    replicates: int,
    confidence: float,
    seed: int,
) -> None:
    """Write ``learning_curve.tsv``.

    The loss that a power law predicts for twice the records is in a row with fraction 2.

    Parameters
    ----------
    predictions : list of Path
        ``predictions.parquet`` of every model, fraction and fold, all with one seed.
    folds : Path
    output : Path
    replicates, seed : int
        Settings of the bootstrap over groups of test records.
    confidence : float

    Raises
    ------
    InputError
        A fold of a fraction is missing.
    """
    points = _collect(predictions, folds)
    used = np.flatnonzero(points[0].sums[0])
    drawn = replicate(len(used), replicates, seed, partial(_means, points, used))
    rows = []
    for model in dict.fromkeys(point.model for point in points):
        rows += _rows([point for point in points if point.model == model], drawn, used, confidence)
    frame = LEARNING_CURVE.frame(rows)
    LEARNING_CURVE.write(output, frame)
    for row in frame[frame["extrapolated"]].to_dict("records"):
        say(
            f"{row['model']}: loss {brief(row['estimate'] + row['gain'])}; expected with twice the "
            f"records: {brief(row['estimate'])} [{brief(row['ci_low'])}, {brief(row['ci_high'])}]"
        )


def _collect(predictions: list[Path], folds: Path) -> list[Point]:
    """Add up the tables by model and fraction, the smallest fraction first."""
    table_of = read_tested(folds)
    _, group = np.unique(table_of.groups, return_inverse=True)
    row_of = {name: row for row, name in enumerate(table_of.ids)}
    tested = np.unique(table_of.fold).tolist()
    count = int(group.max()) + 1
    found: dict[tuple[str, float], Point] = {}
    for path in predictions:
        about = prediction_metadata(path)
        if about.get("fraction") is None or about.get("records") is None:
            raise InputError(
                f"{path}: does not record how many records were used for training; make it again"
            )
        table = read_predictions(path)
        key = (table.model, float(about["fraction"]))
        point = found.setdefault(
            key, Point(table.model, table.kind, key[1], [], np.zeros((3, count)), [])
        )
        point.records.append(int(about["records"]))
        point.tested.append(table.fold)
        unknown = next((name for name in table.ids if name not in row_of), None)
        if unknown is not None:
            raise InputError(f"{path}: record '{unknown}' is not in {folds}")
        groups = group[[row_of[name] for name in table.ids]]
        if table.task.per_position:
            groups = np.repeat(groups, table.targets.lengths)
        loss, right = unit_scores(table.task, table.targets, table.scores)
        for row, values in enumerate((np.ones(len(loss)), loss, right)):
            point.sums[row] += np.bincount(groups, values, count)
    for point in found.values():
        if sorted(point.tested) != tested:
            raise InputError(
                f"{point.model}, {point.fraction:g} of the records: folds {sorted(point.tested)} "
                f"of {tested} are given, but each is needed once"
            )
    order = {name: k for k, name in enumerate(dict.fromkeys(model for model, _ in found))}
    return sorted(found.values(), key=lambda point: (order[point.model], point.fraction))


def _means(
    points: list[Point], used: Ints, weights: Doubles
) -> dict[tuple[str, float, str], Doubles]:
    """Metrics of every point for weights [groups, replicates]."""
    means = {}
    for point in points:
        units, loss, right = point.sums[:, used]
        total = units @ weights
        means[point.model, point.fraction, "loss"] = loss @ weights / total
        if not np.isnan(right).any():
            means[point.model, point.fraction, "accuracy"] = right @ weights / total
    return means


def _rows(
    points: list[Point],
    drawn: dict[tuple[str, float, str], Doubles],
    used: Ints,
    confidence: float,
) -> list[tuple[object, ...]]:
    """Rows of one model."""
    own = _means(points, used, np.ones((len(used), 1)))
    rows: list[tuple[object, ...]] = []
    for metric in ("loss", "accuracy"):
        if (points[0].model, points[0].fraction, metric) not in own:
            continue
        sign = -1 if metric == "loss" else 1
        before: tuple[Doubles, Doubles] | None = None
        for point in points:
            key = (point.model, point.fraction, metric)
            now = own[key], drawn[key]
            rows.append(_row(point, metric, now, before, sign, confidence))
            before = now
    if len(points) >= LEAST_POINTS:
        sizes = np.array([np.mean(point.records) for point in points])
        curves = [
            np.stack([values[point.model, point.fraction, "loss"] for point in points], axis=1)
            for values in (own, drawn)
        ]
        # subtract from the measured loss, because the fitted curve may not pass through it
        expected = [curve[:, -1] - power_law_fall(sizes, curve) for curve in curves]
        last = points[-1]
        twice = Point(
            last.model, last.kind, 2 * last.fraction, [2 * n for n in last.records], last.sums, []
        )
        pairs = (expected[0], expected[1]), (curves[0][:, -1], curves[1][:, -1])
        rows.append(_row(twice, "loss", *pairs, -1, confidence, extrapolated=True))
    return rows


def _row(
    point: Point,
    metric: str,
    now: tuple[Doubles, Doubles],
    before: tuple[Doubles, Doubles] | None,
    sign: int,
    confidence: float,
    *,
    extrapolated: bool = False,
) -> tuple[object, ...]:
    gain: tuple[float, ...] = (np.nan, np.nan, np.nan)
    if before is not None:
        gain = (
            float(sign * (now[0] - before[0])[0]),
            *interval(sign * (now[1] - before[1]), confidence),
        )
    return (
        point.model, point.kind, point.fraction, round(float(np.mean(point.records)), 1), metric,
        float(now[0][0]), *interval(now[1], confidence), *gain, extrapolated,
    )  # fmt: skip


def power_law_fall(sizes: Doubles, losses: Doubles) -> Doubles:
    """Expected decrease of the loss when the largest size is doubled: float64 [curves].

    From ``loss = c + a * size ** -b`` with a, c >= 0, fitted by least squares; b is tried from 0.05
    to 2. Such curves describe learning well over a range of sizes (Hestness et al.,
    arXiv:1712.00409, 2017), but may not hold beyond it.

    Parameters
    ----------
    sizes : float64 [points]
        Ascending; at least three, because there are three unknowns.
    losses : float64 [curves, points]
    """
    least = np.full(len(losses), np.inf)
    fall = np.empty(len(losses))
    mean = losses.mean(axis=1)
    for exponent in EXPONENTS:
        # relative to the largest size, so that powers neither underflow nor overflow
        x = (sizes / sizes[-1]) ** -exponent
        centred = x - x.mean()
        slope = np.maximum(losses @ centred / (centred @ centred), 0)
        floor = mean - slope * x.mean()
        slope = np.where(floor < 0, losses @ x / (x @ x), slope)
        floor = np.maximum(floor, 0)
        error = ((losses - floor[:, None] - slope[:, None] * x) ** 2).sum(axis=1)
        better = error < least
        least[better] = error[better]
        fall[better] = (slope * (1 - 2**-exponent))[better]
    return fall
