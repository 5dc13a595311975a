"""A bit that flips in a Parquet file is noticed, or changes nothing."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import RESOURCES, encode
from forging import refused

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import open_parquet, write_parquet
from bioseqrnn.support.parquet import SEAL, TAG, TableFile, seal
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.predictions import read_predictions, write_predictions
from bioseqrnn.tables.sequences import read_sequences


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A table, its folds and predictions, and how each is read to plain values."""
    folder = tmp_path_factory.mktemp("sealed")
    for name in ("EI", "IE"):
        records = (RESOURCES / "splice" / f"{name}.fa").read_text().split(">")[1:9]
        (folder / f"{name}.fa").write_text("".join(f">{record}" for record in records))
    table = encode(folder, [Source(folder / f"{c}.fa", c) for c in ("EI", "IE")])
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.3, seed=1, grouping="duplicates"),
    )
    rows = np.arange(len(table))
    scores = np.random.default_rng(1).dirichlet([1, 1], len(rows))
    write_predictions(
        folder / "predictions.parquet", table, {"validation": (rows[:8], scores[:8]),
        "test": (rows, scores)}, model="gru", kind="network", fold=0, seed=1,
    )  # fmt: skip

    def sequences(path):
        read = read_sequences(path)
        return [
            read.metadata, read.ids, read.file.strings("source"), read.targets.tolist(),
            read.lengths.tolist(), read.packed.data.tobytes(),
        ]  # fmt: skip

    def folds(path):
        read = read_folds(path, table)
        return [read.groups.tolist(), read.fold.tolist(), read.roles.tolist()]

    def predictions(path):
        read = read_predictions(path)
        return [
            read.ids, read.scores.tolist(), read.targets.tolist(), read.classes, read.fold,
            read.seed, read.model, read.kind, read.task.name,
        ]  # fmt: skip

    return folder, {"sequences": sequences, "folds": folds, "predictions": predictions}


def _extend(found, read, path):
    found.extend(read(path))


@pytest.mark.parametrize("name", ["sequences", "folds", "predictions"])
def test_a_flipped_bit_is_noticed_or_changes_nothing(files, tmp_path, name):
    folder, readers = files
    data, read = (folder / f"{name}.parquet").read_bytes(), readers[name]
    wanted = read(folder / f"{name}.parquet")
    path = tmp_path / "x.parquet"
    ending = int.from_bytes(data[-8:-4], "little") + 8 + SEAL
    # the footer is what pages' checksums say nothing of: more of it, and the seal and lengths all
    places = np.random.default_rng(2).integers(0, (len(data) - ending) * 8, 500).tolist()
    places += (
        np.random.default_rng(3)
        .integers((len(data) - ending + SEAL) * 8, len(data) * 8, 500)
        .tolist()
    )
    places += list(range((len(data) - ending) * 8, (len(data) - ending + len(TAG)) * 8, 3))
    places += list(range((len(data) - 8) * 8, len(data) * 8))
    noticed = 0
    for place in places:
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        found: list[object] = []
        said = refused(partial(_extend, found, read, path))
        if said is None:
            assert found == wanted, place
        else:
            noticed += 1
            assert str(path) in said
    assert noticed > 0.8 * len(places) - len(TAG) * 3


def test_a_file_without_a_seal_is_read(files, tmp_path):
    """Of an earlier version: neither checksums nor a seal."""
    folder, readers = files
    table = pq.read_table(folder / "sequences.parquet")
    pq.write_table(table, tmp_path / "old.parquet")
    assert TAG not in (tmp_path / "old.parquet").read_bytes()
    wanted = readers["sequences"](folder / "sequences.parquet")
    assert readers["sequences"](tmp_path / "old.parquet") == wanted


def test_other_programs_read_sealed_files(files):
    folder, _ = files
    path = folder / "sequences.parquet"
    assert TAG in path.read_bytes()
    assert len(pd.read_parquet(path)) == 16
    assert pq.ParquetFile(path, page_checksum_verification=True).read().num_rows == 16


def test_the_seal_is_of_this_footer_at_this_place(tmp_path):
    path = tmp_path / "a.parquet"
    write_parquet(path, pa.table({"x": [1, 2]}), {"a": 1})
    one = path.read_bytes()
    cut = one.index(TAG)
    path.write_bytes(one[:cut] + b"\0" + one[cut:])
    with pytest.raises(InputError, match="its footer has changed since it was written"):
        open_parquet(path, "table")
    path.write_bytes(one[:cut])
    with pytest.raises(InputError, match="does not end like a Parquet file; is it complete"):
        open_parquet(path, "table")


def test_sealing_changes_no_value(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": list(range(1000))}), path)
    size = path.stat().st_size
    seal(path)
    assert path.stat().st_size == size + SEAL
    assert TableFile(path, "table").read().column("x").to_pylist() == list(range(1000))
