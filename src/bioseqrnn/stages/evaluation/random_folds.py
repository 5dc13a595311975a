"""Scores on random folds, compared with grouped folds: ``random_folds.tsv``."""

from __future__ import annotations

from pathlib import Path

from threadpoolctl import threadpool_limits

from bioseqrnn.metrics.registry import random_row
from bioseqrnn.stages.evaluation.collect import collect
from bioseqrnn.stages.evaluation.estimates import estimate
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.evaluation import RANDOM_FOLDS


def compare_random_folds(
    predictions: list[Path],
    folds: Path,
    random_predictions: list[Path],
    random_folds: Path,
    output: Path,
) -> None:
    """Score the same models on grouped and on random folds, all records together.

    Raises
    ------
    InputError
        The two sets of predictions are not of the same models or records.
    """
    with threadpool_limits(1):
        grouped, n = _estimates(predictions, folds)
        random, at_random = _estimates(random_predictions, random_folds)
    lone = {model for model, *_ in grouped.keys() ^ random.keys()}
    if lone or n != at_random:
        raise InputError(
            f"{random_folds}: models or records differ from those of {folds} "
            f"({', '.join(sorted(lone)) or f'{at_random} records instead of {n}'}); give "
            "predictions of the same models and records for both"
        )
    rows = [(*key, value, random[key], random[key] - value, n) for key, value in grouped.items()]
    RANDOM_FOLDS.write(output, RANDOM_FOLDS.frame(rows))
    say(f"{len(rows)} scores on random and on grouped folds, of {n:,} records")


def _estimates(
    predictions: list[Path], folds: Path
) -> tuple[dict[tuple[str, str, str], float], int]:
    """Estimates by model, kind and metric, and the number of test records."""
    evidence = collect(predictions, folds)
    found = {
        (model.name, model.kind, metric): value
        for model in evidence.models
        for metric, value in sorted(
            estimate(model, evidence).items(), key=lambda found: random_row(found[0])
        )
    }
    return found, len(evidence.groups)
