"""What the final model is: the combination, or a single method, and how its scores are read."""

from __future__ import annotations

from typing import Any

import numpy as np

from bioseqrnn.baselines.methods import agreed
from bioseqrnn.metrics.calibration import calibrated, fit_temperature
from bioseqrnn.metrics.combination import Combination, cross_fitted, fit_combination
from bioseqrnn.metrics.numbers import rounded
from bioseqrnn.metrics.thresholds import choose_thresholds, rarer, share_called
from bioseqrnn.stages.evaluation.collect import Evidence, Model, flat
from bioseqrnn.stages.evaluation.combine import COMBINED, LEAST_MEMBERS, pooled
from bioseqrnn.stages.evaluation.derived import SELECTED
from bioseqrnn.stages.evaluation.learning_curve import unit_scores
from bioseqrnn.support.arrays import Doubles

CRITERION = "lowest mean loss on the validation records, after calibration"
WITHIN = (
    "rule that takes the combination unless the validation loss of a member is lower by more than "
    "one standard error"
)
# a kind of model, and a choice of the setting ``final``
NETWORK = "network"


def final_model(
    evidence: Evidence, members: list[Model], network: str, wanted: str
) -> dict[str, Any]:
    """Choose the final model on validation records, and fit its weights, temperature, thresholds.

    Parameters
    ----------
    evidence : Evidence
        With ``combined``, if members are combined.
    members : list of Model
        Models that are combined; the selected network among them may be the row ``selected``.
    network : str
        Name of the selected network, which stands for the row ``selected``.
    wanted : {"combined", "network", "best"}
        ``combined``: the combination, unless the validation loss of the best member is lower by
        more than one standard error of the difference (the best of several members on few records
        is partly luck; Breiman et al., Classification and Regression Trees, 1984); ``best``: the
        best member; ``network``: the selected network.

    Returns
    -------
    dict
        ``name``, ``criterion``, ``candidates`` (``name``, ``validation_loss``), ``members``
        (``name``, ``kind``, ``weight``, ``temperature``, ``settings``) and the entries of
        ``calibration_of``.
    """
    models = {model.name: model for model in evidence.models}
    procedure = models.get(SELECTED, models[network])
    parts = list(members) if len(members) >= LEAST_MEMBERS else [procedure]
    if wanted == NETWORK:
        parts = [procedure]
    losses = {model.name: validation_losses(evidence, model) for model in parts}
    name, criterion = min(losses, key=lambda member: losses[member].mean()), CRITERION
    if wanted == COMBINED and COMBINED in models:
        together = validation_losses(evidence, models[COMBINED])
        if not _clearly_lower(losses[name], together):
            name, criterion = COMBINED, WITHIN
        losses[COMBINED] = together
    truth, raw, groups, records = pooled(evidence, parts)
    task = evidence.task
    temperatures = [fit_temperature(task, truth, scores) for scores in raw]
    scores = [calibrated(task, s, t) for s, t in zip(raw, temperatures, strict=True)]
    if name == COMBINED:
        combination = fit_combination(task, truth, scores, records)
        total = cross_fitted(task, truth, scores, groups, records)
    else:
        chosen = np.array([float(part.name == name) for part in parts])
        combination = Combination(chosen, float(np.mean(truth)) if not task.probabilistic else 0.0)
        total = combination.scores(task, scores)
    return {
        "name": network if name == SELECTED else name,
        "row": name,
        "criterion": criterion,
        "candidates": [
            {"name": key, "validation_loss": rounded(float(value.mean()))}
            for key, value in losses.items()
        ],
        "members": [
            {
                "name": network if part.name == SELECTED else part.name,
                "kind": part.kind,
                "weight": rounded(float(weight)),
                "temperature": rounded(temperature) if task.probabilistic else None,
                "settings": _agreed(part),
            }
            for part, weight, temperature in zip(
                parts, combination.weights, temperatures, strict=True
            )
        ],
        "centre": combination.centre,
    } | calibration_of(evidence, truth, total)


def _agreed(model: Model) -> dict[str, Any]:
    """Settings for a fit to all records; {} for a network, which has them in another place."""
    if model.kind == NETWORK:
        return {}
    return agreed([run.test.chosen for run in model.runs])


def validation_losses(evidence: Evidence, model: Model) -> Doubles:
    """Loss of each validation record after calibration: float64 [records].

    Records in the order of their ids; means over the residues of a record, and over the folds and
    seeds in which it validates. The scores of ``combined`` are cross-fitted, so that its losses are
    not too low.
    """
    sums: dict[str, list[float]] = {}
    for run in model.runs:
        scores = calibrated(evidence.task, run.validation.scores, run.temperature)
        losses, _ = unit_scores(evidence.task, run.validation.targets, scores)
        if evidence.task.per_position:
            starts = run.validation.targets.offsets[:-1]
            losses = np.add.reduceat(losses, starts) / run.validation.targets.lengths
        for name, loss in zip(run.validation.ids, losses.tolist(), strict=True):
            sums.setdefault(name, []).append(loss)
    return np.array([np.mean(sums[name]) for name in sorted(sums)])


def _clearly_lower(one: Doubles, other: Doubles) -> bool:
    """Whether losses are lower than others of the same records by more than a standard error."""
    apart = other - one
    error = apart.std(ddof=1) / np.sqrt(len(apart)) if len(apart) > 1 else 0.0
    return bool(apart.mean() > error)


def network_calibration(evidence: Evidence, model: Model) -> dict[str, Any]:
    """``calibration_of`` a network, from the validation records of all its runs."""
    truth = np.concatenate([flat(run.validation.targets) for run in model.runs])
    return calibration_of(
        evidence, truth, np.concatenate([run.validation.scores for run in model.runs])
    )


def calibration_of(evidence: Evidence, truth: Any, scores: Doubles) -> dict[str, Any]:
    """Temperature and thresholds of a final model, from scores of the validation records.

    They come from other models than the one that will use them, so ``called`` and ``positives``
    are stored with them (``own_scores.hold_thresholds``).

    Returns
    -------
    dict
        ``temperature`` (None in regression), ``thresholds`` (by class), ``called`` (by class, the
        fraction of these records that reach the threshold; None if none could be chosen),
        ``positives`` (by class, how many of these records have it, or do not have it, whichever is
        fewer) and ``aim``.
    """
    task, aim = evidence.task, evidence.aim
    temperature = fit_temperature(task, truth, scores)
    thresholds: dict[str, float] = {}
    called: dict[str, float | None] = {}
    positives: dict[str, int] = {}
    if aim.name != "none":
        labels = evidence.classes[1:] if task.two_classes else evidence.classes
        scores = calibrated(task, scores, temperature)
        chosen, reached = choose_thresholds(task, truth, scores, aim)
        shares = share_called(task, scores, chosen, reached)
        counts = rarer(task, truth)
        for k, name in enumerate(labels):
            thresholds[name] = rounded(float(chosen[k]))
            called[name] = None if np.isnan(shares[k]) else float(shares[k])
            positives[name] = int(counts[k])
    return {
        "temperature": round(temperature, 6) if task.probabilistic else None,
        "thresholds": thresholds,
        "called": called,
        "positives": positives,
        "aim": aim.name,
    }
