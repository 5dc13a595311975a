from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from bioseqrnn.config.schema import ModelConfig
from bioseqrnn.errors import InputError
from bioseqrnn.evaluation.metrics import METRICS
from bioseqrnn.evaluation.predictions import write_predictions
from bioseqrnn.evaluation.run import evaluate_models
from bioseqrnn.folds.run import split_table
from bioseqrnn.folds.table import read_folds
from bioseqrnn.io import write_tsv
from bioseqrnn.models.classifier import SequenceClassifier
from bioseqrnn.models.store import save_model


class Made:
    """Prediction tables of made-up quality for the bundled peptides, through the real writers."""

    def __init__(self, folder, table):
        self.folder, self.table = folder, table
        split_table(table, folder / "folds.parquet", folds=3, validation_fraction=0.2, seed=1)
        self.folds = read_folds(folder / "folds.parquet", table)
        self.paths = []

    def add(self, model, kind, quality, validation_loss=None, seeds=(1,)):
        rng = np.random.default_rng(len(self.paths))
        for fold in range(3):
            for seed in seeds:
                rows = self.folds.indices(fold, "test")
                logit = rng.normal(0, 1, len(rows)) + quality * (2 * self.table.targets[rows] - 1)
                p = 1 / (1 + np.exp(-logit))
                out = self.folder / kind / model / f"fold-{fold}" / f"seed-{seed}"
                path = out / "predictions.parquet"
                write_predictions(
                    path, self.table, {"test": (rows, np.column_stack([1 - p, p]))},
                    model=model, kind=kind, fold=fold, seed=seed,
                )  # fmt: skip
                self.paths.append(path)
                if kind == "network":
                    self._beside(out, model, fold, seed, validation_loss)

    def _beside(self, out, model, fold, seed, validation_loss):
        config = ModelConfig(cell="gru", hidden_size=2, stem_filters=0, positions=0)
        torch.manual_seed(1)
        card = {
            "alphabet": "protein", "symbols": "ACDEFGHIKLMNPQRSTVWY", "classes": ["Random", "ACP"],
            "task": "binary", "model": model, "config": config.model_dump(), "fold": fold,
            "seed": seed, "device": "cpu (1 thread)", "epoch": 2 if fold else 3,
        }  # fmt: skip
        save_model(out / "model.safetensors", SequenceClassifier(config, 20, 2), card)
        losses = [1.0, validation_loss, 0.9] if fold else [1.0, 0.95, validation_loss]
        history = {"epoch": [1, 2, 3], "train_loss": [1.0, 0.5, 0.1], "validation_loss": losses}
        write_tsv(out / "history.tsv", pd.DataFrame(history))

    def evaluate(self, **options):
        settings = {"replicates": 200, "confidence": 0.95, "seed": 1} | options
        out = self.folder / "evaluation"
        evaluate_models(self.paths, self.folder / "folds.parquet", out, **settings)
        return out


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
    assert len(runs) == (3 * 2 + 3) * len(METRICS)
    assert (summary["n"] == len(acp)).all()
    assert (summary["ci_low"] <= summary["estimate"]).all()
    assert (summary["estimate"] <= summary["ci_high"]).all()
    comparisons = read(out, "comparisons")
    assert list(comparisons) == [
        "model", "baseline", "metric", "difference", "ci_low", "ci_high", "p",
    ]  # fmt: skip
    auroc = comparisons.set_index("metric").loc["auroc"]
    assert auroc["ci_low"] > 0
    assert auroc["p"] < 0.02
    confusion = read(out, "confusion")
    for _, counts in confusion.groupby("model"):
        assert counts["count"].sum() == len(acp)
    calibration = read(out, "calibration")
    assert calibration.groupby("model")["count"].sum().to_dict() == {
        "good": 2 * len(acp),
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
    with pytest.raises(InputError, match=r"good, seed 1: \d+ records .* have no prediction"):
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
