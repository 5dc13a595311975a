"""The tables of scores, one function per table; their columns are declared in ``tables``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bioseqrnn.metrics.bootstrap import holm, interval, two_sided_p
from bioseqrnn.metrics.delong import Placements, delong, placements
from bioseqrnn.metrics.registry import OF_CALLS, PER_CLASS, headline, metrics_of
from bioseqrnn.metrics.scorers import ALL, scorer
from bioseqrnn.metrics.thresholds import call_metrics, positives_of
from bioseqrnn.stages.evaluation.collect import Evidence, judge
from bioseqrnn.stages.evaluation.combine import COMBINED, Weighted
from bioseqrnn.stages.evaluation.estimates import Estimates
from bioseqrnn.stages.evaluation.strata import Stratum
from bioseqrnn.tables.declared.evaluation import (
    CLASSES,
    COMPARISONS,
    RUNS,
    STRATA,
    SUMMARY,
    TEMPERATURES,
    THRESHOLDS,
    WEIGHTS,
)

# DeLong's test assumes independent records: smallest fraction of groups with a single record
LEAST_SINGLE = 0.9
AUROC = "auroc"


def metric_names(evidence: Evidence) -> tuple[str, ...]:
    """Metrics of the tables, in their order."""
    return metrics_of(evidence.task, thresholds=evidence.aim.name != "none")


def runs_table(evidence: Evidence) -> pd.DataFrame:
    """``runs.tsv``: every metric on the test records of every model, fold and seed."""
    rows = []
    for model in evidence.models:
        for run in sorted(model.runs, key=lambda run: (run.test.fold, run.test.seed)):
            judged = judge(evidence.task, run)
            values = scorer(evidence.task, evidence.classes, judged)(np.ones((1, 1)))
            head = (model.name, model.kind, run.test.fold, run.test.seed)
            rows += [
                (*head, metric, float(values[ALL, metric][0]), len(judged.scores))
                for metric in metric_names(evidence)
            ]
    return RUNS.frame(rows)


def summary_table(evidence: Evidence, scores: Estimates, confidence: float) -> pd.DataFrame:
    """``summary.tsv``: every metric of every model with its interval."""
    rows = []
    for model in evidence.models:
        for metric in metric_names(evidence):
            value = scores.estimates[model.name][ALL, metric]
            low, high = interval(scores.replicates[model.name][ALL, metric], confidence)
            rows.append((model.name, model.kind, metric, value, low, high, evidence.n))
    return SUMMARY.frame(rows)


def classes_table(evidence: Evidence, scores: Estimates, confidence: float) -> pd.DataFrame:
    """``classes.tsv``: each class against the rest, or each label; with two, the positive one."""
    rows = []
    codes = range(len(evidence.classes)) if evidence.task.probabilistic else range(0)
    for model in evidence.models:
        estimates, drawn = scores.estimates[model.name], scores.replicates[model.name]
        for code in codes:
            held = evidence.truth[:, code] if evidence.truth.ndim == 2 else evidence.truth == code
            for metric in PER_CLASS:
                if (code, metric) not in estimates:
                    continue
                low, high = interval(drawn[code, metric], confidence)
                rows.append(
                    (
                        model.name, model.kind, evidence.classes[code], metric,
                        estimates[code, metric], low, high, evidence.n, int(held.sum()),
                    )
                )  # fmt: skip
    return CLASSES.frame(rows)


def comparisons_table(evidence: Evidence, scores: Estimates, confidence: float) -> pd.DataFrame:
    """``comparisons.tsv``: differences of two models on the same records.

    Every network minus every baseline; and the combination minus what it is made of and minus the
    combination without the network. p is corrected within each of these two questions.
    """
    tables = [
        _compared(evidence, scores, confidence, pairs)
        for pairs in (_networks_and_baselines(evidence), _combined_and_others(evidence))
    ]
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def _networks_and_baselines(evidence: Evidence) -> list[tuple[str, str]]:
    networks = [model.name for model in evidence.models if model.kind == "network"]
    baselines = [model.name for model in evidence.models if model.kind == "baseline"]
    return [(network, baseline) for network in networks for baseline in baselines]


def _combined_and_others(evidence: Evidence) -> list[tuple[str, str]]:
    names = [model.name for model in evidence.models]
    if COMBINED not in names:
        return []
    return [(COMBINED, name) for name in names if name != COMBINED]


def _compared(
    evidence: Evidence, scores: Estimates, confidence: float, pairs: list[tuple[str, str]]
) -> pd.DataFrame:
    """Differences of some pairs of models in every metric, with p corrected for these pairs."""
    placed = _placements(evidence) if pairs else {}
    rows = []
    for one, other in pairs:
        for metric in metric_names(evidence):
            key = (ALL, metric)
            apart = scores.replicates[one][key] - scores.replicates[other][key]
            low, high = interval(apart, confidence)
            p, test = two_sided_p(apart), "bootstrap"
            if metric == AUROC and placed:
                low, high, p = delong(placed[one], placed[other], confidence)
                test = "delong"
            point = scores.estimates[one][key] - scores.estimates[other][key]
            rows.append((one, other, metric, point, low, high, p, test, np.nan))
    table = COMPARISONS.frame(rows)
    for _, of_metric in table.groupby("metric"):
        table.loc[of_metric.index, "p_adjusted"] = holm(of_metric["p"].to_numpy(np.float64))
    return table


def _placements(evidence: Evidence) -> dict[str, Placements]:
    """Placement values of all models, if DeLong's test is applicable."""
    sizes = np.bincount(evidence.groups)
    single = (sizes == 1).sum() >= LEAST_SINGLE * len(sizes)
    if not evidence.task.two_classes or not single or len(np.unique(evidence.truth)) < 2:
        return {}
    return {
        model.name: placements(
            evidence.truth == 1, [judged.scores[:, 1] for judged in model.judged.values()]
        )
        for model in evidence.models
    }


