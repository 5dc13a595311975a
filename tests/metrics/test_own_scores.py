"""Thresholds stay where the scores of the model that uses them lie."""

from __future__ import annotations

import numpy as np
import pytest

from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.metrics.own_scores import (
    ENOUGH,
    MOST_RECORDS,
    final_thresholds,
    hold_thresholds,
    mean_own,
    own_rows,
    summarise_own,
)
from bioseqrnn.tasks import TASKS

MANY = np.array([ENOUGH])
BINARY, LABELS = TASKS["binary"], TASKS["multilabel"]


def two(p):
    return np.column_stack([1 - p, p])


def example(low, high, positives=30, n=330, seed=1):
    """Truth and scores: those of positives above all others, between two numbers."""
    rng = np.random.default_rng(seed)
    truth = (np.arange(n) < positives).astype(np.int64)
    return truth, low + (high - low) * (rng.random(n) + truth) / 2


@pytest.mark.parametrize("temperature", [1.0, 0.6, 2.5])
@pytest.mark.parametrize("threshold", [0.001, 0.5, 0.999])
@pytest.mark.parametrize("called", [np.nan, 0.003, 0.09, 0.4])
def test_neither_all_nor_none_is_called(threshold, called, temperature):
    """A network that hardly learned: all scores lie between 0.036 and 0.040."""
    truth, score = example(0.036, 0.040)
    own = summarise_own(BINARY, truth, two(score))
    held = hold_thresholds(
        BINARY, np.array([threshold]), np.array([called]), MANY, own, temperature
    )
    share = (calibrated(BINARY, two(score), temperature)[:, 1] >= held[0]).mean()
    expected = [30 / 330] if np.isnan(called) else [30 / 330, called]
    odds = share / (1 - share)
    assert min(e / (1 - e) for e in expected) / 4.5 <= odds
    assert odds <= 4.5 * max(e / (1 - e) for e in expected)


def test_a_threshold_on_the_scale_stays():
    truth, score = example(0.0, 1.0)
    own = summarise_own(BINARY, truth, two(score))
    for threshold in (0.4, 0.5, 0.6):
        held = hold_thresholds(BINARY, np.array([threshold]), np.array([0.1]), MANY, own, 1.0)
        assert held[0] == threshold


def test_the_fewer_positives_chose_it_the_nearer_it_is_held():
    """One positive says nothing of where the others lie; that so many are positive does."""
    truth, score = example(0.036, 0.040)
    own = summarise_own(BINARY, truth, two(score))
    shares = []
    for count in (0, 1, 4, 10, 20, 100):
        held = hold_thresholds(
            BINARY, np.array([0.5]), np.array([np.nan]), np.array([count]), own, 1.0
        )
        shares.append((score >= held[0]).mean())
    assert shares[0] == pytest.approx(30 / 330, rel=0.05)
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == shares[-2] < 0.4 * shares[0]


def test_each_label_has_its_own_scale():
    truth = np.column_stack([np.arange(200) < 10, np.arange(200) < 100, np.zeros(200, bool)])
    scores = np.column_stack(
        [np.linspace(0.02, 0.01, 200), np.linspace(1, 0, 200), np.linspace(0.02, 0.01, 200)]
    )
    own = summarise_own(LABELS, truth, scores)
    held = hold_thresholds(LABELS, np.full(3, 0.5), np.full(3, np.nan), [20] * 3, own, 1.0)
    assert 0.018 < held[0] < 0.02
    # even, and without a positive that tells anything
    assert held[1:].tolist() == [0.5, 0.5]


def test_the_summary_is_bounded_and_of_json():
    truth, score = example(0.0, 1.0, 50, 5000)
    own = summarise_own(BINARY, truth, two(score))
    assert own["records"] == 5000
    assert own["positives"] == [0.01]
    assert len(own["called"]) == len(own["scores"][0]) <= 128
    reached = (score[:, None] >= np.array(own["scores"][0])).mean(axis=0)
    np.testing.assert_allclose(reached, own["called"])
    rows = own_rows(BINARY, np.arange(3 * MOST_RECORDS), 1)
    assert len(np.unique(rows)) == MOST_RECORDS
    assert len(own_rows(TASKS["regression"], np.arange(9), 1)) == 0


def test_the_mean_of_seeds():
    truth, score = example(0.2, 0.4)
    one, other = (summarise_own(BINARY, truth, two(score + more)) for more in (0.0, 0.2))
    both = summarise_own(BINARY, truth, two(score + 0.1))
    np.testing.assert_allclose(mean_own([one, other])["scores"][0][:-1], both["scores"][0][:-1])
    assert mean_own([one, None]) is None


def test_the_final_model_says_that_a_threshold_was_moved(capsys):
    truth, score = example(0.036, 0.040)
    own = summarise_own(BINARY, truth, two(score))
    choice = {
        "model": "gru",
        "temperature": 1.0,
        "thresholds": {"pos": 0.5},
        "called": {"pos": 0.1},
    }
    held = final_thresholds(BINARY, choice, own)
    assert 0 < (score >= held["pos"]).mean() < 1
    assert "threshold 0.5 of 'pos' is outside the range of this network" in capsys.readouterr().err
    # of an older selection, or without anything to hold it by
    assert final_thresholds(BINARY, choice, None) == {"pos": 0.5}
    assert 0 < final_thresholds(BINARY, choice | {"called": {}}, own)["pos"] < 0.5
