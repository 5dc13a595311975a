"""Which network scores which record, and what comes out of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import RESOURCES, encode, first_records
from sklearn.metrics import average_precision_score, roc_auc_score

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.metrics.bootstrap import Resampling
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_fold
from bioseqrnn.stages.transfer.matrix import TransferDataset, cell_rows, scoring_folds
from bioseqrnn.stages.transfer.run import transfer_models
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.sequences import read_sequences

KINDS = {"random": {}, "shuffled": {"negatives": {"method": "shuffle", "k": 1}}}
SMALL = ModelConfig(cell="gru", hidden_size=6, stem_filters=6, epochs=2)


def make(folder, kind, count=60, seed=1, folds=3):
    """Peptides against unrelated ones, or against their own shuffles."""
    folder.mkdir(parents=True)
    sources = []
    for name in ("ACP", "Random") if kind == "random" else ("ACP",):
        path = folder / f"{name}.fa"
        path.write_text(first_records(RESOURCES / "acp" / f"{name}.fa", count))
        sources.append(Source(path, name))
    from bioseqrnn.config.datasets import DatasetOptions, NegativesConfig
    from bioseqrnn.stages.sequences.run import encode_sequences

    negatives = NegativesConfig(**KINDS[kind].get("negatives", {}))
    options = DatasetOptions(alphabet="protein", positive="ACP", negatives=negatives)
    encode_sequences(
        sources, folder / "sequences.parquet", folder / "intake.tsv", options=options, where=kind
    )
    table = read_sequences(folder / "sequences.parquet")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=folds, validation_fraction=0.2, seed=seed, grouping="duplicates"),
    )
    return TransferDataset(kind, table, read_folds(folder / "folds.parquet", table))


def texts(table):
    return [(table.packed.row(i), int(table.lengths[i])) for i in range(len(table))]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    # dealt by other seeds, so that a positive's fold differs between the two
    return make(folder / "random", "random"), make(folder / "shuffled", "shuffled", seed=2)


def test_no_network_scores_what_it_trained_on(pair):
    for trained in pair:
        known = texts(trained.table)
        for tested in pair:
            fold = scoring_folds(trained, tested)
            asked = texts(tested.table)
            assert (fold >= 0).all()
            for k in range(3):
                roles = trained.folds.roles[:, k]
                seen = {known[i] for i in np.flatnonzero(roles != "test")}
                assert not seen & {asked[i] for i in np.flatnonzero(fold == k)}
            # every network has a part of both classes
            for k in range(3):
                assert len(np.unique(tested.table.targets[fold == k])) == 2


def test_the_diagonal_is_cross_validation(pair):
    assert (scoring_folds(pair[0], pair[0]) == pair[0].folds.fold).all()


def test_a_given_split_scores_only_what_it_tests(pair, tmp_path):
    parts = []
    for split, start in (("train", 0), ("test", 40)):
        for name in ("ACP", "Random"):
            records = (RESOURCES / "acp" / f"{name}.fa").read_text().split(">")[1:]
            path = tmp_path / f"{name}.{split}.fa"
            path.write_text("".join(f">{r}" for r in records[start : start + 40]))
            parts.append(Source(path, name, split=split))
    table = encode(tmp_path, parts, alphabet="protein", positive="ACP")
    split_table(
        table,
        tmp_path / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    given = TransferDataset("given", table, read_folds(tmp_path / "folds.parquet", table))
    fold = scoring_folds(given, pair[1])
    positives = pair[1].table.targets == 1
    # the first 40 positives trained it, 20 more tested it; shuffles are new to it
    assert (fold[positives] == -1).sum() == 40
    assert (fold[positives] == 0).sum() == 20
    assert (fold[~positives] == 0).all()
    # of the other's records only those that a test row holds are asked for
    assert ((scoring_folds(pair[0], given) >= 0) == (given.folds.fold >= 0)).all()


def test_estimates_are_those_of_scikit_learn(pair):
    rng = np.random.default_rng(1)
    rows = np.sort(rng.permutation(len(pair[0].table))[:80])
    scores = {"gru": {1: rng.random(80), 2: rng.random(80)}}
    frame = cell_rows("x", pair[0], rows, scores, Resampling(100, 0.9, 1))
    truth = pair[0].table.targets[rows]
    for metric, function in (("auroc", roc_auc_score), ("auprc", average_precision_score)):
        row = frame[frame["metric"] == metric].iloc[0]
        expected = np.mean([function(truth, values) for values in scores["gru"].values()])
        assert row["estimate"] == pytest.approx(expected)
        assert row["ci_low"] < expected < row["ci_high"]
        assert row["n"] == 80


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Networks of two folds of two datasets."""
    folder = tmp_path_factory.mktemp("trained")
    models = []
    for kind in KINDS:
        here = folder / kind
        make(here, kind, folds=2)
        for k in (0, 1):
            models.append(here / f"fold-{k}" / "model.safetensors")
            train_fold(
                here / "sequences.parquet",
                here / "folds.parquet",
                FoldFiles(
                    models[-1],
                    here / f"fold-{k}" / "history.tsv",
                    here / f"fold-{k}" / "predictions.parquet",
                ),
                FoldTraining("gru", SMALL, k, 1),
                machine=MachineConfig(device="cpu"),
            )
    return folder, models


def run(folder, models, output, names=tuple(KINDS), kinds=tuple(KINDS)):
    transfer_models(
        list(names),
        [folder / kind / "sequences.parquet" for kind in kinds],
        [folder / kind / "folds.parquet" for kind in kinds],
        models, output, resampling=Resampling(100, 0.95, 1), machine=MachineConfig(device="cpu"),
    )  # fmt: skip


def test_the_matrix_is_made_and_repeats(trained, tmp_path):
    from bioseqrnn.tables.predictions import read_predictions

    folder, models = trained
    for name in ("a", "b"):
        # in any order: what a network trained on is known by checksum
        run(folder, models[:: 1 if name == "a" else -1], tmp_path / name)
    for name in ("matrix.tsv", "heatmap.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    frame = pd.read_csv(tmp_path / "a" / "matrix.tsv", sep="\t")
    assert len(frame) == 2 * 2 * 2
    assert set(frame["n"]) == {120}
    cell = frame[(frame["train"] == "random") & (frame["test"] == "random")]
    tables = [read_predictions(m.with_name("predictions.parquet")) for m in models[:2]]
    truth = np.concatenate([t.targets for t in tables])
    score = np.concatenate([t.scores[:, 1] for t in tables])
    estimate = cell[cell["metric"] == "auroc"]["estimate"].item()
    assert estimate == pytest.approx(roc_auc_score(truth, score), abs=1e-6)


def test_what_does_not_fit_is_refused(trained, tmp_path):
    folder, models = trained
    with pytest.raises(InputError, match=r"shuffled: gru, seed 1, fold 1 is missing"):
        run(folder, models[:3], tmp_path)
    with pytest.raises(InputError, match="at least two datasets"):
        run(folder, models, tmp_path, names=("x", "x"))
    other = make(tmp_path / "other", "random", count=40)
    assert len(other.table) == 80
    with pytest.raises(InputError, match="does not belong to a fold of these datasets"):
        transfer_models(
            ["random", "other"],
            [folder / "random" / "sequences.parquet", tmp_path / "other" / "sequences.parquet"],
            [folder / "random" / "folds.parquet", tmp_path / "other" / "folds.parquet"],
            models, tmp_path, resampling=Resampling(100, 0.95, 1),
            machine=MachineConfig(device="cpu"),
        )  # fmt: skip
