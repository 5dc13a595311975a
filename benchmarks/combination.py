"""Ways to combine methods, compared on validation records of finished runs of the workflow.

    python -m benchmarks.combination results/splice [results/acp ...] [--draws 5] [--seed 1]

In each fold, about 10, 30, 100 and half of the validation records are drawn, in whole groups of
the folds. Temperatures and weights are fitted on them, and the loss is measured on the other
validation records of the fold. Test records are never read. Numbers are means over folds, seeds of
the network and draws: log loss in nats, or the squared error in regression.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from benchmarks.accuracy.tables import markdown
from scipy.optimize import minimize
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from bioseqrnn.config.choices import BASELINES, informed
from bioseqrnn.metrics import combination
from bioseqrnn.metrics.calibration import PRIOR_DEVIATION, calibrated, fit_temperature
from bioseqrnn.metrics.combination import Combination, fit_combination
from bioseqrnn.stages.evaluation.collect import flat
from bioseqrnn.stages.evaluation.select import select_model
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_group_of
from bioseqrnn.tables.predictions import Predictions, read_predictions
from bioseqrnn.tasks import Task, task_of

SIZES = (10, 30, 100)
HALF = "half"
DEVIATIONS = (0.5, 1.0, 2.0)
# of the weights on the simplex, in units of 1 / methods
SIMPLEX_DEVIATION = 0.5
# more units of a fold change nothing, and take long
MOST_UNITS = 20_000
BEST, EQUAL, SIMPLEX = "best single method", "equal weights", "simplex and temperature"
OURS = "ours: sum {:g}, weight {:g}"


@dataclass(frozen=True)
class Sample:
    """Validation units of one fold.

    Attributes
    ----------
    task : Task
    truth : int64 [units], bool [units, labels] or float64 [units]
    members : list of float64 [units, outputs]
        Scores of each method.
    record : int64 [units]
        Number of each unit's record.
    """

    task: Task
    truth: Any
    members: list[Doubles]
    record: Ints

    @property
    def records(self) -> int:
        """Number of different records."""
        return len(np.unique(self.record))

    def part(self, of_records: Any) -> Sample:
        """Units of the records that are marked: bool [records]."""
        units = of_records[self.record]
        members = [scores[units] for scores in self.members]
        return Sample(self.task, self.truth[units], members, self.record[units])

    def scaled(self, temperatures: list[float]) -> Sample:
        """The same units, with calibrated scores."""
        pairs = zip(self.members, temperatures, strict=True)
        members = [calibrated(self.task, scores, value) for scores, value in pairs]
        return Sample(self.task, self.truth, members, self.record)

    def loss(self, scores: Doubles) -> float:
        """Mean loss of the units."""
        return self.task.loss(self.truth, scores)


@dataclass(frozen=True)
class Case:
    """Validation records of one fold and seed of the network, and the group of each record."""

    fold: int
    seed: int
    sample: Sample
    groups: Ints


def read_cases(results: Path) -> list[Case]:
    """Read the validation predictions of the methods that the evaluation combines by default.

    The network of a fold is the one with the lowest validation loss, as in the row ``selected``.

    Raises
    ------
    InputError
        The folder has no finished run, or methods predict different records.
    """
    networks = read_kind(results / "models", "fold-*/seed-*/predictions.parquet")
    baselines = read_kind(results / "baselines", "fold-*/predictions.parquet")
    named = informed(dict.fromkeys(table.model for table in baselines), BASELINES)
    losses = select_model([table.path.with_name("model.safetensors") for table in networks])[2]
    by_model = losses.groupby("model")["seed"].agg(set)
    seeds = set.intersection(*by_model)
    means = losses[losses["seed"].isin(seeds)].pivot_table(
        index="fold", columns="model", values="validation_loss"
    )
    chosen = means.idxmin(axis=1)
    group_of = read_group_of(results / "folds.parquet")
    cases = []
    for network in networks:
        if network.seed in seeds and network.model == chosen[network.fold]:
            same_fold = {table.model: table for table in baselines if table.fold == network.fold}
            missing = [name for name in named if name not in same_fold]
            if missing:
                raise InputError(f"{results}: no predictions of {missing[0]}, fold {network.fold}")
            cases.append(case([network, *(same_fold[name] for name in named)], group_of))
    return cases


def read_kind(folder: Path, pattern: str) -> list[Predictions]:
    """Validation predictions of all models in a folder."""
    paths = sorted(folder.glob(f"*/{pattern}"))
    if not paths:
        raise InputError(f"{folder}: no predictions; give the results of a dataset")
    return [read_predictions(path, "validation") for path in paths]


def case(members: list[Predictions], group_of: dict[str, int]) -> Case:
    """Validation records of one fold, with at most ``MOST_UNITS`` units, evenly spaced."""
    first = members[0]
    for table in members[1:]:
        if table.ids != first.ids:
            raise InputError(
                f"{table.path}: predicts other records than {first.path}; make both again"
            )
    record = np.arange(len(first.ids))
    task = first.task
    if task.per_position:
        record = np.repeat(record, first.targets.lengths)
        # the loss of residues is that of records with several classes
        task = task_of("multiclass")
    step = -(-len(record) // MOST_UNITS) or 1
    scores = [table.scores[::step] for table in members]
    sample = Sample(task, flat(first.targets)[::step], scores, record[::step])
    groups = np.array([group_of[name] for name in first.ids], np.int64)
    return Case(first.fold, first.seed, sample, groups)


def drawn(groups: Ints, size: int, rng: np.random.Generator) -> Any:
    """Draw whole groups in random order while they fit into ``size`` records: bool [records]."""
    numbers, counts = np.unique(groups, return_inverse=True, return_counts=True)[1:]
    kept, left = np.zeros(len(counts), bool), size
    for group in rng.permutation(len(counts)):
        if counts[group] <= left:
            kept[group] = True
            left -= counts[group]
    return kept[numbers]


def best_single(sample: Sample) -> Combination:
    """All the weight for the method with the lowest loss."""
    losses = [sample.loss(scores) for scores in sample.members]
    weights = np.zeros(len(losses))
    weights[int(np.argmin(losses))] = 1
    return Combination(weights, centre(sample))


def equal_weights(sample: Sample) -> Combination:
    """The same weight for every method; their sum is 1."""
    count = len(sample.members)
    return Combination(np.full(count, 1 / count), centre(sample))


def simplex(sample: Sample) -> Combination:
    """Weights on the simplex and one temperature, with a penalty towards equal weights.

    Weights have a normal prior around 1 / methods, and the logarithm of the temperature has that
    of the calibration.
    """
    count, middle = len(sample.members), centre(sample)
    scale = float(sample.records)
    if not sample.task.probabilistic:
        least = min(sample.loss(scores) for scores in sample.members)
        scale /= max(2 * least, np.finfo(float).tiny)

    def weights(x: Doubles) -> Doubles:
        found: Doubles = softmax(x[:count]) / np.exp(x[count])
        return found

    def cost(x: Doubles) -> float:
        scores = Combination(weights(x), middle).scores(sample.task, sample.members)
        apart = (softmax(x[:count]) * count - 1) / SIMPLEX_DEVIATION
        penalty = float(apart @ apart + (x[count] / PRIOR_DEVIATION) ** 2) / 2
        return scale * sample.loss(scores) + penalty

    found = minimize(cost, np.zeros(count + 1), method="L-BFGS-B")
    return Combination(weights(found.x), middle)


def ours(of_sum: float, of_weight: float) -> Callable[[Sample], Combination]:
    """The combination of this package, with other standard deviations of its priors."""

    def fit(sample: Sample) -> Combination:
        with patch.multiple(combination, SUM_DEVIATION=of_sum, WEIGHT_DEVIATION=of_weight):
            return fit_combination(sample.task, sample.truth, sample.members, sample.records)

    return fit


def centre(sample: Sample) -> float:
    """In regression, the value that deviations are measured from."""
    return 0.0 if sample.task.probabilistic else float(np.mean(sample.truth))


WAYS: dict[str, Callable[[Sample], Combination]] = {
    BEST: best_single,
    EQUAL: equal_weights,
    SIMPLEX: simplex,
} | {OURS.format(*pair): ours(*pair) for pair in product(DEVIATIONS, DEVIATIONS)}


def measure(cases: list[Case], draws: int, seed: int) -> pd.DataFrame:
    """Losses of every way, in every fold and draw, on the records that were not drawn.

    Returns
    -------
    DataFrame
        ``size`` ("10", "30", "100", "half"), ``fold``, ``seed``, ``draw``, ``records`` (drawn),
        ``way``, ``loss``.
    """
    rows = []
    for one in cases:
        for name, size in sizes(len(one.groups)):
            for draw in range(draws):
                rng = np.random.default_rng([seed, one.fold, one.seed, size, draw])
                inside = drawn(one.groups, size, rng)
                # a fold of one large group cannot be divided
                if inside.any() and not inside.all():
                    head = (name, one.fold, one.seed, draw, int(inside.sum()))
                    rows += [(*head, way, loss) for way, loss in losses_of(one.sample, inside)]
    columns = ["size", "fold", "seed", "draw", "records", "way", "loss"]
    return pd.DataFrame(rows, columns=columns)


def sizes(records: int) -> Iterator[tuple[str, int]]:
    """Numbers of records to draw, with their names; none is above half of the records."""
    half = records // 2
    yield from ((str(size), size) for size in SIZES if size < half)
    yield HALF, half


def losses_of(sample: Sample, inside: Any) -> Iterator[tuple[str, float]]:
    """Fit every way on the drawn records; loss on the others."""
    fitted, others = sample.part(inside), sample.part(~inside)
    task = sample.task
    temperatures = [fit_temperature(task, fitted.truth, scores) for scores in fitted.members]
    fitted, others = fitted.scaled(temperatures), others.scaled(temperatures)
    for name, way in WAYS.items():
        yield name, others.loss(way(fitted).scores(task, others.members))


def table(found: pd.DataFrame) -> str:
    """Mean loss of every way (rows) by the number of records drawn (columns)."""
    means = found.pivot_table(index="way", columns="size", values="loss")
    counts = found.groupby("size")["records"].mean()
    names = [name for name in (*map(str, SIZES), HALF) if name in means]
    header = ["weights", *(f"{name} (drawn: {counts[name]:.0f})" for name in names)]
    rows = [[way, *(f"{means.loc[way, name]:.4f}" for name in names)] for way in WAYS]
    return markdown(header, rows)


def together(frames: dict[str, pd.DataFrame]) -> str:
    """Losses as a ratio of those with equal weights: mean over the sets that have the size."""
    ratios = []
    for name, found in frames.items():
        means = found.pivot_table(index="way", columns="size", values="loss")
        ratio = (means / means.loc[EQUAL]).reset_index().melt("way")
        ratios.append(ratio.set_index(["way", "size"])["value"].rename(name))
    joined = pd.concat(ratios, axis=1)
    mean, count = joined.mean(axis=1), joined.count(axis=1)
    names = [name for name in (*map(str, SIZES), HALF) if (BEST, name) in mean.index]
    header = ["weights", *(f"{name} ({count[BEST, name]} sets)" for name in names)]
    return markdown(header, [[way, *(f"{mean[way, name]:.3f}" for name in names)] for way in WAYS])


def main(words: list[str] | None = None) -> int:
    """Print one table per folder, and one of all together; 2 for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.combination",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("results", type=Path, nargs="+", help="results folder of a dataset")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    if given.draws < 1 or given.seed < 0:
        parser.error("--draws must be at least 1, and --seed at least 0")
    frames = {}
    try:
        # otherwise BLAS uses every core
        with threadpool_limits(1):
            for folder in given.results:
                start = time.perf_counter()
                cases = read_cases(folder)
                found = measure(cases, given.draws, given.seed)
                if found.empty:
                    raise InputError(f"{folder}: too few validation records to divide")
                frames[str(folder)] = found
                records = np.mean([len(one.groups) for one in cases])
                print(
                    f"{folder.name}: {len(cases)} folds and seeds with {records:.0f} validation "
                    f"records, {len(cases[0].sample.members)} methods\n\n{table(found)}\n"
                )
                print(f"{folder}: {time.perf_counter() - start:.1f} s", file=sys.stderr)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if len(frames) > 1:
        print(f"Loss divided by that of equal weights, all sets:\n\n{together(frames)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
