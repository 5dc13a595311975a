"""What a training minimises by default."""

from __future__ import annotations

import numpy as np
import pytest

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.objective import RARE, SMOOTHING, Objective
from bioseqrnn.tasks import TASKS, PositionTruth

CLASSES = ["a", "b"]


def smoothing(task, truth, **settings):
    return Objective.of(ModelConfig(cell="gru", **settings), TASKS[task], truth, CLASSES).smoothing


@pytest.mark.parametrize(
    ("positives", "settings", "expected"),
    [
        (50, {}, SMOOTHING),
        (int(100 * RARE), {}, SMOOTHING),
        # that a class is rare must be seen in what is predicted
        (1, {}, 0.0),
        (1, {"class_weight": "none"}, 0.0),
        (50, {"class_weight": "balanced"}, 0.0),
        (1, {"label_smoothing": 0.1}, 0.1),
        (50, {"label_smoothing": 0.0}, 0.0),
    ],
)
def test_labels_of_records_are_smoothed_where_classes_are_even(positives, settings, expected):
    truth = np.arange(100) < positives
    assert smoothing("binary", truth.astype(np.int64), **settings) == expected


def test_nothing_else_is_smoothed():
    residues = PositionTruth(np.array([0, 1, 1, 0], np.int8), np.array([0, 4]))
    assert smoothing("per_position", residues) == 0
    assert smoothing("multilabel", np.array([[0, 1], [1, 0]])) == 0
    assert smoothing("regression", np.array([0.5, 2.0])) == 0
