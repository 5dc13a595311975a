"""Temperatures and thresholds: chosen on some records, right on others."""

from __future__ import annotations

import numpy as np
import pytest
from made_predictions import softmax
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn import metrics as sk

from bioseqrnn.metrics.calibration import calibrated, fit_temperature
from bioseqrnn.metrics.thresholds import Aim, call_metrics, choose_threshold, choose_thresholds
from bioseqrnn.tasks import TASKS


def drawn(n, classes, too_sure, seed):
    """Classes drawn from probabilities, and these probabilities ``too_sure`` times as sharp."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, classes))
    p = softmax(logits)
    truth = (rng.random((n, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
    return truth, softmax(too_sure * logits)


@pytest.mark.parametrize("too_sure", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(("name", "classes"), [("binary", 2), ("multiclass", 4)])
def test_the_temperature_that_was_put_in_is_found(name, classes, too_sure):
    task = TASKS[name]
    truth, scores = drawn(5000, classes, too_sure, 1)
    temperature = fit_temperature(task, truth, scores)
    assert temperature == pytest.approx(too_sure, rel=0.08)
    # and is right for other records
    truth, scores = drawn(5000, classes, too_sure, 2)
    before, after = (
        sk.log_loss(truth, p, labels=range(classes))
        for p in (scores, calibrated(task, scores, temperature))
    )
    assert after <= before + 1e-3
    np.testing.assert_array_equal(
        calibrated(task, scores, temperature).argmax(axis=1), scores.argmax(axis=1)
    )


def test_the_temperature_of_labels():
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, (4000, 3))
    truth = rng.random((4000, 3)) < expit(logits)
    assert fit_temperature(TASKS["multilabel"], truth, expit(2.5 * logits)) == pytest.approx(
        2.5, rel=0.08
    )
    p = expit(logits)
    np.testing.assert_allclose(calibrated(TASKS["multilabel"], p, 2.0), expit(logit(p) / 2))


def test_it_is_the_minimum_of_the_penalised_loss():
    truth, scores = drawn(60, 2, 2.0, 4)

    def cost(x):
        loss = sk.log_loss(truth, softmax(np.log(scores) / np.exp(x[0])), normalize=False)
        return loss + x[0] ** 2 / (2 * 0.25**2)

    found = minimize(cost, [0.0], method="Nelder-Mead", options={"xatol": 1e-6}).x[0]
    assert np.log(fit_temperature(TASKS["binary"], truth, scores)) == pytest.approx(found, abs=1e-3)


def test_a_few_records_that_are_all_right_do_not_make_certain():
    """Without the prior the temperature would fall to its limit, and one error would cost all."""
    truth = np.arange(20) % 2
    scores = np.where(truth[:, None] == [0, 1], 0.8, 0.2)
    temperature = fit_temperature(TASKS["binary"], truth, scores)
    assert 0.5 < temperature < 0.95


def test_nothing_to_fit():
    assert fit_temperature(TASKS["binary"], np.zeros(0, int), np.zeros((0, 2))) == 1
    values = np.array([[3.0], [-1.0]])
    assert fit_temperature(TASKS["regression"], np.array([1.0, 2.0]), values) == 1
    assert calibrated(TASKS["regression"], values, 2.0) is values


def test_certain_probabilities_survive():
    for name in ("binary", "multilabel"):
        scores = np.array([[0.0, 1.0], [1.0, 0.0]])
        for temperature in (0.05, 20.0):
            assert np.isfinite(calibrated(TASKS[name], scores, temperature)).all()


def slow_best(positive, score, name):
    """The best value over every cut of the records."""
    values = [
        float(call_metrics(positive, score >= cut)[name]) for cut in [*np.unique(score), np.inf]
    ]
    return max(values)


@pytest.mark.parametrize("name", ["mcc", "f1"])
@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_about_the_best_one(name, seed):
    rng = np.random.default_rng(seed)
    positive = rng.random(80) < 0.3
    score = np.round(expit(rng.normal(0, 1, 80) + positive), 2)
    threshold, reached = choose_threshold(positive, score, Aim(name, 0.9))
    best = slow_best(positive, score, name)
    error = 0.25 * np.sqrt((1 - best**2) / (4 * positive.sum() * (~positive).sum() / 80))
    assert best - error <= reached <= best + 1e-12
    # and nothing nearer to 0.5 is
    for other in np.linspace(threshold, 0.5, 50)[1:]:
        nearer = float(call_metrics(positive, score >= other)[name])
        same = ((score >= other) == (score >= threshold)).all()
        assert same or nearer < best - error
    called = score >= threshold
    assert reached == pytest.approx(
        sk.matthews_corrcoef(positive, called) if name == "mcc" else sk.f1_score(positive, called)
    )


def test_a_precision_is_reached_at_the_largest_recall():
    rng = np.random.default_rng(1)
    positive = rng.random(500) < 0.2
    score = expit(rng.normal(0, 1, 500) + 2.0 * positive)
    threshold, reached = choose_threshold(positive, score, Aim("precision", 0.8))
    assert reached >= 0.8
    at = sk.recall_score(positive, score >= threshold)
    for lower in np.unique(score[score < threshold]):
        called = score >= lower
        assert sk.precision_score(positive, called) < 0.8 or sk.recall_score(
            positive, called
        ) == pytest.approx(at)
    # where it is out of reach, the highest there is
    _, reached = choose_threshold(positive, 1 - score, Aim("precision", 0.99))
    assert 0 < reached < 0.99


def test_records_that_are_told_apart_are_so_at_one_half():
    positive = np.array([False, False, True, True])
    assert choose_threshold(positive, np.array([0.1, 0.4, 0.7, 0.9]), Aim("mcc", 0.9)) == (0.5, 1.0)
    threshold, _ = choose_threshold(positive, np.array([0.1, 0.2, 0.3, 0.4]), Aim("mcc", 0.9))
    assert threshold == pytest.approx(0.25)


def test_one_class_has_no_threshold():
    threshold, reached = choose_threshold(np.zeros(5, bool), np.linspace(0, 1, 5), Aim("f1", 0.9))
    assert threshold == 0.5
    assert np.isnan(reached)


def test_one_in_a_hundred_is_called_at_the_threshold():
    """At 0.5 a calibrated model calls next to nothing of so rare a class."""
    rng = np.random.default_rng(2)
    truth = (rng.random(20000) < 0.01).astype(int)
    logits = np.log(0.01 / 0.99) + 2.0 * (rng.normal(0, 1, 20000) + 2.0 * truth) - 2.0
    scores = np.column_stack([1 - expit(logits), expit(logits)])
    chosen, _ = choose_thresholds(TASKS["binary"], truth[:5000], scores[:5000], Aim("mcc", 0.9))
    positive, score = truth[5000:] == 1, scores[5000:, 1]
    at, half = (call_metrics(positive, score >= cut) for cut in (chosen[0], 0.5))
    assert at["mcc"] > half["mcc"] + 0.05
    assert at["recall"] > 1.5 * half["recall"]
