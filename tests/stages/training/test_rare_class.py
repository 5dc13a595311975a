"""A class that few records have, from training to the calls of the final model."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from conftest import encode
from sklearn.metrics import roc_auc_score

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.card import read_card
from bioseqrnn.stages.baselines.run import train_baseline
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_final, train_fold
from bioseqrnn.support.io import write_json
from bioseqrnn.tables.predictions import read_predictions

MOTIF, PLACE = "TATATATA", 20


def write(path, rng, count, motif=""):
    records = ["".join(rng.choice(list("ACGT"), 60)) for _ in range(count)]
    records = [r[:PLACE] + motif + r[PLACE + len(motif) :] for r in records]
    path.write_text("".join(f">{path.stem}{i}\n{r}\n" for i, r in enumerate(records)))
    return path


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    """30 records with a motif among 330, in five folds, and records of a query."""
    folder = tmp_path_factory.mktemp("rare")
    rng = np.random.default_rng(5)
    sources = [
        Source(write(folder / "n.fa", rng, 300), "neg"),
        Source(write(folder / "p.fa", rng, 30, MOTIF), "pos"),
    ]
    table = encode(folder, sources, alphabet="dna", positive="pos")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=5, validation_fraction=0.1, seed=1, grouping="duplicates"),
    )
    query = write(folder / "qp.fa", rng, 20, MOTIF).read_text()
    (folder / "q.fa").write_text(query + write(folder / "qn.fa", rng, 200).read_text())
    return folder


def test_the_default_network_trains_to_the_end(rare):
    """Few positives validate: they rank first by chance long before the motif is learnt."""
    out = rare / "fold"
    train_fold(
        rare / "sequences.parquet",
        rare / "folds.parquet",
        FoldFiles(out / "model.safetensors", out / "history.tsv", out / "predictions.parquet"),
        FoldTraining("gru", ModelConfig(cell="gru"), 0, 1),
        machine=MachineConfig(device="cpu"),
    )
    assert read_card(out / "model.safetensors")["epoch"] == 20
    found = read_predictions(out / "predictions.parquet")
    assert roc_auc_score(found.targets, found.scores[:, 1]) > 0.97
    assert found.own["positives"] == [pytest.approx(24 / 264)]
    assert max(found.own["scores"][0]) > 0.9


@pytest.mark.parametrize("threshold", [1e-9, 1 - 1e-9])
def test_the_final_model_calls_some_and_not_all(rare, tmp_path, threshold):
    """Whatever threshold other networks had, and however few epochs it got."""
    choice = {
        "model": "gru", "config": {"cell": "gru", "hidden_size": 8}, "epochs": 2, "metrics": {},
        "temperature": 1.0, "thresholds": {"pos": threshold}, "called": {"pos": 0.1},
    }  # fmt: skip
    write_json(tmp_path / "selected.json", choice)
    model = tmp_path / "model.safetensors"
    train_final(
        rare / "sequences.parquet",
        tmp_path / "selected.json",
        model,
        seed=1,
        machine=MachineConfig(device="cpu"),
    )
    calls = tmp_path / "q.tsv.gz"
    predict_query(
        rare / "q.fa", model, [tmp_path / "q.parquet", calls], machine=MachineConfig(device="cpu")
    )
    share = (pd.read_csv(calls, sep="\t")["call"] == "pos").mean()
    assert 0.005 < share < 0.6


def test_baselines_say_where_their_scores_lie_too(rare):
    out = rare / "kmers.parquet"
    train_baseline(
        rare / "sequences.parquet", rare / "folds.parquet", out, baseline="kmer_logistic", fold=0,
        seed=1, threads=1,
    )  # fmt: skip
    found = read_predictions(out)
    assert found.own["records"] == 330 - len(found.ids)
    assert len(found.scores) == len(found.ids)
    assert json.dumps(found.own)
