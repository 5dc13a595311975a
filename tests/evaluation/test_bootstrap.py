from __future__ import annotations

import numpy as np
import pytest

from bioseqrnn.evaluation import bootstrap
from bioseqrnn.evaluation.bootstrap import group_weights, interval, replicate, two_sided_p


def accuracy(right):
    return lambda weights: {"accuracy": weights @ right / weights.sum(axis=1)}


def test_groups_are_drawn_whole():
    groups = np.array([0, 0, 7, 7, 7, 3])
    weights = np.concatenate(list(group_weights(groups, 50, seed=1)))
    assert weights.shape == (50, 6)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 2] == weights[:, 3]).all()
    assert (weights[:, [0, 2, 5]].sum(axis=1) == 3).all()


def test_chunks_do_not_change_the_draws(monkeypatch):
    groups = np.arange(30)
    whole = np.concatenate(list(group_weights(groups, 20, seed=4)))
    monkeypatch.setattr(bootstrap, "CELLS_AT_ONCE", 90)
    parts = list(group_weights(groups, 20, seed=4))
    assert len(parts) == 7
    assert np.array_equal(np.concatenate(parts), whole)


def test_interval_covers_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(0)
    covered, widths = 0, []
    for seed in range(300):
        right = (rng.random(200) < 0.8).astype(float)
        values = replicate(np.arange(200), 400, seed, accuracy(right))["accuracy"]
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
    alone = interval(replicate(np.arange(500), 500, 1, accuracy(right))["accuracy"], 0.95)
    twins = interval(
        replicate(np.repeat(np.arange(50), 10), 500, 1, accuracy(right))["accuracy"], 0.95
    )
    assert twins[1] - twins[0] > 2 * (alone[1] - alone[0])


def test_p_values():
    rng = np.random.default_rng(2)
    assert two_sided_p(rng.normal(0, 1, 999)) > 0.5
    assert two_sided_p(rng.normal(5, 1, 999)) == pytest.approx(2 / 1000)
    assert two_sided_p(rng.normal(-5, 1, 999)) == pytest.approx(2 / 1000)
    assert two_sided_p(np.zeros(99)) == 1
