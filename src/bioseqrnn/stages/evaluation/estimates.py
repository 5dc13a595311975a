"""Estimates and bootstrap replicates of every model, and of the headline metric per stratum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.metrics.bootstrap import replicate
from bioseqrnn.metrics.registry import headline
from bioseqrnn.metrics.scorers import ALL, Key, Scorer, Values, scorer
from bioseqrnn.stages.evaluation.collect import Evidence, Model
from bioseqrnn.stages.evaluation.strata import Stratum
from bioseqrnn.support.arrays import Doubles


@dataclass(frozen=True)
class Estimates:
    """Estimates and replicates of all models.

    Attributes
    ----------
    estimates : dict of str to dict of Key to float
        By model, then by class (``ALL``: overall) and metric; means over seeds.
    replicates : dict of str to dict of Key to float64 [replicates]
        Bootstrap replicates, paired between models.
    strata : dict of (str, int) to (float, float64 [replicates])
        The headline metric by model and number of the stratum: estimate and replicates.
    """

    estimates: dict[str, dict[Key, float]]
    replicates: dict[str, dict[Key, Doubles]]
    strata: dict[tuple[str, int], tuple[float, Doubles]]


def score_models(
    evidence: Evidence, strata: list[Stratum], replicates: int, seed: int
) -> Estimates:
    """Score all models on the same replicates, which are drawn once."""
    whole = {model.name: _scorers(evidence, model, None) for model in evidence.models}
    parts = {
        (model.name, number): _scorers(evidence, model, stratum)
        for number, stratum in enumerate(strata)
        for model in evidence.models
    }
    name = (ALL, headline(evidence.task))

    def score(weights: Doubles) -> dict[tuple[str, int | None, Key], Doubles]:
        found: dict[tuple[str, int | None, Key], Doubles] = {
            (model, None, key): value
            for model, scorers in whole.items()
            for key, value in _mean(scorers, weights).items()
        }
        for (model, number), scorers in parts.items():
            found[model, number, name] = _mean(scorers, weights)[name]
        return found

    groups = int(evidence.groups.max()) + 1
    rows = max(s.size for scorers in [*whole.values(), *parts.values()] for s in scorers)
    once, drawn = score(np.ones((groups, 1))), replicate(groups, replicates, seed, score, rows)
    found = Estimates({}, {}, {})
    for (model, number, key), value in once.items():
        if number is not None:
            found.strata[model, number] = float(value[0]), drawn[model, number, key]
        else:
            found.estimates.setdefault(model, {})[key] = float(value[0])
            found.replicates.setdefault(model, {})[key] = drawn[model, None, key]
    return found


def estimate(model: Model, evidence: Evidence) -> dict[str, float]:
    """Metrics of all out-of-fold predictions together, averaged over seeds."""
    values = _mean(_scorers(evidence, model, None), np.ones((int(evidence.groups.max()) + 1, 1)))
    return {metric: float(value[0]) for (code, metric), value in values.items() if code == ALL}


def _scorers(evidence: Evidence, model: Model, stratum: Stratum | None) -> list[Scorer]:
    """One scorer per seed; for a stratum, of the headline metric only."""
    judged = list(model.judged.values())
    if stratum is not None:
        units = stratum.records[evidence.records]
        judged = [of_seed.part(units) for of_seed in judged]
    only = None if stratum is None else (headline(evidence.task),)
    return [scorer(evidence.task, evidence.classes, part, only) for part in judged]


def _mean(scorers: list[Scorer], weights: Doubles) -> Values:
    per_seed = [of_seed(weights) for of_seed in scorers]
    if len(per_seed) == 1:
        return per_seed[0]
    return {key: np.mean([values[key] for values in per_seed], axis=0) for key in per_seed[0]}
