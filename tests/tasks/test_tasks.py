"""Targets, losses and activations of the tasks."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn.metrics import log_loss

from bioseqrnn.metrics.scorers import ALL, scorer
from bioseqrnn.metrics.tallies import Judged
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import TASKS, PositionTruth
from bioseqrnn.tasks.losses import PADDING, activate, balanced_weights, batch_targets, unit_losses
from bioseqrnn.tasks.task import SMALLEST

ZERO = torch.tensor(0.0)
LABELS = {
    "binary": (["no", "yes"], pa.array(["yes", "no", "yes"])),
    "multiclass": (["a", "b", "c"], pa.array(["c", "a", "b"])),
    "multilabel": (["x", "y", "z"], pa.array([["x", "z"], [], ["y"]], pa.list_(pa.string()))),
    "regression": ([], pa.array([1.5, -2.0, 0.0])),
    "per_position": (["H", "E", "C"], pa.array(["HHE", "C", "CEECH"], pa.large_string())),
}
LENGTHS = np.array([3, 1, 5])


def truth_of(name):
    classes, labels = LABELS[name]
    task = TASKS[name]
    return task, classes, task.whole(task.targets(labels, classes), LENGTHS, classes)


@pytest.mark.parametrize("name", LABELS)
def test_labels_become_targets_and_labels_again(name):
    task, classes, truth = truth_of(name)
    assert len(truth) == 3
    assert task.column(truth, classes).to_pylist() == LABELS[name][1].to_pylist()
    rows = np.array([2, 0])
    again = task.column(truth[rows], classes).to_pylist()
    assert again == [LABELS[name][1].to_pylist()[i] for i in rows]
    # also of a part of a column, as a row group's is
    part = task.targets(LABELS[name][1].slice(1), classes)
    assert (
        task.column(task.whole(part, LENGTHS[1:], classes), classes).to_pylist()
        == (LABELS[name][1].to_pylist()[1:])
    )


@pytest.mark.parametrize("name", ["binary", "multiclass", "multilabel"])
def test_a_probability_of_zero_has_the_same_loss_in_training_and_evaluation(name):
    task, classes, truth = truth_of(name)
    wrong = ~truth if name == "multilabel" else np.eye(len(classes))[(truth + 1) % len(classes)]
    scores = wrong.astype(float)
    one = np.ones((3, 1))
    judged = Judged(truth, scores, scores, np.arange(3), 3)
    found = float(scorer(task, classes, judged)(one)[ALL, "log_loss"][0])
    assert task.loss(truth, scores) == found == -np.log(SMALLEST)


@pytest.mark.parametrize("name", LABELS)
def test_torch_loss_is_the_numpy_loss(name):
    task, classes, truth = truth_of(name)
    torch.manual_seed(1)
    shape = (3, 5, 3) if task.per_position else (3, task.outputs(classes))
    outputs = torch.randn(shape, dtype=torch.double)
    target = batch_targets(task, truth, np.arange(3))
    loss = unit_losses(task, outputs, target, None)
    scores = activate(task, outputs, ZERO)
    if task.per_position:
        scores = scores[torch.arange(5) < torch.tensor(LENGTHS)[:, None]]
    units = 9 if task.per_position else 3
    assert loss.item() / units == pytest.approx(task.loss(truth, scores.numpy()), rel=1e-6)
    if name == "multiclass":
        assert loss.item() / 3 == pytest.approx(log_loss(truth, scores.numpy()))


def test_residues_behind_the_end_have_no_class():
    task, _, truth = truth_of("per_position")
    target = batch_targets(task, truth, np.array([1, 0]))
    assert target.tolist() == [[2, PADDING, PADDING], [0, 0, 1]]


@pytest.mark.parametrize("name", ["multiclass", "multilabel", "per_position"])
def test_a_smoothed_unit_weighs_what_its_own_class_does(name):
    """Else a negative record, smoothed, would be one of a rare class that weighs much."""
    task, classes, truth = truth_of(name)
    torch.manual_seed(1)
    shape = (3, 5, 3) if task.per_position else (3, task.outputs(classes))
    outputs, target = torch.randn(shape), batch_targets(task, truth, np.arange(3))
    weights = torch.tensor([1.0, 99.0, 7.0])
    loss = unit_losses(task, outputs, target, weights, 0.1)
    if task.per_position:
        inside = target != PADDING
        outputs, target = outputs[inside], target[inside]
    if name == "multilabel":
        chances = torch.sigmoid(outputs)
        nats = -(0.95 * chances.log() + 0.05 * (1 - chances).log())
        other = -(0.05 * chances.log() + 0.95 * (1 - chances).log())
        expected = torch.where(target == 1, weights * nats, other).sum() / 3
    else:
        nats = -torch.log_softmax(outputs, dim=1)
        own = nats[torch.arange(len(target)), target]
        expected = (weights[target] * (0.9 * own + 0.1 * nats.mean(dim=1))).sum()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_what_weights_taught_is_taken_back():
    """With weights the best outputs are log(w p): the correction must give p again."""
    for name, p in (("binary", [0.99, 0.01]), ("multilabel", [0.3, 0.01, 0.5])):
        task = TASKS[name]
        p = torch.tensor(p, dtype=torch.double)
        weights = torch.tensor([0.5, 50.0, 2.0], dtype=torch.double)[: len(p)]
        outputs = torch.zeros(1, len(p), dtype=torch.double, requires_grad=True)
        optimizer = torch.optim.LBFGS([outputs], max_iter=200, tolerance_grad=1e-12)
        # every possible label with its probability, as infinitely many records would have

        def loss(task=task, p=p, weights=weights, outputs=outputs, optimizer=optimizer):
            optimizer.zero_grad()
            total = torch.tensor(0.0)
            for code in range(len(p)):
                if task.name == "binary":
                    one = unit_losses(task, outputs, torch.tensor([code]), weights)
                    total = total + p[code] * one
                else:
                    for held in (0.0, 1.0):
                        target = torch.full((1, len(p)), held)
                        each = torch.nn.functional.binary_cross_entropy_with_logits(
                            outputs[:, code], target[:, code].double(), pos_weight=weights[code]
                        )
                        total = total + (p[code] if held else 1 - p[code]) * each
            total.backward()
            return total

        optimizer.step(loss)
        found = activate(task, outputs.detach(), weights.log())
        np.testing.assert_allclose(found[0].numpy(), p.numpy(), atol=1e-4)


def test_balanced_weights_make_classes_count_alike():
    task = TASKS["binary"]
    truth = np.array([0] * 99 + [1])
    weights = balanced_weights(task, truth, ["no", "yes"])
    assert weights[0] * 99 == pytest.approx(weights[1] * 1)
    assert weights[truth].sum() == pytest.approx(100)
    held = np.zeros((100, 2), bool)
    held[:4, 0] = True
    assert balanced_weights(TASKS["multilabel"], held, ["x", "y"]).tolist() == [24.0, 1.0]
    assert balanced_weights(TASKS["regression"], np.ones(3), []) is None
    position = PositionTruth(np.array([0, 0, 0, 1], np.uint8), np.array([0, 4]))
    weights = balanced_weights(TASKS["per_position"], position, ["a", "b"])
    assert weights[0] * 3 == pytest.approx(weights[1])


def test_folds_are_balanced_by_what_the_task_has():
    for name, expected in (
        ("multiclass", [[0, 0, 1], [1, 0, 0], [0, 1, 0]]),
        ("multilabel", [[1, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]]),
        ("per_position", [[2, 1, 0], [0, 0, 1], [1, 2, 2]]),
    ):
        task, classes, truth = truth_of(name)
        assert task.counts(truth, classes).tolist() == expected
    values = np.random.default_rng(1).normal(size=1000)
    counts = TASKS["regression"].counts(values, [])
    assert counts.sum(axis=0).tolist() == [100] * 10


def test_a_class_of_several_letters_is_refused():
    with pytest.raises(InputError, match="not one ASCII character"):
        TASKS["per_position"].targets(pa.array(["é"]), ["é"])
