"""Values of any size: what is learned depends neither on their unit nor on where they begin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.baselines.run import train_baseline
from bioseqrnn.stages.evaluation.run import evaluate_models
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_final, train_fold
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import write_json
from bioseqrnn.tables.predictions import read_predictions
from bioseqrnn.tasks.task import scale_of

CONFIG = {"cell": "gru", "hidden_size": 8, "stem_filters": 8, "epochs": 15}
UNITS = {
    "offset": (1e8, 1.0), "beyond float32": (0.0, 1e45),
    "affinities": (0.0, 1e-9), "tiny": (0.0, 1e-60),
}  # fmt: skip


def write(folder, offset, unit):
    """Records whose value is the number of their G."""
    rng = np.random.default_rng(3)
    records = ["".join(rng.choice(list("ACGT"), 40)) for _ in range(60)]
    (folder / "r.fa").write_text("".join(f">{i}\n{r}\n" for i, r in enumerate(records)))
    rows = [f"{i}\t{offset + unit * r.count('G')!r}\n" for i, r in enumerate(records)]
    (folder / "labels.tsv").write_text("id\tlabel\n" + "".join(rows))
    source = Source(folder / "r.fa", labels=folder / "labels.tsv")
    table = encode(folder, [source], task="regression", alphabet="dna")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )


def values(folder, baseline=None):
    """What is predicted of the test records."""
    out = folder / (baseline or "gru")
    files = (folder / "sequences.parquet", folder / "folds.parquet")
    if baseline:
        out.mkdir()
        train_baseline(
            *files, out / "predictions.parquet", baseline=baseline, fold=0, seed=1, threads=1
        )
    else:
        train_fold(
            *files,
            FoldFiles(out / "model.safetensors", out / "history.tsv", out / "predictions.parquet"),
            FoldTraining("gru", ModelConfig(**CONFIG), 0, 1),
            machine=MachineConfig(device="cpu"),
        )
    found = read_predictions(out / "predictions.parquet")
    return found.scores[:, 0], found.targets


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    write(folder, 0.0, 1.0)
    found = {name: values(folder, name) for name in (None, "kmer_logistic", "cnn")}
    # there is something to be lost
    value, truth = found[None]
    assert np.corrcoef(value, truth)[0, 1] > 0.5
    return found


@pytest.mark.parametrize(("offset", "unit"), UNITS.values(), ids=UNITS)
def test_predictions_follow_the_unit(plain, tmp_path, offset, unit):
    write(tmp_path, offset, unit)
    for name, (expected, truth) in plain.items():
        value, targets = values(tmp_path, name)
        # labels themselves have 16 digits
        exact = 1e-6 + 1e-14 * abs(offset) / unit
        np.testing.assert_allclose((targets - offset) / unit, truth, atol=exact)
        np.testing.assert_allclose((value - offset) / unit, expected, atol=0.02 + exact)


def test_tables_and_predictions_keep_their_digits(tmp_path):
    write(tmp_path, 0.0, 1e-9)
    paths = []
    for fold in (0, 1):
        out = tmp_path / f"fold-{fold}"
        train_fold(
            tmp_path / "sequences.parquet",
            tmp_path / "folds.parquet",
            FoldFiles(out / "model.safetensors", out / "history.tsv", out / "predictions.parquet"),
            FoldTraining("gru", ModelConfig(**CONFIG | {"epochs": 3}), fold, 1),
            machine=MachineConfig(device="cpu"),
        )
        paths.append(out / "predictions.parquet")
    evaluate_models(
        paths, tmp_path / "folds.parquet", tmp_path, replicates=20, confidence=0.95, seed=1
    )
    summary = pd.read_csv(tmp_path / "summary.tsv", sep="\t").set_index("metric")
    assert 1e-10 < summary.loc["mae", "estimate"] < 1e-8
    assert (summary.loc[["rmse", "mae"], ["ci_low", "ci_high"]] > 0).all(axis=None)
    selected = pd.read_json(tmp_path / "selected.json", typ="series")
    assert selected["metrics"]["rmse"] == pytest.approx(summary.loc["rmse", "estimate"], rel=1e-5)
    assert 0 < selected["candidates"][0]["validation_loss"] < 1e-15
    final = tmp_path / "final.safetensors"
    train_final(
        tmp_path / "sequences.parquet",
        tmp_path / "selected.json",
        final,
        seed=1,
        machine=MachineConfig(device="cpu"),
    )
    predict_query(
        tmp_path / "r.fa",
        final,
        [tmp_path / "q.parquet", tmp_path / "q.tsv.gz"],
        machine=MachineConfig(device="cpu"),
    )
    text = pd.read_csv(tmp_path / "q.tsv.gz", sep="\t")["value"]
    np.testing.assert_allclose(text, pd.read_parquet(tmp_path / "q.parquet")["value"], rtol=1e-8)
    assert text.nunique() > 30


def test_a_value_far_from_0_is_written_with_its_digits(tmp_path):
    write(tmp_path, 1e8, 1.0)
    choice = {"model": "gru", "config": CONFIG | {"epochs": 3}, "epochs": 3, "metrics": {}}
    write_json(tmp_path / "selected.json", choice)
    train_final(
        tmp_path / "sequences.parquet",
        tmp_path / "selected.json",
        tmp_path / "m.safetensors",
        seed=1,
        machine=MachineConfig(device="cpu"),
    )
    predict_query(
        tmp_path / "r.fa",
        tmp_path / "m.safetensors",
        [tmp_path / "q.parquet", tmp_path / "q.tsv.gz"],
        machine=MachineConfig(device="cpu"),
    )
    text = pd.read_csv(tmp_path / "q.tsv.gz", sep="\t")["value"]
    assert text.nunique() > 5
    assert text.between(1e8, 1e8 + 40).all()


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([1e300, 2e300], "labels reach 2e\\+300"), ([1.0, 1e141], "labels reach 1e\\+141"),
     ([1e-200, 2e-200], "labels are between 1e-200 and 2e-200")],
)  # fmt: skip
def test_values_whose_squares_are_no_numbers_are_refused(numbers, words):
    with pytest.raises(InputError, match=words):
        scale_of(np.array(numbers))


def test_equal_values_have_no_spread():
    assert scale_of(np.full(7, 0.1)) == (0.1, 1.0)
