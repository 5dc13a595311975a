"""Boosted trees as arrays predict what scikit-learn predicts, and damaged arrays are refused."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load, save
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from bioseqrnn.baselines.trees import Trees
from bioseqrnn.support.errors import InputError

ROWS, COLUMNS = 400, 12


@pytest.fixture(scope="module")
def features():
    """Counts and fractions: many equal values, and many that lie near thresholds."""
    rng = np.random.default_rng(1)
    counts = rng.poisson(2, size=(2 * ROWS, COLUMNS // 2))
    return np.hstack([counts, rng.random(counts.shape)]).astype(np.float32)


def fitted(task, features):
    made = features[:ROWS, 0] + 3 * features[:ROWS, -1] * features[:ROWS, 1]
    if task == "regression":
        return HistGradientBoostingRegressor(random_state=1).fit(features[:ROWS], made)
    cuts = np.quantile(made, {"binary": [0.6], "multiclass": [0.2, 0.5, 0.6]}[task])
    model = HistGradientBoostingClassifier(random_state=1, max_iter=30)
    return model.fit(features[:ROWS], np.searchsorted(cuts, made))


def expected(model, features):
    if hasattr(model, "decision_function"):
        raw = model.decision_function(features)
        return raw.reshape(len(features), -1)
    return model.predict(features)[:, None]


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def model(request, features):
    return fitted(request.param, features)


def test_raw_predictions_are_those_of_scikit_learn(model, features):
    trees = Trees.of(model)
    assert len(trees.starts) - 1 >= 30
    wanted = expected(model, features)
    assert len(np.unique(wanted)) > ROWS
    np.testing.assert_array_equal(trees.raw(features), wanted)
    assert trees.raw(features[:0]).shape == (0, wanted.shape[1])


def test_features_at_and_beside_a_threshold(model, features):
    """Thresholds are float64: rounded to float32, a value beside one would go the other way."""
    trees = Trees.of(model)
    inner = trees.feature >= 0
    rows = np.repeat(features[:1], inner.sum(), axis=0)
    places = np.arange(inner.sum()), trees.feature[inner]
    near = trees.threshold[inner].astype(np.float32)
    for value in (near, np.nextafter(near, np.float32(-9)), np.nextafter(near, np.float32(9e9))):
        rows[places] = value
        np.testing.assert_array_equal(trees.raw(rows), expected(model, rows))


def test_arrays_pass_through_a_file(model, features):
    trees = Trees.of(model)
    again = Trees.load(load(save(trees.arrays())))
    np.testing.assert_array_equal(again.raw(features), trees.raw(features))


def test_models_that_the_arrays_cannot_hold_are_refused(features):
    labels = features[:ROWS, 0] > 2
    model = HistGradientBoostingClassifier(categorical_features=[0], max_iter=2)
    with pytest.raises(InputError, match="splits by categories or missing values; fit it to"):
        Trees.of(model.fit(features[:ROWS], labels))
    holes, labels = features[:ROWS].copy(), np.random.default_rng(2).random(ROWS) > 0.5
    holes[labels, 3] = np.nan
    model = HistGradientBoostingClassifier(max_iter=2).fit(holes, labels)
    with pytest.raises(InputError, match="splits by categories or missing values; fit it to"):
        Trees.of(model)


def changed(name, index, value):
    def change(arrays):
        arrays[name] = arrays[name].copy()
        arrays[name][index] = value

    return change


def replaced(name, make):
    def change(arrays):
        arrays[name] = make(arrays[name])

    return change


BIG = np.iinfo(np.int64).max
DAMAGES = {
    "missing": (lambda arrays: arrays.pop("left"), "'left' is missing"),
    "type": (replaced("value", lambda x: x.astype(np.float32)), "'value' is not a one-dim"),
    "objects": (replaced("value", lambda x: x.astype(object)), "'value' is not a one-dim"),
    "shape": (replaced("value", lambda x: x[:, None]), "'value' is not a one-dim"),
    "nan": (changed("value", 3, np.nan), "'value' has a number that is not finite"),
    "inf": (changed("threshold", 0, np.inf), "'threshold' has a number that is not finite"),
    "short": (replaced("right", lambda x: x[:-1]), "differ in length"),
    "no columns": (replaced("columns", lambda x: x[:0]), "'columns' is not one positive"),
    "negative": (replaced("columns", lambda x: -x), "'columns' is not one positive"),
    "no starts": (replaced("starts", lambda x: x[:0]), "'starts' does not divide"),
    "first": (changed("starts", 0, 1), "'starts' does not divide"),
    "last": (replaced("starts", lambda x: x[:-1]), "'starts' does not divide"),
    "empty tree": (changed("starts", 1, 0), "'starts' does not divide"),
    "overflow": (changed("starts", slice(1, 3), [BIG, -BIG]), "'starts' does not divide"),
    "no outputs": (replaced("baseline", lambda x: x[:0]), "not a multiple"),
    "outputs": (replaced("baseline", lambda x: np.zeros(7)), "not a multiple"),
    "column": (changed("feature", 0, COLUMNS), "'feature' has a column outside of the 12"),
    "no column": (changed("feature", 0, -2), "'feature' has a column outside of the 12"),
    "itself": (changed("left", 0, 0), "'left' has a child that does not follow"),
    "root": (changed("right", 1, 0), "'right' has a child that does not follow"),
    "beyond": (changed("right", 0, 10_000), "'right' has a child that does not follow"),
    "leaf": (replaced("feature", np.zeros_like), "'left' has a child that does not follow"),
}


@pytest.mark.parametrize(("change", "message"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_arrays_are_refused_in_one_line(change, message, features):
    arrays = Trees.of(fitted("binary", features)).arrays()
    change(arrays)
    with pytest.raises(InputError) as error:
        Trees.load(arrays, where="model.safetensors")
    text = str(error.value)
    assert text.startswith("model.safetensors: ")
    assert message in text
    assert "\n" not in text


def test_features_must_have_the_columns_of_the_model(features):
    with pytest.raises(ValueError, match="for 12 columns"):
        Trees.of(fitted("binary", features)).raw(features[:, 1:])
