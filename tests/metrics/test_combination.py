"""Combined scores: weights that data justify, and no harm from few records."""

from __future__ import annotations

import numpy as np
import pytest
from made_predictions import softmax
from scipy.optimize import approx_fprime

from bioseqrnn.metrics.combination import (
    PARTS,
    Combination,
    _Loss,
    cross_fitted,
    fit_combination,
)
from bioseqrnn.tasks import TASKS

NAMES = ("binary", "multiclass", "multilabel", "regression")


def views(name, n, seed, noise=(1.0, 1.0, 1.0)):
    """Truth, and calibrated scores of methods that see it through independent noise."""
    rng = np.random.default_rng(seed)
    if name == "regression":
        truth = rng.normal(5, 2, n)
        # the mean of the truth given a noisy view of it
        seen = [truth + rng.normal(0, 2 * sd, n) for sd in noise]
        return truth, [
            (5 + (view - 5) / (1 + sd**2))[:, None] for view, sd in zip(seen, noise, strict=True)
        ]
    if name == "multilabel":
        truth = rng.random((n, 3)) < 0.5
        logits = [2 * (rng.normal(0, sd, truth.shape) + (2.0 * truth - 1)) / sd**2 for sd in noise]
        return truth, [1 / (1 + np.exp(-logit)) for logit in logits]
    classes = 2 if name == "binary" else 4
    truth = rng.integers(0, classes, n)
    scores = []
    for sd in noise:
        view = rng.normal(0, sd, (n, classes))
        view[np.arange(n), truth] += 2
        scores.append(softmax(2 * view / sd**2))
    return truth, scores


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_that_of_the_loss(name):
    task = TASKS[name]
    truth, scores = views(name, 50, 1, (1.0, 1.5, 3.0))
    centre = 0.0 if task.probabilistic else 5.0
    if task.probabilistic and name != "multilabel":
        evidence = np.stack([np.log(p) for p in scores])
    elif name == "multilabel":
        evidence = np.stack([np.log(p) - np.log1p(-p) for p in scores])
    else:
        evidence = np.stack(scores) - centre
    loss = _Loss(task, truth, evidence, centre, 40)
    weights = np.array([0.2, 0.9, 0.4])
    numeric = approx_fprime(weights, lambda w: loss(w)[0], 1e-7)
    np.testing.assert_allclose(loss(weights)[1], numeric, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_several_views_together_are_better_than_the_best(name):
    task = TASKS[name]
    truth, scores = views(name, 3000, 2)
    combination = fit_combination(task, truth, scores, len(truth))
    truth, scores = views(name, 3000, 3)
    best = min(task.loss(truth, part) for part in scores)
    assert task.loss(truth, combination.scores(task, scores)) < 0.9 * best
    # independent views of the same quality count alike
    weights = combination.weights / combination.weights.sum()
    np.testing.assert_allclose(weights, 1 / 3, atol=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_a_method_that_knows_nothing_gets_little_weight(name):
    task = TASKS[name]
    truth, scores = views(name, 3000, 4, (1.0, 1.0, 50.0))
    shuffled = np.random.default_rng(5).permutation(len(truth))
    # too sure, and about other records
    combination = fit_combination(task, truth, [*scores[:2], scores[0][shuffled]], len(truth))
    assert combination.weights[2] < 0.05 * combination.weights.sum()


@pytest.mark.parametrize("name", NAMES)
def test_with_few_records_weights_stay_near_equal(name):
    task = TASKS[name]
    truth, scores = views(name, 4, 6, (1.0, 2.0, 3.0))
    weights = fit_combination(task, truth, scores, len(truth)).weights
    assert (weights > 0.5 * weights.mean()).all()
    none = fit_combination(task, truth[:0], [part[:0] for part in scores], 0)
    np.testing.assert_array_equal(none.weights, np.full(3, 1 / 3))


def test_residues_of_a_record_count_together():
    """Thousands of residues of two records say no more about weights than two records."""
    task = TASKS["binary"]
    truth, (knows,) = views("binary", 4000, 7, (2.0,))
    # as sure as the first, but about other records
    knows_nothing = knows[np.random.default_rng(8).permutation(len(truth))]
    few = fit_combination(task, truth, [knows, knows_nothing], 2).weights
    many = fit_combination(task, truth, [knows, knows_nothing], 4000).weights
    assert many[1] < 0.05 * many[0]
    assert few[1] > 0.3 * few[0]


@pytest.mark.parametrize("name", NAMES)
def test_one_method_alone_keeps_its_ranking(name):
    task = TASKS[name]
    truth, scores = views(name, 200, 8)
    alone = fit_combination(task, truth, scores[:1], len(truth)).scores(task, scores[:1])
    first = alone[:, 0].argsort(kind="stable")
    # softmax of more than two classes with another temperature changes order between rows
    if name != "multiclass":
        np.testing.assert_array_equal(first, scores[0][:, 0].argsort(kind="stable"))
    np.testing.assert_array_equal(alone.argmax(axis=1), scores[0].argmax(axis=1))


def test_regression_does_not_depend_on_unit_and_origin():
    task = TASKS["regression"]
    truth, scores = views("regression", 300, 9, (0.5, 1.0))
    plain = fit_combination(task, truth, scores, 300)
    moved = fit_combination(task, 1000 * truth + 1e6, [1000 * s + 1e6 for s in scores], 300)
    np.testing.assert_allclose(moved.weights, plain.weights, rtol=1e-4)
    np.testing.assert_allclose(
        moved.scores(task, [1000 * s + 1e6 for s in scores]),
        1000 * plain.scores(task, scores) + 1e6,
        rtol=1e-6,
    )


@pytest.mark.parametrize("name", NAMES)
def test_cross_fitted_scores_are_not_fitted_to_their_own_records(name):
    """The scores of one group do not change with its labels."""
    task = TASKS[name]
    truth, scores = views(name, 60, 10, (1.0, 2.0))
    groups = np.arange(60) // 3
    before = cross_fitted(task, truth, scores, groups, 60)
    part = groups % PARTS == 2
    changed = truth.copy()
    changed[part] = truth[part][::-1] if name != "multilabel" else ~truth[part]
    after = cross_fitted(task, changed, scores, groups, 60)
    np.testing.assert_array_equal(after[part], before[part])
    assert (after[~part] != before[~part]).any()


def test_records_of_one_group_have_no_others_to_fit_to():
    task = TASKS["binary"]
    truth, scores = views("binary", 12, 11)
    same = cross_fitted(task, truth, scores, np.zeros(12, np.int64), 12)
    np.testing.assert_allclose(same, Combination(np.full(3, 1 / 3)).scores(task, scores))
    empty = cross_fitted(task, truth[:0], [s[:0] for s in scores], np.zeros(0, np.int64), 0)
    assert empty.shape == (0, 2)


def test_certain_scores_stay_finite():
    task = TASKS["binary"]
    truth = np.array([0, 1, 1, 0])
    certain = np.eye(2)[truth]
    wrong = np.eye(2)[1 - truth]
    found = fit_combination(task, truth, [certain, wrong], 4)
    assert np.isfinite(found.scores(task, [certain, wrong])).all()
    assert found.weights[0] > found.weights[1]
