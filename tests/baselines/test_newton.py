"""Linear models fitted in the space of the records are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import normalize

from bioseqrnn.baselines.records import Form
from bioseqrnn.baselines.targets import Targets
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.tasks import task_of

STRENGTHS = (10.0, 100.0)
RECORDS, COLUMNS = 120, 300


class Dense:
    """A dense table with the products of a table of features."""

    def __init__(self, table):
        self.table, self.shape = table, table.shape

    def times(self, weights):
        return self.table @ weights

    def turned_times(self, values):
        return self.table.T @ values


@pytest.fixture(scope="module")
def table():
    """Counts of rare words, rows of length 1, and one row without any word."""
    counts = np.random.default_rng(1).poisson(0.3, size=(RECORDS, COLUMNS)).astype(np.float64)
    counts[5] = 0
    return normalize(counts)


def hidden(table, outputs):
    """Values that depend on the counts, with noise."""
    rng = np.random.default_rng(2)
    exact = table @ rng.normal(size=(COLUMNS, outputs))
    return exact + 0.3 * exact.std() * rng.normal(size=exact.shape)


def targets_of(task, classes, truth):
    return Targets.of(Form(task_of(task), list(classes), DNA, False), truth)


def predicted(targets, table, strength, start=None):
    features = Dense(table)
    return targets.head(features, targets.fit(features, strength, start)).scores(table)


def reference(strength):
    return LogisticRegression(C=strength, tol=1e-12, max_iter=10_000)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_classes(classes, strength, table):
    # one more class, without a record, comes first
    codes = 1 + hidden(table, classes).argmax(axis=1)
    targets = targets_of("multiclass", "abcdefg"[: classes + 1], codes)
    found = predicted(targets, table, strength)
    wanted = reference(strength).fit(table, codes).predict_proba(table)
    np.testing.assert_allclose(found[:, 1:], wanted, atol=2e-4)
    assert not found[:, 0].any()
    assert found.max() > 0.8


@pytest.mark.parametrize("strength", STRENGTHS)
def test_labels(strength, table):
    """More labels than are fitted together, and two that are the same in all records."""
    held = (hidden(table, 20) > 0).astype(np.uint8)
    held[:, 3], held[:, 7] = 0, 1
    targets = targets_of("multilabel", [f"l{i}" for i in range(20)], held)
    assert [loss.targets.shape[1] for loss in targets.losses] == [16, 2]
    found = predicted(targets, table, strength)
    for label, column in enumerate(held.T):
        wanted = column
        if label not in (3, 7):
            wanted = reference(strength).fit(table, column).predict_proba(table)[:, 1]
        np.testing.assert_allclose(found[:, label], wanted, atol=2e-4)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_values(strength, table):
    values = 1000 + 50 * hidden(table, 1)[:, 0]
    found = predicted(targets_of("regression", [], values), table, strength)
    wanted = Ridge(alpha=1 / strength, solver="cholesky").fit(table, values).predict(table)
    np.testing.assert_allclose(found[:, 0], wanted, atol=1e-3 * values.std())


def test_one_class_is_certain(table):
    targets = targets_of("binary", "ab", np.ones(RECORDS, int))
    found = predicted(targets, table, 10.0)
    assert found.tolist() == [[0.0, 1.0]] * RECORDS


def test_a_start_changes_the_way_and_not_the_end(table):
    targets = targets_of("multiclass", "abc", hidden(table, 3).argmax(axis=1))
    found = predicted(targets, table, 100.0)
    start = targets.fit(Dense(table), 10.0)
    assert np.abs(targets.head(Dense(table), start).scores(table) - found).max() > 0.01
    again = predicted(targets, table, 100.0, start)
    np.testing.assert_allclose(again, found, atol=2e-4)


def test_features_that_tell_nothing(table):
    """Records without any word: the shares of the classes remain."""
    codes = np.arange(RECORDS) % 4 // 3
    targets = targets_of("binary", "ab", codes)
    found = predicted(targets, np.zeros_like(table), 10.0)
    np.testing.assert_allclose(found, [[0.75, 0.25]] * RECORDS, atol=1e-4)
