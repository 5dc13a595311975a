"""The combination of networks and baselines: one more row of every table.

In each fold and seed, weights are fitted on the validation records of the fold and applied to its
test records. No test record has a part in the weights that its scores are combined with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bioseqrnn.config.choices import BASELINES, informed
from bioseqrnn.config.evaluation import ConformalConfig
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.metrics.combination import Combination, cross_fitted, fit_combination
from bioseqrnn.metrics.own_scores import combined_own
from bioseqrnn.stages.evaluation.collect import Evidence, Model, Run, flat
from bioseqrnn.stages.evaluation.derived import SELECTED
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.predictions import Predictions

COMBINED, WITHOUT_NETWORK = "combined", "combined_without_network"
KIND = "combined"
LEAST_MEMBERS = 2


@dataclass(frozen=True)
class Plan:
    """What is combined, and what the final model is.

    Attributes
    ----------
    combine : sequence of str, optional
        Networks and baselines. None: the selected network and every baseline but ``majority``.
        Empty: nothing is combined.
    final : {"combined", "network", "best"}
        What the final model is (``final.final_model``).
    error_rate : float
        Error rate of its prediction sets.
    """

    combine: Sequence[str] | None = None
    final: str = COMBINED
    error_rate: float = ConformalConfig().error_rate


DEFAULT = Plan()


@dataclass(frozen=True)
class Weighted:
    """Weights of one fold and seed, or of the final model.

    Attributes
    ----------
    model : str
        ``combined`` or ``combined_without_network``.
    fold, seed : int
    members : list of Model
    combination : Combination
    records : int
        Number of validation records that the weights were fitted on.
    """

    model: str
    fold: int
    seed: int
    members: list[Model]
    combination: Combination
    records: int


def members_of(evidence: Evidence, names: Sequence[str] | None) -> list[Model]:
    """Return the models to combine; fewer than two mean that nothing is combined.

    Parameters
    ----------
    evidence : Evidence
        With the models derived from networks.
    names : sequence of str, optional
        Names of networks and baselines. None: the selected network and every baseline but
        ``majority``, which scores all records alike.

    Raises
    ------
    InputError
        A name is unknown.
    """
    models = {model.name: model for model in evidence.models}
    networks = [model.name for model in evidence.models if model.kind == "network"]
    # a single network is selected without a row of its own
    models.setdefault(SELECTED, models[networks[0]])
    selected = models[SELECTED].name
    if names is None:
        baselines = [model.name for model in evidence.models if model.kind == "baseline"]
        names = [selected, *informed(baselines, BASELINES)]
    unknown = [name for name in names if name not in models]
    if unknown:
        raise InputError(
            f"--combine: '{unknown[0]}' is not among the predictions (given: {', '.join(models)})"
        )
    return [models[name] for name in names]


def combine_models(evidence: Evidence, members: list[Model]) -> tuple[list[Model], list[Weighted]]:
    """Make ``combined`` and, if networks and baselines are combined, ``combined_without_network``.

    Returns
    -------
    models : list of Model
    weights : list of Weighted
        Of every fold and seed.

    Raises
    ------
    InputError
        A model already has one of these names, or members predict different records.
    """
    if len(members) < LEAST_MEMBERS:
        return [], []
    plain = [model for model in members if model.kind != "network"]
    made, weights = [], []
    for name, parts in ((COMBINED, members), (WITHOUT_NETWORK, plain)):
        # a second combination needs a network that is left out, and a baseline that remains
        if name == WITHOUT_NETWORK and len(plain) in (0, len(members)):
            continue
        if any(model.name == name for model in evidence.models):
            raise InputError(
                f"model '{name}': the evaluation makes a row of this name itself "
                "(docs/evaluation.md); give the model another name"
            )
        runs, found = _combined_runs(evidence, name, parts, members)
        made.append(evidence.model(name, KIND, runs))
        weights += found
    return made, weights


def _combined_runs(
    evidence: Evidence, name: str, members: list[Model], all_members: list[Model]
) -> tuple[list[tuple[Predictions, Predictions]], list[Weighted]]:
    """Combined validation and test predictions of every fold and seed, and their weights."""
    runs, weights = [], []
    # the combination without the network is made for each seed too, so that the two stay paired
    for fold, seed in _folds_and_seeds(all_members):
        parts = [_run_of(model, fold, seed) for model in members]
        task, first = evidence.task, parts[0]
        _require_same_records(parts)
        truth = flat(first.validation.targets)
        validation = [calibrated(task, r.validation.scores, r.temperature) for r in parts]
        groups = _groups_of(evidence, first.validation)
        records = len(first.validation.ids)
        combination = fit_combination(task, truth, validation, records)
        test = [calibrated(task, run.test.scores, run.temperature) for run in parts]
        about: dict[str, Any] = {"model": name, "kind": KIND, "seed": seed}
        own = combined_own(
            task, [run.test.own for run in parts], [run.temperature for run in parts], combination
        )
        runs.append(
            (
                replace(
                    first.validation,
                    **about,
                    scores=cross_fitted(task, truth, validation, groups, records),
                ),
                replace(first.test, **about, scores=combination.scores(task, test), own=own),
            )
        )
        weights.append(Weighted(name, fold, seed, members, combination, records))
    return runs, weights


def _folds_and_seeds(members: list[Model]) -> list[tuple[int, int]]:
    """Folds and seeds that all networks have (or all members, if no network is combined)."""
    networks = [model for model in members if model.kind == "network"] or members
    found = [{(run.test.fold, run.test.seed) for run in model.runs} for model in networks]
    shared = set.intersection(*found)
    if not shared:
        names = ", ".join(model.name for model in networks)
        raise InputError(f"{names}: they have no seed in common and cannot be combined")
    return sorted(shared)


def _run_of(model: Model, fold: int, seed: int) -> Run:
    """A model's run of a fold: with this seed, or with its first one, as for a baseline."""
    runs = [run for run in model.runs if run.test.fold == fold]
    if not runs:
        raise InputError(f"{model.name}: no predictions of fold {fold}; is a fold missing?")
    return next((run for run in runs if run.test.seed == seed), runs[0])


def _require_same_records(parts: list[Run]) -> None:
    first = parts[0]
    for run in parts:
        for own, other in ((run.validation, first.validation), (run.test, first.test)):
            if own.ids != other.ids:
                raise InputError(
                    f"{own.path}: predicts other records than {other.path}; they were made with "
                    "different folds, so make both again"
                )


def _groups_of(evidence: Evidence, predictions: Predictions) -> Any:
    """Number of the homology group of each unit: int64 [units]."""
    numbers = np.array([evidence.group_of[name] for name in predictions.ids], np.int64)
    if not evidence.task.per_position:
        return numbers
    return np.repeat(numbers, predictions.targets.lengths)


def pooled(evidence: Evidence, members: list[Model]) -> tuple[Any, list[Doubles], Any, int]:
    """Validation records of all folds and seeds together, for the final model.

    Returns
    -------
    truth : int64 [units], bool [units, labels] or float64 [units]
    scores : list of float64 [units, outputs]
        Raw scores of each member.
    groups : int64 [units]
    records : int
        Number of different records.
    """
    rows = [
        [_run_of(model, fold, seed).validation for model in members]
        for fold, seed in _folds_and_seeds(members)
    ]
    truth = np.concatenate([flat(parts[0].targets) for parts in rows])
    scores = [np.concatenate([parts[k].scores for parts in rows]) for k in range(len(members))]
    groups = np.concatenate([_groups_of(evidence, parts[0]) for parts in rows])
    records = len({name for parts in rows for name in parts[0].ids})
    return truth, scores, groups, records
