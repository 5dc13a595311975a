"""``predict --nearest``: the most similar training record of each record."""

from __future__ import annotations

import importlib.util
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import encode

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.stages.prediction.run import predict_queries
from bioseqrnn.support.errors import InputError

CPU = MachineConfig(device="cpu")


@pytest.fixture
def trained(tmp_path):
    """A model, the table that it was trained on, and the sequences in it."""
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list("ACGT"), 60)) for _ in range(20)]
    for name, part in (("a", texts[:10]), ("b", texts[10:])):
        lines = [f">{name}{i}\n{text}\n" for i, text in enumerate(part)]
        (tmp_path / f"{name}.fa").write_text("".join(lines))
    table = encode(tmp_path, [Source(tmp_path / f"{name}.fa", name) for name in "ab"])
    config = ModelConfig(cell="gru", hidden_size=3, stem_filters=0)
    card = {
        "alphabet": "dna", "symbols": "ACGT", "classes": table.classes, "task": "binary",
        "config": config.model_dump(), "model": "gru", "trained_on": 20,
        "sources": table.metadata["sources"],
    }  # fmt: skip
    torch.manual_seed(1)
    save_model(tmp_path / "model.safetensors", SequenceClassifier(config, 4, 2), card)
    return tmp_path, texts


def predict(folder, *fastas, **options):
    predict_queries(
        fastas, folder / "model.safetensors", [folder / "q.parquet", folder / "q.tsv.gz"],
        machine=CPU, nearest=True, **options,
    )  # fmt: skip
    return pd.read_parquet(folder / "q.parquet")


def test_columns_name_the_nearest_record(trained):
    folder, texts = trained
    half = texts[13][5:50]
    (folder / "one.fa").write_text(f">x\n{texts[4]}\n>bad\nA?A\n>y\n{half}\n")
    (folder / "two.fa").write_text(f">z\n{texts[2][::-1].translate(str.maketrans('ACGT', 'TGCA'))}")
    sequences = folder / "sequences.parquet"
    rows = predict(folder, folder / "one.fa", folder / "two.fa", sequences=sequences)
    assert rows["id"].tolist() == ["x", "bad", "y", "z"]
    assert rows["nearest"].fillna("").tolist() == ["a4", "", "b3", "a2"]
    # one record was refused
    np.testing.assert_allclose(rows["nearest_identity"], [1, np.nan, 1, 1])
    np.testing.assert_allclose(rows["nearest_coverage"], [1, np.nan, 1, 1])
    text = pd.read_csv(folder / "q.tsv.gz", sep="\t")
    assert text["nearest"].fillna("").tolist() == ["a4", "", "b3", "a2"]


def test_what_it_needs_is_said_in_one_line(trained, monkeypatch):
    folder, _ = trained
    with pytest.raises(InputError, match=r"--nearest: needs --sequences"):
        predict(folder, folder / "a.fa")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match=r"--nearest: MMseqs2 is not installed; install it with"):
        predict(folder, folder / "a.fa", sequences=folder / "sequences.parquet")
    assert not (folder / "q.parquet").exists()
