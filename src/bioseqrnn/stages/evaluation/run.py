"""The evaluation job: prediction tables in, tables and the selection out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from bioseqrnn.metrics.numbers import brief, rounded
from bioseqrnn.metrics.registry import headline
from bioseqrnn.metrics.scorers import ALL
from bioseqrnn.metrics.thresholds import Aim
from bioseqrnn.stages.evaluation import pictures, tables
from bioseqrnn.stages.evaluation.collect import NO_AIM, Evidence, collect
from bioseqrnn.stages.evaluation.combine import DEFAULT, Plan, combine_models, members_of
from bioseqrnn.stages.evaluation.conformal import conformal_limits, conformal_table
from bioseqrnn.stages.evaluation.derived import SELECTED, derive_models
from bioseqrnn.stages.evaluation.estimates import Estimates, score_models
from bioseqrnn.stages.evaluation.final import final_model, network_calibration
from bioseqrnn.stages.evaluation.select import select_model
from bioseqrnn.stages.evaluation.strata import read_strata
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import write_json
from bioseqrnn.tables.curves import write_curves
from bioseqrnn.tables.declared import evaluation as declared


def evaluate_models(
    predictions: list[Path],
    folds: Path,
    output: Path,
    *,
    replicates: int,
    confidence: float,
    seed: int,
    sequences: Path | None = None,
    aim: Aim = NO_AIM,
    plan: Plan = DEFAULT,
) -> None:
    """Evaluate networks and baselines of one dataset.

    Parameters
    ----------
    predictions : list of Path
        ``predictions.parquet`` of every network and baseline, fold and seed; that of a network is
        in one folder with its ``model.safetensors`` and ``history.tsv``.
    folds : Path
    output : Path
        Folder for the tables and ``selected.json``.
    replicates : int
        Number of bootstrap replicates.
    confidence : float
        Confidence level of the intervals, 0 to 1.
    seed : int
        Seed of the bootstrap, and of the draw of a record a group for prediction sets.
    sequences : Path, optional
        ``sequences.parquet``, for the strata; without it there are none.
    aim : Aim
        Aim of the thresholds.
    plan : Plan
        What is combined, and what the final model is.
    """
    evidence = collect(predictions, folds, aim)
    networks = [model for model in evidence.models if model.kind == "network"]
    if not networks:
        raise InputError("there is no network among the prediction tables, so none can be selected")
    files = [run.test.path.with_name("model.safetensors") for m in networks for run in m.runs]
    selected, histories, losses = select_model(files)
    evidence.models[len(networks) : len(networks)] = derive_models(evidence, losses)
    members = members_of(evidence, plan.combine)
    combined, weights = combine_models(evidence, members)
    # the answer first, then what it is made of
    evidence.models[:0] = combined
    strata = read_strata(sequences, evidence) if sequences is not None else []
    # otherwise BLAS uses every core, including those of other jobs
    with threadpool_limits(1):
        scores = score_models(evidence, strata, replicates, seed)
    selected |= _described(evidence, selected["model"], scores)
    chosen = final_model(evidence, members, selected["model"], plan.final)
    selected["final"] = chosen | {
        "metrics": _metrics(scores, chosen["row"]),
        "conformal": conformal_limits(evidence, chosen["row"], plan.error_rate, seed),
    }

    frames = {
        declared.RUNS: tables.runs_table(evidence),
        declared.SUMMARY: tables.summary_table(evidence, scores, confidence),
        declared.COMPARISONS: tables.comparisons_table(evidence, scores, confidence),
        declared.CLASSES: tables.classes_table(evidence, scores, confidence),
        declared.TEMPERATURES: tables.temperatures_table(evidence),
        declared.THRESHOLDS: tables.thresholds_table(evidence),
        declared.WEIGHTS: tables.weights_table(weights),
        declared.CONFORMAL: conformal_table(evidence, chosen["row"], plan.error_rate, seed),
        declared.STRATA: tables.strata_table(evidence, strata, scores, confidence),
        declared.CALIBRATION: pictures.calibration_table(evidence),
        declared.CONFUSION: pictures.confusion_table(evidence),
        declared.HISTORIES: histories,
    }
    curves = pictures.curves_table(evidence)
    with together():
        for table, frame in frames.items():
            table.write(output / table.file, frame)
        write_curves(output / declared.CURVES.file, curves, evidence.classes)
        write_json(output / declared.SELECTED.file, selected)
    _say_headlines(evidence, frames[declared.SUMMARY])
    say(f"selected network: {selected['model']} ({selected['criterion']})")
    say(f"final model: {chosen['name']} ({chosen['criterion']})")


def _described(evidence: Evidence, chosen: str, scores: Estimates) -> dict[str, Any]:
    """Content of ``selected.json`` in addition to the choice itself."""
    models = {model.name: model for model in evidence.models}
    return {
        "task": evidence.task.name,
        "headline": headline(evidence.task),
        "row": SELECTED if SELECTED in models else chosen,
        "metrics": _metrics(scores, chosen),
    } | network_calibration(evidence, models[chosen])


def _metrics(scores: Estimates, model: str) -> dict[str, float]:
    """Metrics of all records by a model, without those that are undefined."""
    return {
        name: rounded(value)
        for (code, name), value in scores.estimates[model].items()
        if code == ALL and np.isfinite(value)
    }


def _say_headlines(evidence: Evidence, summary: pd.DataFrame) -> None:
    metric = headline(evidence.task)
    for row in summary[summary["metric"] == metric].to_dict("records"):
        ends = f"{brief(row['ci_low'])}, {brief(row['ci_high'])}"
        say(f"{row['model']}: {metric} {brief(row['estimate'])} [{ends}]")
