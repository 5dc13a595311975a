"""Models derived from others: the nested selection, and the mean of several seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bioseqrnn.metrics.own_scores import mean_own
from bioseqrnn.stages.evaluation.collect import Evidence, Model
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.predictions import Predictions

SELECTED, ENSEMBLE = "selected", "_ensemble"
Pair = tuple[Predictions, Predictions]


def derive_models(evidence: Evidence, losses: pd.DataFrame) -> list[Model]:
    """Make ``selected`` of several networks; ``{model}_ensemble`` of each with several seeds.

    Parameters
    ----------
    losses : DataFrame
        ``model``, ``fold``, ``seed``, ``validation_loss`` of every network's kept epoch.

    Raises
    ------
    InputError
        A model already has one of these names.
    """
    networks = [model for model in evidence.models if model.kind == "network"]
    made = []
    if len(networks) > 1:
        made.append(evidence.model(SELECTED, "network", select_runs(networks, losses)))
    for model in [*networks, *made]:
        if len({run.test.seed for run in model.runs}) > 1:
            runs = mean_runs([(run.validation, run.test) for run in model.runs])
            made.append(evidence.model(model.name + ENSEMBLE, "network", runs))
    taken = {model.name for model in evidence.models} & {model.name for model in made}
    if taken:
        raise InputError(
            f"model '{min(taken)}': the evaluation adds its own row with this name "
            "(docs/evaluation.md); give the model another name"
        )
    return made


def select_runs(networks: list[Model], losses: pd.DataFrame) -> list[Pair]:
    """Choose in every fold the network with the lowest validation loss, averaged over seeds.

    This gives an unbiased score of "train all, take the best on validation": the choice in a fold
    does not use its test records. Only seeds that all networks have are used.
    """
    seeds = set.intersection(*({run.test.seed for run in model.runs} for model in networks))
    if not seeds:
        raise InputError(
            "the networks have no seed in common, so none can be selected fold by fold"
        )
    shared = losses[losses["seed"].isin(seeds)]
    order = [model.name for model in networks]
    means = shared.pivot_table(index="fold", columns="model", values="validation_loss")[order]
    runs = {
        (model.name, run.test.fold, run.test.seed): run for model in networks for run in model.runs
    }
    chosen = []
    for fold, best in zip(means.index.tolist(), means.idxmin(axis=1).tolist(), strict=True):
        for seed in sorted(seeds):
            run = runs[str(best), fold, seed]
            chosen.append((run.validation, run.test))
    return chosen


def mean_runs(pairs: list[Pair]) -> list[Pair]:
    """Mean over the seeds of each fold; the result is labelled with the first seed."""
    by_fold: dict[int, list[Pair]] = {}
    for pair in pairs:
        by_fold.setdefault(pair[1].fold, []).append(pair)
    seed = min(pair[1].seed for pair in pairs)
    return [
        (_mean([pair[0] for pair in of_fold], seed), _mean([pair[1] for pair in of_fold], seed))
        for of_fold in by_fold.values()
    ]


def _mean(parts: list[Predictions], seed: int) -> Predictions:
    if any(part.ids != parts[0].ids for part in parts):
        raise InputError(
            f"{parts[0].path}: its records differ from those of another seed of this fold"
        )
    scores = np.mean([part.scores for part in parts], axis=0)
    own = mean_own([part.own for part in parts])
    return replace(parts[0], seed=seed, scores=scores, own=own)
