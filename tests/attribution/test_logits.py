"""The explained number is the log-odds of the calibrated probability."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attributed import explained, record

from bioseqrnn.attribution.logits import explained_classes
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.tasks import task_of


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize(("task", "outputs"), [("binary", 2), ("multiclass", 4), ("multilabel", 3)])
def test_logits_are_those_of_calibrated_probabilities(task, outputs, members):
    model = explained(task=task, outputs=outputs, members=members)
    x = np.stack([record(20, seed=seed) for seed in range(6)])
    with torch.no_grad():
        scores = model.network.scores(torch.from_numpy(x), torch.full((6,), 20)).numpy()
    p = calibrated(task_of(task), scores, model.temperature)
    p = p[:, 1:] if task == "binary" else p
    np.testing.assert_allclose(model.logits(x), np.log(p) - np.log1p(-p), rtol=1e-9, atol=1e-12)
    assert model.logits(x).shape[1] == len(
        explained_classes(task_of(task), [f"c{i}" for i in range(outputs)])
    )


def test_values_of_a_regression_are_in_the_unit_of_the_labels():
    model = explained(task="regression", outputs=1, members=2)
    x = record(9)[None]
    with torch.no_grad():
        values = model.network.scores(torch.from_numpy(x), torch.tensor([9])).numpy()
    np.testing.assert_allclose(model.logits(x), values, rtol=1e-12)
    assert explained_classes(task_of("regression"), []) == ["value"]


def test_certain_logits_are_exact():
    """A probability of 1 in double precision has no finite log-odds of its own."""
    model = explained(task="binary", outputs=2, temperature=1.0)
    with torch.no_grad():
        model.network.head.weight.zero_()
        model.network.head.bias.copy_(torch.tensor([-100.0, 100.0]))
    prior = float(model.network.prior[1] - model.network.prior[0])
    np.testing.assert_allclose(model.logits(record(5)[None]), [[200 - prior]], rtol=1e-7)


def test_of_two_classes_the_positive_one_is_explained_unless_they_are_of_residues():
    assert explained_classes(task_of("binary"), ["no", "yes"]) == ["yes"]
    assert explained_classes(task_of("multiclass"), ["a", "b", "c"]) == ["a", "b", "c"]
    assert explained_classes(task_of("per_position"), ["a", "b"]) == ["a", "b"]
