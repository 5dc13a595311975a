"""What a fold tests or validates with is not read by any trial of its search."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.search import SearchConfig
from bioseqrnn.stages.search import run
from bioseqrnn.tables.folds import read_roles
from bioseqrnn.tables.sequences import read_sequences

from .conftest import CONFIG, SEARCH


def searched(tables, out, monkeypatch, rows=()):
    """Trials of a search in fold 0, where some records are spoilt after they were read."""
    out.mkdir()

    def spoilt(path, scratch=None):
        table = read_sequences(path)
        data, targets = table.packed.data.copy(), table.targets.copy()
        for row in rows:
            data[table.packed.offsets[row] : table.packed.offsets[row + 1]] = 0xFF
            targets[row] = 1 - targets[row]
        return dataclasses.replace(
            table, packed=dataclasses.replace(table.packed, data=data), targets=targets
        )

    monkeypatch.setattr(run, "read_sequences", spoilt)
    run.work(
        tables / "sequences.parquet", tables / "folds.parquet", out / "study.journal",
        out / "worker.tsv", worker=0, machine=MachineConfig(device="cpu"),
        searched=run.Searched(
            "gru_search", ModelConfig(**CONFIG), SearchConfig(**SEARCH | {"trials": 2}), 0
        ),
    )  # fmt: skip
    return (out / "worker.tsv").read_text()


@pytest.fixture
def roles(tables):
    return read_roles(tables / "folds.parquet", read_sequences(tables / "sequences.parquet"), 0)


def test_spoilt_test_and_validation_records_change_nothing(tables, tmp_path, monkeypatch, roles):
    train, validation, test = roles
    sound = searched(tables, tmp_path / "sound", monkeypatch)
    outside = np.concatenate([validation, test])
    assert len(outside) > len(train)
    assert searched(tables, tmp_path / "outside", monkeypatch, outside) == sound
    assert searched(tables, tmp_path / "inside", monkeypatch, train[:5]) != sound


def test_every_read_is_of_a_training_record(tables, tmp_path, monkeypatch, roles):
    read = []
    packed_rows = []
    from bioseqrnn.fitting import loop
    from bioseqrnn.inference import batches

    dense = batches.dense_on
    monkeypatch.setattr(
        batches,
        "dense_on",
        lambda packed, rows, *words: read.append(rows) or dense(packed, rows, *words),
    )
    predict = loop.predict_packed

    def spied(network, packed, alphabet, rows, *words, **more):
        packed_rows.append(rows)
        return predict(network, packed, alphabet, rows, *words, **more)

    monkeypatch.setattr(loop, "predict_packed", spied)
    searched(tables, tmp_path / "spied", monkeypatch)
    # an inner fold trains with what another holds out
    assert set(np.concatenate(read)) == set(roles[0])
    assert set(np.concatenate(packed_rows)) == set(roles[0])
