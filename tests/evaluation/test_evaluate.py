from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from made_predictions import Made

from bioseqrnn.errors import InputError
from bioseqrnn.evaluation.metrics import metrics_of
from bioseqrnn.folds.run import split_table
from bioseqrnn.tasks import task_of


@pytest.fixture
def made(tmp_path, acp):
    return Made(tmp_path, acp)


def read(folder, name):
    return pd.read_csv(folder / f"{name}.tsv", sep="\t")


def test_tables_and_their_columns(made, acp):
    made.add("good", "network", 1.5, validation_loss=0.3, seeds=(1, 2))
    made.add("plain", "baseline", 0.5)
    out = made.evaluate()
    summary, runs = read(out, "summary"), read(out, "runs")
    assert list(summary) == ["model", "kind", "metric", "estimate", "ci_low", "ci_high", "n"]
    assert list(runs) == ["model", "kind", "fold", "seed", "metric", "estimate", "n"]
    names = metrics_of(task_of("binary"), thresholds=True)
    # two seeds, their ensemble, and a baseline
    assert len(runs) == 3 * (2 + 1 + 1) * len(names)
    assert runs["model"].unique().tolist() == ["good", "good_ensemble", "plain"]
    assert (summary["n"] == len(acp)).all()
    # ECE is never below 0, so replicates of a small one are larger
    rest = summary[~summary["metric"].str.startswith("ece")]
    assert (rest["ci_low"] <= rest["estimate"]).all()
    assert (rest["estimate"] <= rest["ci_high"]).all()
    comparisons = read(out, "comparisons")
    assert list(comparisons) == [
        "model", "baseline", "metric", "difference", "ci_low", "ci_high", "p", "test", "p_adjusted",
    ]  # fmt: skip
    auroc = comparisons.set_index(["model", "metric"]).loc[("good", "auroc")]
    assert auroc["ci_low"] > 0
    assert auroc["p"] < 0.02
    assert auroc["test"] == "delong"
    assert (comparisons["p_adjusted"] >= comparisons["p"]).all()
    confusion = read(out, "confusion")
    for _, counts in confusion.groupby(["model", "at_threshold"]):
        assert counts["count"].sum() == len(acp)
    calibration = read(out, "calibration")
    for _, after in calibration.groupby("calibrated"):
        assert after.groupby("model")["count"].sum().to_dict() == {
            "good": 2 * len(acp),
            "good_ensemble": len(acp),
            "plain": len(acp),
        }


def test_pooled_accuracy_is_the_mean_of_the_folds_by_size(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    out = made.evaluate()
    runs = read(out, "runs").query("metric == 'accuracy'")
    pooled = read(out, "summary").set_index("metric").loc["accuracy", "estimate"]
    assert pooled == pytest.approx(np.average(runs["estimate"], weights=runs["n"]), abs=1e-5)


def test_selection_looks_at_validation_only(made):
    """The network that does best on test records has the worse validation loss: it must lose."""
    made.add("lucky", "network", 3.0, validation_loss=0.5)
    made.add("sound", "network", 0.5, validation_loss=0.4)
    selected = json.loads((made.evaluate() / "selected.json").read_text())
    assert selected["model"] == "sound"
    assert selected["epochs"] == 2
    assert selected["config"]["cell"] == "gru"
    assert selected["devices"] == ["cpu (1 thread)"]


def test_same_seed_same_tables(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    made.add("plain", "baseline", 0.5)
    first = {p.name: p.read_bytes() for p in made.evaluate().iterdir()}
    second = {p.name: p.read_bytes() for p in made.evaluate().iterdir()}
    assert first == second


def test_a_missing_fold_is_noticed(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    made.paths.pop()
    with pytest.raises(InputError, match=r"good, seed 1: \d+ records of .* have no prediction"):
        made.evaluate()


def test_a_record_predicted_twice_is_noticed(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    made.paths.append(made.paths[0])
    with pytest.raises(InputError, match="predicts records twice"):
        made.evaluate()


def test_only_baselines_is_refused(made):
    made.add("plain", "baseline", 0.5)
    with pytest.raises(InputError, match="no network"):
        made.evaluate()


def test_a_network_without_its_model_is_noticed(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    made.paths[1].with_name("model.safetensors").unlink()
    with pytest.raises(InputError, match=r"fold-1/seed-1/model\.safetensors: no such file"):
        made.evaluate()


def test_predictions_of_other_folds_are_refused(made, acp):
    made.add("good", "network", 1.5, validation_loss=0.3)
    split_table(acp, made.folder / "folds.parquet", folds=3, validation_fraction=0.2, seed=2)
    with pytest.raises(InputError, match="tests in another fold"):
        made.evaluate()


def test_networks_alone_are_evaluated(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    out = made.evaluate()
    assert read(out, "comparisons").empty
    assert set(read(out, "summary")["model"]) == {"good"}