def temperatures_table(evidence: Evidence) -> pd.DataFrame:
    """``temperatures.tsv``: temperature of each run, and number of units it was fitted on."""
    rows = [
        (
            model.name, model.kind, run.test.fold, run.test.seed, run.temperature,
            len(run.validation.scores),
        )
        for model in evidence.models
        for run in model.runs
        if evidence.task.probabilistic
    ]  # fmt: skip
    return TEMPERATURES.frame(rows)


def weights_table(weights: list[Weighted]) -> pd.DataFrame:
    """``weights.tsv``: the weight of each method in the combination, by fold and seed."""
    rows = []
    for found in weights:
        total = found.combination.weights.sum()
        for member, weight in zip(found.members, found.combination.weights, strict=True):
            share = weight / total if total > 0 else 0.0
            rows.append(
                (
                    found.model, found.fold, found.seed, member.name, member.kind, weight, share,
                    found.records,
                )
            )  # fmt: skip
    return WEIGHTS.frame(rows)


def thresholds_table(evidence: Evidence) -> pd.DataFrame:
    """``thresholds.tsv``: thresholds from validation records, and their effect on test records."""
    rows = []
    task, classes = evidence.task, evidence.classes
    labels = classes[1:] if task.two_classes else classes
    for model in evidence.models:
        for run in model.runs:
            if run.thresholds is None or run.reached is None:
                continue
            judged = judge(task, run)
            assert judged.called is not None
            positive, _ = positives_of(task, judged.truth, judged.scores)
            found = call_metrics(positive.T, judged.called.T)
            for k, label in enumerate(labels):
                rows.append(
                    (
                        model.name, model.kind, run.test.fold, run.test.seed, label,
                        evidence.aim.name, run.thresholds[k], run.reached[k], len(positive),
                        *(found[name][k] for name in OF_CALLS),
                    )
                )  # fmt: skip
    return THRESHOLDS.frame(rows)


def strata_table(
    evidence: Evidence, strata: list[Stratum], scores: Estimates, confidence: float
) -> pd.DataFrame:
    """``strata.tsv``: the headline metric of every model in each stratum."""
    metric = headline(evidence.task)
    rows = []
    for model in evidence.models:
        for number, part in enumerate(strata):
            value, drawn = scores.strata[model.name, number]
            rows.append(
                (
                    model.name, model.kind, part.kind, part.bin, part.low, part.high, metric, value,
                    *interval(drawn, confidence), int(part.records.sum()),
                )
            )  # fmt: skip
    return STRATA.frame(rows)
