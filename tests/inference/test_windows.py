"""Windows of long records: every residue once in training, covered in prediction."""

from __future__ import annotations

import os
import re
import signal

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from conftest import encode, write_exons
from hypothesis import given
from hypothesis import strategies as st

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fitting.session import Session
from bioseqrnn.inference.windows import most_windows, overlapping, shifted
from bioseqrnn.networks.store import load_model
from bioseqrnn.onehot.packing import unpack
from bioseqrnn.stages.diagnosis.run import diagnose_models
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_fold
from bioseqrnn.support.errors import TrainingStopped
from bioseqrnn.tasks.losses import batch_targets

CONFIG = {
    "cell": "gru", "hidden_size": 6, "stem_filters": 4, "positions": 0, "window": 90,
    "window_overlap": 30, "residues_per_step": 3, "batch_size": 8, "epochs": 3,
}  # fmt: skip
OUTPUTS = ("model.safetensors", "history.tsv", "predictions.parquet")


@pytest.fixture(scope="module")
def exons(tmp_path_factory):
    """Ten contigs of 420 bases, and a table of folds beside."""
    folder = tmp_path_factory.mktemp("exons")
    source = Source(write_exons(folder / "exons.fa", 10, 7))
    table = encode(folder, [source], task="per_position", alphabet="dna")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    return table


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=5), st.integers(4, 80), st.integers(0, 60)
)
def test_overlapping_windows_cover_every_residue(lengths, window, overlap):
    lengths, overlap = np.array(lengths), min(overlap, window - 2)
    windows = overlapping(lengths, window, overlap)
    assert (windows.starts % 2 == 0).all()
    assert (windows.lengths <= window).all()
    for record, length in enumerate(lengths):
        own = windows.records == record
        starts, ends = windows.starts[own], (windows.starts + windows.lengths)[own]
        assert starts[0] == 0
        assert ends[-1] == length
        assert (np.diff(starts) > 0).all()
        # neighbours share at least the overlap, but for the odd residue
        assert (ends[:-1] - starts[1:] >= overlap - overlap % 2).all()
        if length <= window - window % 2:
            assert own.sum() == 1


@pytest.mark.parametrize("window", [4, 90, 91, 419, 420, 5000, None])
def test_an_epoch_has_every_residue_once(exons, window):
    """Bases and labels of the windows of a record, one behind the other, are the record's."""
    train = np.array([1, 4, 7])
    generator = np.random.default_rng(3)
    cuts = set()
    for _ in range(5):
        table, rows = shifted(exons, train, window, generator)
        assert len(rows) <= most_windows(exons.lengths[train], window)
        assert table.lengths[rows].sum() == exons.lengths[train].sum()
        cuts.add(tuple(table.lengths[rows]))
        pieces = [unpack(table.packed, np.array([row]), table.alphabet)[0][0] for row in rows]
        for number, (whole, length) in enumerate(zip(*exons.dense(train), strict=True)):
            own = np.concatenate(pieces)[number * 420 : (number + 1) * 420]
            np.testing.assert_array_equal(own, whole[:length])
        assert (table.targets[rows].codes == exons.targets[train].codes).all()
        target = batch_targets(table.task, table.targets, rows[:3])
        assert (target[1, : table.lengths[rows[1]]].numpy() == table.targets[rows[1:2]].codes).all()
        # nothing but places is new
        assert np.shares_memory(table.packed.data, exons.packed.data)
    # cut elsewhere in each epoch, unless a record fits
    fits = window is None or window >= 420
    assert (len(cuts) == 1) == fits


class Interrupted(Session):
    """A session whose process gets a batch system's signal at every fourth place to stop."""

    ticks = 0

    def tick(self):
        self.ticks += 1
        if self.ticks == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        super().tick()


def train(folder, out, session=Session, **changes):
    with session(out / "model.safetensors", 1e9) as running:
        train_fold(
            folder / "sequences.parquet",
            folder / "folds.parquet",
            FoldFiles(*(out / name for name in OUTPUTS)),
            FoldTraining("m", ModelConfig(**CONFIG | changes), 1, 1),
            machine=MachineConfig(device="cpu"),
            session=running,
        )


def test_training_goes_on_as_if_it_had_not_stopped(exons, tmp_path):
    """Also in the middle of an epoch, whose windows are cut again as they were."""
    folder, whole, parts = exons.file.path.parent, tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    train(folder, whole)
    stops = []
    while True:
        try:
            train(folder, parts, Interrupted)
            break
        except TrainingStopped as stopped:
            stops.append(str(stopped))
    assert any("batches" in text for text in stops)
    for name in OUTPUTS:
        assert (parts / name).read_bytes() == (whole / name).read_bytes()


def test_sides_of_junctions_are_learned(exons, tmp_path):
    """More than the most frequent class reaches, on contigs that no training has seen."""
    train(exons.file.path.parent, tmp_path, epochs=30, hidden_size=16, learning_rate=0.02)
    history = pd.read_csv(tmp_path / "history.tsv", sep="\t")
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]
    predictions = pq.read_table(tmp_path / "predictions.parquet").to_pylist()
    right = total = 0
    for row in predictions:
        scores = np.array([row[f"probability_{name}"] for name in "EIN"])
        assert scores.shape == (3, len(row["target"]))
        np.testing.assert_allclose(scores.sum(axis=0), 1, atol=1e-6)
        right += (np.array(list("EIN"))[scores.argmax(axis=0)] == list(row["target"])).sum()
        total += len(row["target"])
    assert right / total > 0.45


def test_both_strands_are_read_where_classes_are_opposite(tmp_path):
    """Through training and the file of the model; a model of one strand stays one."""
    source = Source(write_exons(tmp_path / "exons.fa", 8, 5))
    for opposite in (None, {"E": "I"}):
        folder = tmp_path / ("both" if opposite else "one")
        folder.mkdir()
        options = {"task": "per_position", "alphabet": "dna", "opposite": opposite}
        table = encode(folder, [source], **options)
        split_table(
            table,
            folder / "folds.parquet",
            FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
        )
        train(folder, folder, epochs=1)
        network, card = load_model(folder / "model.safetensors", torch.device("cpu"))
        assert network.both_strands == (opposite is not None)
        assert card["config"]["reverse_complement"] == ("average" if opposite else "none")
        assert network.opposite.tolist() == ([1, 0, 2] if opposite else [0, 1, 2])


def test_gradients_of_windows_are_measured(exons, tmp_path, capfd):
    """Diagnosis looks at windows, in steps of three residues, and says that k counts steps."""
    folder = exons.file.path.parent
    train(folder, tmp_path, epochs=1)
    diagnose_models(
        [tmp_path / "model.safetensors"], folder / "sequences.parquet", folder / "folds.parquet",
        tmp_path / "diagnosis", records=6, longest=1000, seed=1, threads=1,
    )  # fmt: skip
    frame = pd.read_csv(tmp_path / "diagnosis/gradients.tsv", sep="\t")
    # a window of 90 residues has 30 steps
    assert frame["k"].max() == 29
    assert re.search(r"m, layer 1, forward: .* \d+ steps of 3 residues\n", capfd.readouterr().err)
    figure = (tmp_path / "diagnosis/gradients.svg").read_text()
    assert "k (steps of 3 residues back from the last one read)" in figure
