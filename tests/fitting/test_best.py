"""Which epoch is kept."""

from __future__ import annotations

import numpy as np
import pytest

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.best import Best, Monitored
from bioseqrnn.fitting.objective import FEW, RARE, SMOOTHING, Objective
from bioseqrnn.tasks import TASKS, PositionTruth

CLASSES = ["a", "b"]


def kept(epochs):
    """Number of the epoch that is kept, from 1."""
    best = Best()
    for number, found in enumerate(epochs, 1):
        least = min(best.least, found.lack)
        if best.loses_to(found):
            best = Best(found.loss, number, None, found.lack)
        best.least = least
    return best.epoch


def objective(positives, n=1000, task="binary", **settings):
    truth = (np.arange(n) < positives).astype(np.int64)
    return Objective.of(ModelConfig(cell="gru", **settings), TASKS[task], truth, CLASSES)


def test_the_least_loss_wins():
    assert kept([Monitored(loss) for loss in (0.9, 0.5, 0.7, 0.5)]) == 2


@pytest.mark.parametrize(
    ("lacks", "losses", "tolerance", "expected"),
    [
        # all positives on top from the second epoch on: the loss tells
        ((0.5, 0.0, 0.0, 0.0), (0.6, 0.6, 0.4, 0.5), 0.01, 3),
        # one positive, first by luck and then second
        ((0.0, 0.5, 0.0, 0.5), (0.7, 0.5, 0.4, 0.3), 0.5, 4),
        # a real difference
        ((0.5, 0.1, 0.3, 0.3), (0.6, 0.6, 0.4, 0.3), 0.05, 2),
        # better than the one that is kept, but not than one before it
        ((0.30, 0.34, 0.33), (0.5, 0.4, 0.3), 0.05, 3),
        ((0.30, 0.34, 0.38), (0.5, 0.4, 0.3), 0.05, 2),
        ((0.30, 0.00, 0.30), (0.1, 0.9, 0.1), 0.05, 2),
    ],
)
def test_precision_decides_where_it_differs_and_the_loss_elsewhere(
    lacks, losses, tolerance, expected
):
    pairs = zip(losses, lacks, strict=True)
    assert kept([Monitored(loss, lack, tolerance) for loss, lack in pairs]) == expected


@pytest.mark.parametrize("positives", [0, 1, FEW - 1])
def test_a_few_positives_pick_no_epoch(positives):
    truth = (np.arange(300) < positives).astype(np.int64)
    for monitor in ("auto", "loss", "auprc"):
        judge = objective(30, monitor=monitor).judge(truth)
        rows = [
            {"epoch": epoch, "validation_loss": 0.1 * epoch, "validation_auprc": 1 / epoch}
            for epoch in range(1, 21)
        ]
        assert kept([judge(row) for row in rows]) == 20


def test_more_do():
    truth = (np.arange(300) < FEW).astype(np.int64)
    rows = [{"epoch": e, "validation_loss": abs(e - 3)} for e in range(1, 9)]
    judge = objective(30).judge(truth)
    assert kept([judge(row) for row in rows]) == 3


def test_what_counts_as_evidence():
    """Units that are not of the largest class; records of an even label; any number."""
    regression = Objective.of(ModelConfig(cell="gru"), TASKS["regression"], np.arange(9.0), [])
    assert regression.judge(np.arange(FEW - 1.0)).later
    assert not regression.judge(np.arange(float(FEW))).later
    held = np.zeros((40, 2), bool)
    held[:FEW, 1] = True
    labels = Objective.of(ModelConfig(cell="gru"), TASKS["multilabel"], held, CLASSES)
    assert not labels.judge(held).later
    assert labels.judge(~held[:, ::-1] & (np.arange(40) < FEW - 1)[:, None]).later
    residues = PositionTruth(np.repeat([0, 1], [50, FEW]).astype(np.uint8), np.array([0, 50 + FEW]))
    positions = Objective.of(ModelConfig(cell="gru"), TASKS["per_position"], residues, CLASSES)
    assert not positions.judge(residues).later


def test_the_tolerance_shrinks_with_the_positives():
    asked = objective(300, monitor="auprc")
    wide, narrow = (asked.judge((np.arange(900) < n).astype(np.int64)).tolerance for n in (9, 199))
    assert (wide, narrow) == (pytest.approx(1 / 10), pytest.approx(1 / 200))
    # auto asks for the loss, of a rare class too
    assert objective(5).judge((np.arange(900) < 9).astype(np.int64)).tolerance == 0


def test_nothing_jumps_where_a_class_becomes_rare():
    """From a class that is even to one that is rare, weights and smoothing change by degrees."""
    found = [objective(positives) for positives in range(40, 301)]
    weights = np.array(
        [1.0 if o.weights is None else float(o.weights[1] / o.weights[0]) for o in found]
    )
    smoothing = np.array([o.smoothing for o in found])
    assert weights[0] == pytest.approx(960 / 40)
    assert (weights[-1], smoothing[0], smoothing[-1]) == (1, 0, SMOOTHING)
    assert np.abs(np.diff(np.log(weights))).max() < 0.05
    assert np.abs(np.diff(smoothing)).max() < 0.001
    assert objective(int(1000 * RARE)).weights is None
