from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.stages.baselines.run import train_baseline
from bioseqrnn.stages.evaluation.learning_curve import (
    evaluate_learning_curve,
    power_law_fall,
    unit_scores,
)
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.predictions import read_predictions
from bioseqrnn.tasks import TASKS, PositionTruth

FRACTIONS = (0.25, 0.5, 1.0)


@pytest.mark.parametrize("exponent", [0.05, 0.5, 1.0])
def test_a_power_law_is_extrapolated_exactly(exponent):
    sizes = np.array([50.0, 100.0, 200.0, 400.0])
    curves = np.stack([c + a * sizes**-exponent for c, a in ((0.2, 3.0), (0.0, 1.5))])
    wanted = [a * (400.0**-exponent - 800.0**-exponent) for a in (3.0, 1.5)]
    assert power_law_fall(sizes, curves) == pytest.approx(wanted, rel=1e-6)


def test_curves_that_do_not_fall_are_expected_to_stay():
    sizes = np.array([50.0, 100.0, 200.0])
    curves = np.array([[0.5, 0.5, 0.5], [0.3, 0.4, 0.5]])
    assert power_law_fall(sizes, curves).tolist() == [0.0, 0.0]


def test_noise_does_not_make_an_expectation_below_zero():
    rng = np.random.default_rng(1)
    sizes = np.array([10.0, 20.0, 40.0, 80.0])
    curves = rng.uniform(0, 1, (500, 4))
    assert (power_law_fall(sizes, curves) >= 0).all()


def test_scores_of_every_task_are_those_of_the_task():
    rng = np.random.default_rng(2)
    probability = rng.dirichlet(np.ones(3), 40)
    codes = rng.integers(3, size=40)
    truths = {
        "multiclass": (codes, probability),
        "multilabel": (rng.random((40, 3)) < 0.3, rng.random((40, 3))),
        "regression": (rng.normal(size=40), rng.normal(size=(40, 1))),
        "per_position": (
            PositionTruth(codes.astype(np.uint8), np.array([0, 7, 25, 40])),
            probability,
        ),
    }
    for name, (truth, scores) in truths.items():
        loss, right = unit_scores(TASKS[name], truth, scores)
        assert loss.mean() == pytest.approx(TASKS[name].loss(truth, scores))
        if name != "regression":
            assert right.mean() == pytest.approx(TASKS[name].score(truth, scores))


@pytest.fixture(scope="module")
def tables(acp, tmp_path_factory):
    """Predictions of a baseline trained on three shares of two folds."""
    folder = tmp_path_factory.mktemp("sizes")
    split_table(
        acp,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    for fraction in FRACTIONS:
        for fold in (0, 1):
            train_baseline(
                acp.file.path, folder / "folds.parquet", folder / f"{fraction}-{fold}.parquet",
                baseline="kmer_logistic", fold=fold, seed=1, threads=1, fraction=fraction,
            )  # fmt: skip
    return folder


def evaluate(tables, paths):
    evaluate_learning_curve(
        paths, tables / "folds.parquet", tables / "learning_curve.tsv", replicates=200,
        confidence=0.95, seed=1,
    )  # fmt: skip
    return pd.read_csv(tables / "learning_curve.tsv", sep="\t")


def paths(tables):
    # in no order
    return [tables / f"{f}-{fold}.parquet" for fold in (1, 0) for f in (1.0, 0.25, 0.5)]


def test_estimates_are_those_of_all_test_records(acp, tables):
    frame = evaluate(tables, paths(tables))
    measured = frame[~frame["extrapolated"]]
    assert measured["fraction"].tolist() == [0.25, 0.5, 1.0] * 2
    assert measured["metric"].tolist() == ["loss"] * 3 + ["accuracy"] * 3
    for fraction in FRACTIONS:
        runs = [read_predictions(tables / f"{fraction}-{fold}.parquet") for fold in (0, 1)]
        targets = np.concatenate([run.targets for run in runs])
        scores = np.concatenate([run.scores for run in runs])
        assert len(targets) == len(acp)
        rows = measured[measured["fraction"] == fraction].set_index("metric")
        assert rows["estimate"]["loss"] == pytest.approx(log_loss(targets, scores))
        right = accuracy_score(targets, scores.argmax(axis=1))
        assert rows["estimate"]["accuracy"] == pytest.approx(right)
        assert rows["records"]["loss"] == pytest.approx(fraction * len(acp) / 2, rel=0.05)
    assert (measured["ci_low"] < measured["estimate"]).all()
    assert (measured["ci_high"] > measured["estimate"]).all()


def test_gains_are_paired_differences(tables):
    frame = evaluate(tables, paths(tables))
    loss = frame[frame["metric"] == "loss"]
    assert loss["gain"].iloc[1:].tolist() == pytest.approx(-np.diff(loss["estimate"]))
    assert np.isnan(loss["gain"].iloc[0])
    accuracy = frame[frame["metric"] == "accuracy"]
    assert accuracy["gain"].iloc[1:].tolist() == pytest.approx(np.diff(accuracy["estimate"]))
    # paired: narrower than the intervals of two independent losses would make it
    row = loss.iloc[1]
    alone = np.hypot(*(loss["ci_high"] - loss["ci_low"]).iloc[:2])
    assert row["gain_high"] - row["gain_low"] < 0.9 * alone
    # peptides: more of them do help
    assert row["gain_low"] > 0


def test_twice_the_records_is_marked_as_extrapolated(tables):
    frame = evaluate(tables, paths(tables))
    (twice,) = frame[frame["extrapolated"]].to_dict("records")
    assert (twice["fraction"], twice["metric"]) == (2, "loss")
    whole = frame[(frame["fraction"] == 1) & (frame["metric"] == "loss")].iloc[0]
    assert twice["records"] == 2 * whole["records"]
    assert twice["ci_low"] <= twice["estimate"] <= twice["ci_high"]
    assert 0 < twice["gain"] < whole["gain"] * 1.5
    # two points are no curve
    frame = evaluate(tables, [path for path in paths(tables) if "0.25" not in path.name])
    assert not frame["extrapolated"].any()


def test_a_missing_fold_is_named(tables):
    with pytest.raises(InputError, match=r"kmer_logistic, 0.5 of the records: folds \[1\] of"):
        evaluate(tables, paths(tables)[:-1])
