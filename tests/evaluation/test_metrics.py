"""Every metric against scikit-learn's, with weights and ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from bioseqrnn.evaluation.metrics import METRICS, weighted_metrics


@st.composite
def predictions(draw, classes):
    n = draw(st.integers(3 * classes, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    targets = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    # few distinct values, so that scores tie
    raw = rng.integers(1, 6, (n, classes)).astype(float)
    weights = rng.integers(0, 4, n).astype(float)
    weights[:classes] = 1
    return targets, raw / raw.sum(axis=1, keepdims=True), weights


def reference(targets, p, w):
    classes = p.shape[1]
    called = p.argmax(axis=1)
    binary = classes == 2
    score = p[:, 1] if binary else p
    one_hot = np.eye(classes)[targets]
    columns = [1] if binary else range(classes)
    squared = ((p - one_hot) ** 2).sum(axis=1) / (2 if binary else 1)
    auroc = [sk.roc_auc_score(targets == c, p[:, c], sample_weight=w) for c in columns]
    auprc = [sk.average_precision_score(targets == c, p[:, c], sample_weight=w) for c in columns]
    if binary:
        assert sk.brier_score_loss(targets, score, sample_weight=w) == pytest.approx(
            np.average(squared, weights=w)
        )
    f1 = {"average": "binary"} if binary else {"average": "macro", "labels": range(classes)}
    return {
        "accuracy": sk.accuracy_score(targets, called, sample_weight=w),
        "balanced_accuracy": sk.balanced_accuracy_score(targets, called, sample_weight=w),
        "mcc": sk.matthews_corrcoef(targets, called, sample_weight=w),
        "auroc": np.mean(auroc),
        "auprc": np.mean(auprc),
        "f1": sk.f1_score(targets, called, sample_weight=w, zero_division=0, **f1),
        "brier": np.average(squared, weights=w),
        "log_loss": sk.log_loss(targets, p, sample_weight=w, labels=range(classes)),
    }


@pytest.mark.parametrize("classes", [2, 3, 5])
@given(data=st.data())
@settings(deadline=None)
def test_metrics_are_scikit_learns(classes, data):
    targets, p, w = data.draw(predictions(classes))
    ours = weighted_metrics(targets, p, np.stack([np.ones(len(w)), w]))
    for row, weights in enumerate((np.ones(len(w)), w)):
        expected = reference(targets, p, weights)
        assert set(expected) == set(METRICS)
        for name in METRICS:
            assert ours[name][row] == pytest.approx(expected[name], abs=1e-12), name


def test_always_one_class_has_no_skill():
    targets = np.array([0] * 98 + [1] * 2)
    p = np.tile([0.9, 0.1], (100, 1))
    values = {k: v[0] for k, v in weighted_metrics(targets, p, np.ones((1, 100))).items()}
    assert values["accuracy"] == 0.98
    assert (values["balanced_accuracy"], values["mcc"], values["auroc"]) == (0.5, 0, 0.5)
    assert values["f1"] == 0


def test_a_replicate_without_a_class_is_nan_not_a_crash():
    values = weighted_metrics(
        np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]), np.array([[1.0, 1, 0]])
    )
    assert np.isnan(values["auroc"][0])
    assert np.isnan(values["auprc"][0])
    assert values["accuracy"][0] == 1
