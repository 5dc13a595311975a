from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from bioseqrnn.metrics import bootstrap
from bioseqrnn.metrics.bootstrap import group_weights, holm, interval, replicate, two_sided_p


def accuracy(right, groups=None):
    """Share of right records, of groups of records."""
    groups = np.arange(len(right)) if groups is None else groups
    hits, sizes = np.bincount(groups, right), np.bincount(groups)
    return lambda weights: {"accuracy": hits @ weights / (sizes @ weights)}


def test_as_many_groups_are_drawn_as_there_are():
    weights = np.concatenate(list(group_weights(6, 50, seed=1)), axis=1)
    assert weights.shape == (6, 50)
    assert (weights.sum(axis=0) == 6).all()
    assert weights.max() > 2
    # a group is drawn about once a replicate
    assert weights.mean(axis=1) == pytest.approx(1, abs=0.5)


def test_chunks_do_not_change_the_draws(monkeypatch):
    whole = np.concatenate(list(group_weights(30, 20, seed=4)), axis=1)
    monkeypatch.setattr(bootstrap, "CELLS_AT_ONCE", 90)
    parts = list(group_weights(30, 20, seed=4))
    assert len(parts) == 7
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    # an array with more rows than groups makes them smaller
    assert len(list(group_weights(30, 20, seed=4, rows=45))) == 10


def test_interval_covers_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(0)
    covered, widths = 0, []
    for seed in range(300):
        right = (rng.random(200) < 0.8).astype(float)
        values = replicate(200, 400, seed, accuracy(right))["accuracy"]
        low, high = interval(values, 0.95)
        covered += low <= 0.8 <= high
        widths.append(high - low)
    # binomial(300, 0.95): 3 standard deviations are 11
    assert covered >= 300 * 0.95 - 15
    # and not by being too wide: twice 1.96 standard errors of a share
    assert np.mean(widths) == pytest.approx(2 * 1.96 * np.sqrt(0.8 * 0.2 / 200), rel=0.1)


def test_twins_widen_the_interval():
    rng = np.random.default_rng(1)
    right = np.repeat(rng.random(50) < 0.8, 10).astype(float)
    groups = np.repeat(np.arange(50), 10)
    alone = interval(replicate(500, 500, 1, accuracy(right))["accuracy"], 0.95)
    twins = interval(replicate(50, 500, 1, accuracy(right, groups))["accuracy"], 0.95)
    assert twins[1] - twins[0] > 2 * (alone[1] - alone[0])


def test_p_values():
    rng = np.random.default_rng(2)
    assert two_sided_p(rng.normal(0, 1, 999)) > 0.5
    for mean in (1, 2, -2, 3, -4):
        exact = 2 * norm.sf(abs(mean))
        assert two_sided_p(rng.normal(mean, 1, 20000)) == pytest.approx(exact, rel=0.25)
    # beyond what a thousand replicates can count
    assert two_sided_p(rng.normal(-5, 1, 999)) < 1e-4
    assert two_sided_p(np.full(99, 0.1)) == pytest.approx(2 / 100)
    assert two_sided_p(np.zeros(99)) == 1
    assert np.isnan(two_sided_p(np.full(99, np.nan)))


def test_holm_by_hand():
    """Worked by hand: sorted 0.01, 0.02, 0.03, 0.8 times 4, 3, 2, 1, never falling."""
    p = np.array([0.02, np.nan, 0.8, 0.01, 0.03])
    assert holm(p)[[0, 2, 3, 4]] == pytest.approx([0.06, 0.8, 0.04, 0.06])
    assert np.isnan(holm(p)[1])
    assert holm(np.array([0.6, 0.9])).tolist() == [1, 1]


def test_holm_seldom_rejects_one_true_hypothesis_of_many():
    rng = np.random.default_rng(3)
    wrong = [holm(rng.random(12)).min() < 0.05 for _ in range(2000)]
    assert np.mean(wrong) == pytest.approx(0.05, abs=0.015)
