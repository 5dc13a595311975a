"""Every metric against scikit-learn's or SciPy's, with weights of groups and ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from bioseqrnn.metrics import ranking
from bioseqrnn.metrics.ranking import Ranking
from bioseqrnn.metrics.registry import PER_CLASS, headline, lower_is_better, metrics_of
from bioseqrnn.metrics.scorers import ALL, scorer
from bioseqrnn.metrics.tallies import Judged
from bioseqrnn.tasks import TASKS, task_of

# scikit-learn works out every metric of every example
MANY = settings().max_examples // 2


def weightings(draw, groups):
    """All ones, and one in which every group counts, so that no class is lost."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return np.stack([np.ones(groups), rng.integers(1, 4, groups)], axis=1)


def scores_of(task, classes, judged, weights):
    return scorer(task_of(task), [str(k) for k in range(classes)], judged)(weights)


def rows_of(rng, n, classes):
    # few distinct values, so that scores tie
    raw = rng.integers(1, 6, (n, classes)).astype(float)
    return raw / raw.sum(axis=1, keepdims=True)


@st.composite
def classified(draw, classes):
    n = draw(st.integers(3 * classes, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    truth = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    group = rng.integers(0, 6, n)
    called = rng.random((n, 1)) < 0.5 if classes == 2 else None
    judged = Judged(truth, rows_of(rng, n, classes), rows_of(rng, n, classes), group, 6, called)
    return judged, weightings(draw, 6)


def ece(stated, right, w):
    total = 0.0
    for low in np.arange(10) / 10:
        inside = (stated >= low) & ((stated < low + 0.1 - 1e-12) | (low > 0.85))
        if w[inside].sum():
            gap = np.average(stated[inside], weights=w[inside]) - np.average(
                right[inside], weights=w[inside]
            )
            total += w[inside].sum() / w.sum() * abs(gap)
    return total


def of_probabilities(truth, p, w, suffix=""):
    classes = p.shape[1]
    squared = ((p - np.eye(classes)[truth]) ** 2).sum(axis=1) / (2 if classes == 2 else 1)
    if classes == 2:
        assert sk.brier_score_loss(truth, p[:, 1], sample_weight=w) == pytest.approx(
            np.average(squared, weights=w)
        )
    stated, right = p.max(axis=1), p.argmax(axis=1) == truth
    # an edge of a bin may fall to either side
    on_edge = np.abs(stated * 10 - np.round(stated * 10)) < 1e-9
    return {
        "brier" + suffix: np.average(squared, weights=w),
        "log_loss" + suffix: sk.log_loss(truth, p, sample_weight=w, labels=range(classes)),
        "ece" + suffix: None if on_edge.any() else ece(stated, right, w),
    }


def reference(judged, w):
    truth, p = judged.truth, judged.scores
    classes = p.shape[1]
    called = p.argmax(axis=1)
    binary = classes == 2
    columns = [1] if binary else range(classes)
    auroc = {c: sk.roc_auc_score(truth == c, p[:, c], sample_weight=w) for c in columns}
    auprc = {c: sk.average_precision_score(truth == c, p[:, c], sample_weight=w) for c in columns}
    f1 = {"average": "binary"} if binary else {"average": "macro", "labels": range(classes)}
    found = {
        "accuracy": sk.accuracy_score(truth, called, sample_weight=w),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, called, sample_weight=w),
        "mcc": sk.matthews_corrcoef(truth, called, sample_weight=w),
        "auroc": np.mean(list(auroc.values())),
        "auprc": np.mean(list(auprc.values())),
        "f1": sk.f1_score(truth, called, sample_weight=w, zero_division=0, **f1),
    }
    found |= of_probabilities(truth, p, w)
    found |= of_probabilities(truth, judged.raw, w, "_uncalibrated")
    if binary:
        kwargs = {"sample_weight": w, "zero_division": 0}
        found["sensitivity"] = sk.recall_score(truth, called, **kwargs)
        found["specificity"] = sk.recall_score(truth, called, pos_label=0, **kwargs)
        found["precision"] = sk.precision_score(truth, called, **kwargs)
        at = judged.called[:, 0]
        found["mcc_at_threshold"] = sk.matthews_corrcoef(truth, at, sample_weight=w)
        for name in ("f1", "precision", "recall"):
            score = getattr(sk, f"{name}_score")
            found[f"{name}_at_threshold"] = score(truth, at, **kwargs)
    each = sk.precision_recall_fscore_support(
        truth, called, sample_weight=w, labels=range(classes), zero_division=0
    )
    per_class = {}
    for c in columns:
        values = (each[0][c], each[1][c], each[2][c], auroc[c], auprc[c])
        per_class |= {(c, name): v for name, v in zip(PER_CLASS, values, strict=True)}
    return {(ALL, name): v for name, v in found.items()} | per_class


def assert_same(ours, expected, column):
    assert set(ours) == set(expected)
    for key, value in expected.items():
        if value is not None:
            assert ours[key][column] == pytest.approx(value, abs=1e-12, nan_ok=True), key


@pytest.mark.parametrize("classes", [2, 3, 5])
@given(data=st.data())
@settings(deadline=None, max_examples=MANY)
def test_metrics_of_classes_are_scikit_learns(classes, data):
    judged, weights = data.draw(classified(classes))
    task = "binary" if classes == 2 else "multiclass"
    ours = scores_of(task, classes, judged, weights)
    names = metrics_of(task_of(task), thresholds=True)
    assert {name for code, name in ours if code == ALL} == set(names)
    for column in (0, 1):
        assert_same(ours, reference(judged, weights[judged.group, column]), column)


@given(data=st.data())
@settings(deadline=None, max_examples=MANY)
def test_metrics_of_labels_are_scikit_learns(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    n, labels = data.draw(st.integers(6, 40)), 3
    truth = rng.random((n, labels)) < 0.4
    truth[:2] = [[True] * labels, [False] * labels]
    p, raw = rng.integers(0, 8, (2, n, labels)) / 7.3
    called = rng.random((n, labels)) < 0.5
    group = rng.integers(0, 6, n)
    weights = weightings(data.draw, 6)
    ours = scores_of("multilabel", labels, Judged(truth, p, raw, group, 6, called), weights)
    names = metrics_of(task_of("multilabel"), thresholds=True)
    assert {name for code, name in ours if code == ALL} == set(names)
    for column in (0, 1):
        w = weights[group, column]
        pairs = np.repeat(w, labels)
        kwargs = {"sample_weight": w, "zero_division": 0}
        call = p >= 0.5
        expected = {
            "subset_accuracy": sk.accuracy_score(truth, call, sample_weight=w),
            "hamming_loss": sk.hamming_loss(truth, call, sample_weight=w),
            "auroc": sk.roc_auc_score(truth, p, sample_weight=w),
            "auroc_micro": sk.roc_auc_score(truth, p, average="micro", sample_weight=w),
            "auprc": sk.average_precision_score(truth, p, sample_weight=w),
            "auprc_micro": sk.average_precision_score(truth, p, average="micro", sample_weight=w),
            "f1": sk.f1_score(truth, call, average="macro", **kwargs),
            "f1_micro": sk.f1_score(truth, call, average="micro", **kwargs),
        }
        for suffix, q in (("", p), ("_uncalibrated", raw)):
            flat = np.clip(q.ravel(), 1e-15, 1 - 1e-15)
            expected["brier" + suffix] = sk.brier_score_loss(
                truth.ravel(), q.ravel(), sample_weight=pairs
            )
            expected["log_loss" + suffix] = pytest.approx(
                sk.log_loss(truth.ravel(), flat, sample_weight=pairs), rel=1e-6
            )
            expected["ece" + suffix] = ece(q.ravel(), truth.ravel(), pairs)
        for name in ("f1", "precision", "recall"):
            score = getattr(sk, f"{name}_score")
            expected[f"{name}_at_threshold"] = score(truth, called, average="macro", **kwargs)
        each = [
            sk.matthews_corrcoef(truth[:, k], called[:, k], sample_weight=w) for k in range(labels)
        ]
        expected["mcc_at_threshold"] = np.mean(each)
        for name, value in expected.items():
            assert ours[ALL, name][column] == pytest.approx(value, abs=1e-12), name
        for k in range(labels):
            area = sk.roc_auc_score(truth[:, k], p[:, k], sample_weight=w)
            assert ours[k, "auroc"][column] == pytest.approx(area)
            recall = sk.recall_score(truth[:, k], call[:, k], **kwargs)
            assert ours[k, "recall"][column] == pytest.approx(recall)


@given(data=st.data())
@settings(deadline=None)
def test_metrics_of_values_are_scipys_of_the_repeated_records(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    n = data.draw(st.integers(5, 40))
    truth, p = rng.integers(0, 9, (2, n)) + 1000.0
    truth[:2], p[:2] = (1000, 1001), (1000, 1001)
    group = rng.integers(0, 6, n)
    weights = weightings(data.draw, 6)
    judged = Judged(truth, p[:, None], p[:, None], group, 6)
    ours = scores_of("regression", 0, judged, weights)
    assert {name for _, name in ours} == set(metrics_of(TASKS["regression"], thresholds=True))
    for column in (0, 1):
        again = np.repeat(np.arange(n), weights[group, column].astype(int))
        y, x = truth[again], p[again]
        expected = {
            "r2": sk.r2_score(y, x),
            "rmse": sk.root_mean_squared_error(y, x),
            "mae": sk.mean_absolute_error(y, x),
            "pearson": stats.pearsonr(y, x).statistic,
            # not the weighted correlation of the ranks of all records
            "spearman": stats.spearmanr(y, x).statistic,
        }
        for name, value in expected.items():
            assert ours[ALL, name][column] == pytest.approx(value, abs=1e-9), name


def test_values_without_spread_have_no_correlation():
    judged = Judged(
        np.array([1.0, 2.0, 3.0]), np.full((3, 1), 0.1), np.zeros((3, 1)), np.arange(3), 3
    )
    values = scores_of("regression", 0, judged, np.array([[1.0, 1], [1, 0], [1, 0]]))
    assert np.isnan(values[ALL, "pearson"]).all()
    assert np.isnan(values[ALL, "spearman"]).all()
    assert values[ALL, "r2"][0] < 0
    assert np.isnan(values[ALL, "r2"][1])


def test_per_position_is_multiclass_of_residues_and_segments():
    rng = np.random.default_rng(5)
    lengths = np.array([30, 1, 17, 40])
    record = np.repeat(np.arange(4), lengths)
    n = len(record)
    truth, p, raw = rng.integers(0, 3, n), rows_of(rng, n, 3), rows_of(rng, n, 3)
    first = np.append(True, record[1:] != record[:-1])
    weights = np.array([[1.0, 2], [1, 1], [1, 0], [1, 3]])
    judged = Judged(truth, p, raw, record, 4, None, first)
    ours = scores_of("per_position", 3, judged, weights)
    names = metrics_of(TASKS["per_position"], thresholds=True)
    assert {name for code, name in ours if code == ALL} == set(names)
    for column in (0, 1):
        expected = reference(judged, weights[record, column])
        for key, value in expected.items():
            if value is not None:
                assert ours[key][column] == pytest.approx(value, abs=1e-12), key


@given(data=st.data())
@settings(deadline=None)
def test_areas_do_not_change_by_what_is_merged(data):
    """Units between positives count together: exact, for any ties and weights."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    n = data.draw(st.integers(4, 200))
    positive = rng.random(n) < data.draw(st.sampled_from([0.03, 0.3, 0.9]))
    positive[:2] = True, False
    score = rng.integers(0, data.draw(st.integers(1, 300)), n) / 7
    weights = rng.integers(1, 4, (n, 1)).astype(float)
    areas = Ranking(positive, score, np.arange(n), n).areas(weights)
    w = weights[:, 0]
    assert areas[0][0] == pytest.approx(sk.roc_auc_score(positive, score, sample_weight=w))
    assert areas[1][0] == pytest.approx(
        sk.average_precision_score(positive, score, sample_weight=w)
    )


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95])
def test_bins_move_areas_by_less_than_is_said(monkeypatch, share):
    monkeypatch.setattr(ranking, "MOST_LEVELS", 64)
    rng = np.random.default_rng(1)
    positive = rng.random(20000) < share
    score = rng.normal(0, 1, 20000) + positive
    binned = Ranking(positive, score, np.zeros(20000, int), 1)
    if share > 0.1:
        assert 64 <= binned.size <= 130
    area, precision = (part[0] for part in binned.areas(np.ones((1, 1))))
    assert area == pytest.approx(sk.roc_auc_score(positive, score), abs=1 / 128)
    assert precision == pytest.approx(sk.average_precision_score(positive, score), abs=0.02)
    # a bin is an even share of the positives
    monkeypatch.setattr(ranking, "MOST_LEVELS", 4096)
    exact = Ranking(positive, score, np.zeros(20000, int), 1).areas(np.ones((1, 1)))
    assert exact[0][0] == pytest.approx(sk.roc_auc_score(positive, score), abs=1 / 8192)


def test_always_one_class_has_no_skill():
    truth = np.array([0] * 98 + [1] * 2)
    p = np.tile([0.9, 0.1], (100, 1))
    judged = Judged(truth, p, p, np.zeros(100, int), 1)
    values = {
        name: v[0]
        for (code, name), v in scores_of("binary", 2, judged, np.ones((1, 1))).items()
        if code == ALL
    }
    assert values["accuracy"] == 0.98
    assert (values["balanced_accuracy"], values["mcc"], values["auroc"]) == (0.5, 0, 0.5)
    assert values["f1"] == 0


def test_a_replicate_without_a_class_is_nan_not_a_crash():
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    judged = Judged(np.array([0, 0, 1]), p, p, np.arange(3), 3)
    values = scores_of("binary", 2, judged, np.array([[1.0], [1], [0]]))
    assert np.isnan(values[ALL, "auroc"][0])
    assert np.isnan(values[ALL, "auprc"][0])
    assert values[ALL, "accuracy"][0] == 1


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_headline_among_its_metrics(task):
    names = metrics_of(TASKS[task], thresholds=True)
    assert headline(TASKS[task]) in names
    assert not lower_is_better(headline(TASKS[task]))
    assert len(set(names)) == len(names)
