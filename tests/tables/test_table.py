"""A table streamed is the table read whole."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import RESOURCES, encode

from bioseqrnn.fasta.sources import Source
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.sequences import open_sequences


@pytest.mark.parametrize("reuse", [False, True])
@pytest.mark.parametrize("size", [1, 7, 256, 100_000])
def test_batches_are_the_rows_in_order(tmp_path, monkeypatch, size, reuse):
    """Of unequal lengths, and over row groups that end inside batches."""
    monkeypatch.setattr("bioseqrnn.onehot.row_groups.GROUP_ROWS", 100)
    sources = [Source(RESOURCES / "acp" / f"{c}.fa", c) for c in ("ACP", "Random")]
    table = encode(tmp_path, sources)
    assert pq.ParquetFile(tmp_path / "sequences.parquet").num_row_groups > 5
    opened = open_sequences(tmp_path / "sequences.parquet")
    assert len(opened) == len(table)
    assert opened.metadata == table.metadata
    start = 0
    for onehot, lengths in opened.batches(size, reuse=reuse):
        rows = np.arange(start, min(start + size, len(table)))
        expected, expected_lengths = table.dense(rows)
        np.testing.assert_array_equal(onehot, expected)
        np.testing.assert_array_equal(lengths, expected_lengths)
        start += len(rows)
    assert start == len(table)


def test_batches_can_share_memory(tmp_path):
    sources = [Source(RESOURCES / "splice" / f"{c}.fa", c) for c in ("EI", "IE")]
    encode(tmp_path, sources)
    opened = open_sequences(tmp_path / "sequences.parquet")
    kept = [onehot for onehot, _ in opened.batches(64)]
    assert not np.shares_memory(kept[0], kept[1])
    shared = [onehot for onehot, _ in opened.batches(64, reuse=True)]
    assert np.shares_memory(shared[0], shared[1])


def test_what_is_no_table_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    with pytest.raises(InputError, match="no such file"):
        open_sequences(path)
    path.write_text("no Parquet")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        open_sequences(path)
