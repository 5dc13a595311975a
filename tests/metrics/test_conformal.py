"""Prediction sets: the rank of the limit, coverage in simulations, one record a group."""

from __future__ import annotations

import numpy as np
import pytest

from bioseqrnn.metrics.conformal import VALUE, fit_limits, held, in_sets, one_a_group
from bioseqrnn.tasks import TASKS

BINARY, MULTILABEL, REGRESSION = TASKS["binary"], TASKS["multilabel"], TASKS["regression"]
CLASSES = ["no", "yes"]


def two(positive):
    positive = np.asarray(positive, np.float64)
    return np.stack([1 - positive, positive], axis=1)


@pytest.mark.parametrize(
    ("n", "rate", "rank"),
    [(9, 0.1, 9), (19, 0.05, 19), (99, 0.1, 90), (19, 0.1, 18), (20, 0.1, 19), (9, 0.2, 8)],
)
def test_the_limit_has_the_rank_of_the_definition(n, rate, rank):
    scores = two(np.arange(1, n + 1) / (n + 1))
    limits = fit_limits(
        BINARY, CLASSES, np.ones(n, np.int64), scores, np.arange(n), error_rate=rate, seed=1
    )
    assert limits.least["yes"] == np.sort(scores[:, 1])[::-1][rank - 1]
    assert limits.groups == {"no": 0, "yes": n}


def test_too_few_groups_exclude_no_class():
    scores = two(np.full(8, 0.9))
    limits = fit_limits(
        BINARY, CLASSES, np.ones(8, np.int64), scores, np.arange(8), error_rate=0.1, seed=1
    )
    assert limits.least == {"no": 0.0, "yes": 0.0}
    assert in_sets(CLASSES, scores, limits).all()


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_coverage_is_as_stated(rate):
    """Of each class, and for new groups, although large groups are strange in their own way."""
    rng, covered = np.random.default_rng(1), []
    for seed in range(300):
        sizes = rng.choice([1, 1, 30], 40)
        groups = np.repeat(np.arange(40), sizes)
        truth = groups % 2
        shift = np.where(sizes == 30, -1.5, 1.0)[groups] + rng.normal(0, 1, 40)[groups]
        logit = (2 * truth - 1) * (shift + rng.normal(0, 0.3, len(groups)))
        scores = two(1 / (1 + np.exp(-logit)))
        known = groups < 30
        limits = fit_limits(
            BINARY, CLASSES, truth[known], scores[known], groups[known], error_rate=rate, seed=seed
        )
        new = np.flatnonzero(~known)
        drawn = new[one_a_group(groups[new], seed)]
        sets = in_sets(CLASSES, scores[drawn], limits)
        covered.append(sets[held(BINARY, truth[drawn], 2)])
    # 15 groups a class: at least as stated, and at most 1 / 16 more
    mean, error = np.mean(covered), 2.6 * np.std(covered) / np.sqrt(np.size(covered))
    assert 1 - rate - error <= mean <= 1 - rate + 1 / 16 + error


def test_one_record_of_a_group_counts():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(20), rng.integers(1, 9, 20))
    drawn = one_a_group(groups, 3)
    assert sorted(groups[drawn]) == list(range(20))
    assert (drawn == one_a_group(groups, 3)).all()
    assert (drawn != one_a_group(groups, 4)).any()


def test_labels_have_limits_of_their_own():
    rng = np.random.default_rng(3)
    truth = rng.random((200, 2)) < 0.5
    scores = np.clip(0.5 * truth + np.array([0.4, 0.1]) + 0.1 * rng.random((200, 2)), 0, 1)
    limits = fit_limits(
        MULTILABEL, ["a", "b"], truth, scores, np.arange(200), error_rate=0.1, seed=1
    )
    assert limits.least["a"] > 0.85 > 0.7 > limits.least["b"] > 0.55
    sets = in_sets(["a", "b"], scores, limits)
    assert (sets & truth).sum() / truth.sum() == pytest.approx(0.9, abs=0.02)
    # no record without a label reaches the limit
    assert not (sets & ~truth).any()


def test_intervals_of_values():
    rng = np.random.default_rng(4)
    truth = rng.normal(0, 1, 99)
    errors = rng.permutation(np.arange(1, 100)) / 100
    limits = fit_limits(
        REGRESSION, [], truth, (truth + errors)[:, None], np.arange(99), error_rate=0.1, seed=1
    )
    assert limits.width == pytest.approx(0.9)
    assert limits.groups == {VALUE: 99}
    few = slice(0, 8)
    limits = fit_limits(
        REGRESSION, [], truth[few], truth[few, None], np.arange(8), error_rate=0.1, seed=1
    )
    assert limits.width is None
