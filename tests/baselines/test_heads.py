"""Heads and scalings compute what scikit-learn computes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bioseqrnn.baselines.heads import Kind, Linear, fit_head
from bioseqrnn.baselines.preparation import Standard, Tfidf
from bioseqrnn.baselines.records import Form
from bioseqrnn.baselines.trees import Trees
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.tasks import task_of

LINEAR = Kind(LogisticRegression, Ridge, Linear.of)
TREES = Kind(HistGradientBoostingClassifier, HistGradientBoostingRegressor, Trees.of)


@pytest.fixture
def counts():
    rng = np.random.default_rng(1)
    return csr_array(rng.poisson(0.3, (120, 40)).astype(np.float32))


@pytest.fixture
def dense():
    return np.random.default_rng(2).normal(3, 10, (120, 7)).astype(np.float32)


def form(task, classes):
    return Form(task_of(task), [str(i) for i in range(classes)], DNA, False)


def scaled_equally(ours, theirs):
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", [LINEAR, TREES], ids=["linear", "trees"])
@pytest.mark.parametrize("classes", [2, 4])
def test_probabilities_are_those_of_scikit_learn(kind, classes, dense):
    # in double precision, which scikit-learn keeps
    features = dense.astype(np.float64) if kind is LINEAR else dense
    codes = np.random.default_rng(3).integers(0, classes, len(dense))
    task = "binary" if classes == 2 else "multiclass"
    head = fit_head(form(task, classes), codes, features, kind)
    model = kind.classifier().fit(features, codes)
    scaled_equally(head.scores(features), model.predict_proba(features))


@pytest.mark.parametrize("kind", [LINEAR, TREES], ids=["linear", "trees"])
def test_labels_and_values_are_those_of_scikit_learn(kind, dense):
    features = dense.astype(np.float64) if kind is LINEAR else dense
    held = np.random.default_rng(3).random((len(dense), 3)) < [0.2, 0.5, 2]
    head = fit_head(form("multilabel", 3), held, features, kind)
    for label in (0, 1):
        model = kind.classifier().fit(features, held[:, label].astype(np.int64))
        scaled_equally(head.scores(features)[:, label], model.predict_proba(features)[:, 1])
    # all records have the third label
    assert (head.scores(features)[:, 2] == 1).all()
    values = 5 + 3 * features[:, 0].astype(np.float64)
    head = fit_head(form("regression", 0), values, features, kind)
    scaled = (values - values.mean()) / values.std()
    model = kind.regressor().fit(features, scaled)
    expected = model.predict(features) * values.std() + values.mean()
    scaled_equally(head.scores(features)[:, 0], expected)


def test_sparse_features_are_added_up_as_by_scikit_learn(counts):
    codes = np.random.default_rng(3).integers(0, 3, counts.shape[0])
    head = fit_head(form("multiclass", 3), codes, counts, LINEAR)
    model = LogisticRegression().fit(counts, codes)
    model.coef_, model.intercept_ = (x.astype(np.float64) for x in (model.coef_, model.intercept_))
    scaled_equally(head.scores(counts), model.predict_proba(counts.astype(np.float64)))


def test_scalings_are_those_of_scikit_learn(counts, dense):
    for features in (dense, dense.astype(np.float64)):
        expected = StandardScaler().fit_transform(features)
        found = Standard.of(features)(features.copy())
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
    constant = np.ones((5, 2))
    assert np.array_equal(Standard.of(constant)(constant.copy()), np.zeros((5, 2)))
    expected = TfidfTransformer().fit_transform(counts)
    found = Tfidf.of(counts)(counts.copy())
    assert np.array_equal(found.toarray(), expected.toarray())


def test_scaled_features_and_a_head_are_a_pipeline_of_scikit_learn(counts, dense):
    codes = np.random.default_rng(3).integers(0, 2, len(dense))
    for features, scaling, theirs in (
        (dense.astype(np.float64), Standard, StandardScaler()),
        (counts.astype(np.float64), None, None),
    ):
        scaled = features if scaling is None else scaling.of(features)(features.copy())
        head = fit_head(form("binary", 2), codes, scaled, LINEAR)
        steps = [step for step in (theirs, LogisticRegression()) if step is not None]
        model = make_pipeline(*steps).fit(features, codes)
        scaled_equally(head.scores(scaled), model.predict_proba(features))
