"""The evaluation's tables, one function a table."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from bioseqrnn.evaluation.bootstrap import interval, replicate, two_sided_p
from bioseqrnn.evaluation.collect import Evidence, Model
from bioseqrnn.evaluation.metrics import (
    METRICS,
    Doubles,
    confusion,
    ranking_curve,
    weighted_metrics,
)

CURVE_POINTS = 400
CALIBRATION_BINS = 10
Replicates = dict[str, dict[str, Doubles]]


def runs_table(evidence: Evidence) -> pd.DataFrame:
    """``runs.tsv``: every metric on the test records of every model, fold and seed."""
    rows = []
    for model in evidence.models:
        for run in sorted(model.runs, key=lambda run: (run.fold, run.seed)):
            once = np.ones((1, len(run.ids)))
            values = weighted_metrics(run.targets, run.scores, once)
            rows += [
                (
                    model.name,
                    model.kind,
                    run.fold,
                    run.seed,
                    metric,
                    values[metric][0],
                    len(run.ids),
                )
                for metric in METRICS
            ]
    columns = ["model", "kind", "fold", "seed", "metric", "estimate", "n"]
    return pd.DataFrame(rows, columns=columns)


def _mean_over_seeds(model: Model, evidence: Evidence, weights: Doubles) -> dict[str, Doubles]:
    per_seed = [
        weighted_metrics(evidence.targets, probability, weights)
        for probability in model.probability.values()
    ]
    return {metric: np.mean([values[metric] for values in per_seed], axis=0) for metric in METRICS}


def estimate(model: Model, evidence: Evidence) -> dict[str, float]:
    """Metrics over all out-of-fold predictions together, averaged over seeds."""
    once = np.ones((1, len(evidence.targets)))
    return {name: float(v[0]) for name, v in _mean_over_seeds(model, evidence, once).items()}


def replicates(evidence: Evidence, count: int, seed: int) -> Replicates:
    """Bootstrap replicates {model: {metric: float64 [count]}}, paired over models."""
    drawn = replicate(evidence.groups, count, seed, partial(_of_all_models, evidence))
    return {
        model.name: {metric: drawn[model.name, metric] for metric in METRICS}
        for model in evidence.models
    }


def _of_all_models(evidence: Evidence, weights: Doubles) -> dict[tuple[str, str], Doubles]:
    """Metrics by model and metric, so that replicates are drawn once for all models."""
    return {
        (model.name, metric): values
        for model in evidence.models
        for metric, values in _mean_over_seeds(model, evidence, weights).items()
    }


def summary_table(evidence: Evidence, drawn: Replicates, confidence: float) -> pd.DataFrame:
    """``summary.tsv``: every metric of every model with its interval."""
    rows = []
    for model in evidence.models:
        values = estimate(model, evidence)
        for metric in METRICS:
            low, high = interval(drawn[model.name][metric], confidence)
            n = len(evidence.targets)
            rows.append((model.name, model.kind, metric, values[metric], low, high, n))
    columns = ["model", "kind", "metric", "estimate", "ci_low", "ci_high", "n"]
    return pd.DataFrame(rows, columns=columns)


def comparisons_table(evidence: Evidence, drawn: Replicates, confidence: float) -> pd.DataFrame:
    """``comparisons.tsv``: every network minus every baseline, on the same replicates."""
    networks = [model for model in evidence.models if model.kind == "network"]
    baselines = [model for model in evidence.models if model.kind == "baseline"]
    values = {model.name: estimate(model, evidence) for model in evidence.models}
    rows = []
    for network in networks:
        for baseline in baselines:
            for metric in METRICS:
                difference = drawn[network.name][metric] - drawn[baseline.name][metric]
                low, high = interval(difference, confidence)
                point = values[network.name][metric] - values[baseline.name][metric]
                p = two_sided_p(difference)
                rows.append((network.name, baseline.name, metric, point, low, high, p))
    columns = ["model", "baseline", "metric", "difference", "ci_low", "ci_high", "p"]
    return pd.DataFrame(rows, columns=columns)


def confusion_table(evidence: Evidence) -> pd.DataFrame:
    """``confusion.tsv``: records of each true and called class, mean over seeds."""
    once = np.ones((1, len(evidence.targets)))
    rows = []
    for model in evidence.models:
        counts = np.mean(
            [
                confusion(evidence.targets, p.argmax(axis=1), len(evidence.classes), once)[0]
                for p in model.probability.values()
            ],
            axis=0,
        )
        for i, target in enumerate(evidence.classes):
            for j, called in enumerate(evidence.classes):
                rows.append((model.name, model.kind, target, called, counts[i, j]))
    return pd.DataFrame(rows, columns=["model", "kind", "target", "called", "count"])


def calibration_table(evidence: Evidence) -> pd.DataFrame:
    """``calibration.tsv``: how often the called class is right, by its stated probability."""
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    rows = []
    for model in evidence.models:
        stacked = np.concatenate(list(model.probability.values()))
        truth = np.tile(evidence.targets, len(model.probability))
        stated, right = stacked.max(axis=1), stacked.argmax(axis=1) == truth
        bins = np.clip(np.digitize(stated, edges) - 1, 0, CALIBRATION_BINS - 1)
        for k in range(CALIBRATION_BINS):
            inside = bins == k
            if inside.any():
                rows.append(
                    (
                        model.name, model.kind, edges[k], edges[k + 1], int(inside.sum()),
                        stated[inside].mean(), right[inside].mean(),
                    )
                )  # fmt: skip
    columns = ["model", "kind", "bin_low", "bin_high", "count", "stated", "observed"]
    return pd.DataFrame(rows, columns=columns)


def curves_table(evidence: Evidence) -> pd.DataFrame:
    """``curves.parquet``: ROC (x false, y true positive rate) and PR (x recall, y precision).

    For the positive class of two, or each class against the rest; the first seed's predictions;
    about 400 points a curve.
    """
    parts = []
    codes = [1] if len(evidence.classes) == 2 else range(len(evidence.classes))
    once = np.ones((1, len(evidence.targets)))
    for model in evidence.models:
        seed = min(model.probability)
        for code in codes:
            hits, false, thresholds = ranking_curve(
                evidence.targets == code, model.probability[seed][:, code], once
            )
            tpr, fpr = hits[0] / hits[0, -1], false[0] / false[0, -1]
            precision = hits[0] / (hits[0] + false[0])
            keep = np.unique(np.linspace(0, len(tpr) - 1, CURVE_POINTS).round().astype(int))
            for curve, x, y in (("roc", fpr, tpr), ("pr", tpr, precision)):
                start = (0.0, 0.0) if curve == "roc" else (0.0, precision[0])
                parts.append(
                    pd.DataFrame(
                        {
                            "model": model.name,
                            "kind": model.kind,
                            "class": evidence.classes[code],
                            "curve": curve,
                            "x": np.append(start[0], x[keep]),
                            "y": np.append(start[1], y[keep]),
                            "threshold": np.append(np.inf, thresholds[keep]),
                        }
                    )
                )
    return pd.concat(parts, ignore_index=True)
