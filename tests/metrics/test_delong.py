"""DeLong's test against its definition, and against chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bioseqrnn.metrics.delong import delong, placements


def slow(positive, one, other):
    """Variance of the difference of two AUROCs, by comparing every pair (DeLong et al. 1988)."""

    def kernel(score):
        x, y = score[positive][:, None], score[~positive][None]
        return (x > y) + 0.5 * (x == y)

    psi = kernel(one) - kernel(other)
    m, n = psi.shape
    return psi.mean(), psi.mean(axis=1).var(ddof=1) / m + psi.mean(axis=0).var(ddof=1) / n


def test_it_is_the_definition():
    rng = np.random.default_rng(1)
    positive = rng.random(120) < 0.3
    # rounded, so that scores tie
    one, other = (np.round(rng.normal(0, 1, 120) + k * positive, 1) for k in (1.0, 0.7))
    low, high, p = delong(placements(positive, [one]), placements(positive, [other]), 0.95)
    difference, variance = slow(positive, one, other)
    assert (low + high) / 2 == pytest.approx(difference)
    assert difference == pytest.approx(
        roc_auc_score(positive, one) - roc_auc_score(positive, other)
    )
    assert (high - low) / 2 == pytest.approx(1.959964 * np.sqrt(variance))
    assert 0 < p < 1


def test_a_mean_over_seeds_is_the_mean_of_their_areas():
    rng = np.random.default_rng(2)
    positive = rng.random(200) < 0.4
    seeds = [rng.normal(0, 1, 200) + positive for _ in range(3)]
    placed = placements(positive, seeds)
    expected = np.mean([roc_auc_score(positive, score) for score in seeds])
    assert placed.positives.mean() == pytest.approx(expected)
    assert placed.negatives.mean() == pytest.approx(expected)


def test_equal_scores_do_not_differ():
    positive = np.array([True, False] * 10)
    score = np.arange(20.0)
    placed = placements(positive, [score])
    assert delong(placed, placed, 0.95) == (0, 0, 1)


def test_one_positive_tells_nothing():
    positive = np.array([True, False, False])
    placed = placements(positive, [np.arange(3.0)])
    assert np.isnan(delong(placed, placed, 0.95)).all()


def test_models_of_one_quality_seldom_differ():
    rng = np.random.default_rng(3)
    found = []
    for _ in range(600):
        positive = np.arange(150) < 50
        shared = rng.normal(0, 1, 150) + positive
        one, other = (placements(positive, [shared + rng.normal(0, 1, 150)]) for _ in range(2))
        found.append(delong(one, other, 0.95))
    assert np.mean([p < 0.05 for _, _, p in found]) == pytest.approx(0.05, abs=0.025)
    assert np.mean([low <= 0 <= high for low, high, _ in found]) == pytest.approx(0.95, abs=0.025)
