"""Tables for the figures: confusion, reliability, ROC and precision-recall."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.metrics.formulas import CALIBRATION_BINS, bin_of, called_labels
from bioseqrnn.metrics.ranking import curve
from bioseqrnn.metrics.tallies import Judged
from bioseqrnn.stages.evaluation.collect import Evidence, Model
from bioseqrnn.support.arrays import Bools, Doubles
from bioseqrnn.tables.curves import no_curves
from bioseqrnn.tables.declared.evaluation import CALIBRATION, CONFUSION

CURVE_POINTS = 400
NO, YES = "no", "yes"


def confusion_table(evidence: Evidence) -> pd.DataFrame:
    """``confusion.tsv``: number of units by true and called class, mean over seeds."""
    rows: list[tuple[Any, ...]] = []
    for model in evidence.models:
        seeds = list(model.judged.values())
        if not evidence.task.probabilistic:
            continue
        for at_threshold in (False, True):
            if at_threshold and seeds[0].called is None:
                continue
            counts = np.mean([_counts(evidence, judged, at_threshold) for judged in seeds], axis=0)
            several = not evidence.task.exclusive
            names = [NO, YES] if several else evidence.classes
            labels = evidence.classes if several else [""]
            for k, label in enumerate(labels):
                for i, j in product(range(len(names)), repeat=2):
                    row = (model.name, model.kind, names[i], names[j], counts[k, i, j], label)
                    rows.append((*row, at_threshold))
    return CONFUSION.frame(rows)


def _counts(evidence: Evidence, judged: Judged, at_threshold: bool) -> Doubles:
    """Counts [labels, true, called]; with one class per unit, labels is 1."""
    if not evidence.task.exclusive:
        called = judged.called if at_threshold else called_labels(judged.scores)
        labels = range(len(evidence.classes))
        return np.stack([_cells(judged.truth[:, k], called[:, k], 2) for k in labels])  # type: ignore[index]
    if at_threshold and judged.called is not None:
        return _cells(judged.truth, judged.called[:, 0], 2)[None]
    return _cells(judged.truth, judged.scores.argmax(axis=1), len(evidence.classes))[None]


def _cells(truth: Any, called: Any, classes: int) -> Doubles:
    counts = np.bincount(truth * classes + called, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.float64)


def calibration_table(evidence: Evidence) -> pd.DataFrame:
    """``calibration.tsv``: observed frequency of an event, by its predicted probability.

    The event is that the called class is the true one; in multilabel, that a record has a label.
    """
    rows: list[tuple[Any, ...]] = []
    for model in evidence.models if evidence.task.probabilistic else []:
        for after in (False, True):
            pairs = [
                _stated(judged.truth, judged.scores if after else judged.raw)
                for judged in model.judged.values()
            ]
            stated, right = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
            place = bin_of(stated)
            count = np.bincount(place, minlength=CALIBRATION_BINS)
            sums = [np.bincount(place, part, CALIBRATION_BINS) for part in (stated, right)]
            rows += [
                (
                    model.name, model.kind, k / CALIBRATION_BINS, (k + 1) / CALIBRATION_BINS,
                    int(count[k]), sums[0][k] / count[k], sums[1][k] / count[k], after,
                )
                for k in np.flatnonzero(count)
            ]  # fmt: skip
    return CALIBRATION.frame(rows)


def _stated(truth: Any, scores: Doubles) -> tuple[Doubles, Bools]:
    """Predicted probability of each unit, or unit and label, and whether the event is true."""
    if truth.ndim == 2:
        return scores.ravel(), truth.ravel()
    return scores.max(axis=1), scores.argmax(axis=1) == truth


def curves_table(evidence: Evidence) -> pd.DataFrame:
    """``curves.parquet``: ROC (x false, y true positive rate) and PR (x recall, y precision).

    For the positive class of two, each class against the rest, or each label; from the predictions
    of the first seed; about 400 points per curve.
    """
    codes = [1] if evidence.task.two_classes else range(len(evidence.classes))
    parts = [
        part
        for model in evidence.models
        for code in (codes if evidence.task.probabilistic else [])
        for part in _curves(evidence, model, code)
    ]
    return pd.concat(parts, ignore_index=True) if parts else no_curves()


def _curves(evidence: Evidence, model: Model, code: int) -> list[pd.DataFrame]:
    """Both curves of one class; none if no unit, or every unit, is of the class."""
    judged = model.judged[min(model.judged)]
    truth = judged.truth
    positive = truth[:, code] if truth.ndim == 2 else truth == code
    if positive.all() or not positive.any():
        return []
    hits, false, thresholds = curve(positive, judged.scores[:, code])
    tpr, fpr = hits / hits[-1], false / false[-1]
    precision = hits / (hits + false)
    keep = np.unique(np.linspace(0, len(tpr) - 1, CURVE_POINTS).round().astype(int))
    head = {"model": model.name, "kind": model.kind, "class": evidence.classes[code]}
    return [
        pd.DataFrame(
            head
            | {
                "curve": name,
                "x": np.append(0.0, x[keep]),
                "y": np.append(start, y[keep]),
                "threshold": np.append(np.inf, thresholds[keep]),
            }
        )
        for name, x, y, start in (("roc", fpr, tpr, 0.0), ("pr", tpr, precision, precision[0]))
    ]
