"""``attributions.parquet``: what is written is read again, in parts; damaged files are refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bioseqrnn.support.errors import InputError
from bioseqrnn.tables import attributions
from bioseqrnn.tables.attributions import (
    AttributionFile,
    AttributionMetadata,
    attribution_writer,
)
from bioseqrnn.tables.declared.explanation import ATTRIBUTIONS

ABOUT = {
    "alphabet": "dna", "symbols": "ACGT", "strands": "single", "task": "multiclass",
    "classes": ["a", "b", "c"], "method": "mutagenesis", "background": [0.25] * 4, "records": 3,
    "eligible": 5, "effects": True,
}  # fmt: skip
RUN = ("gru", 1, 7)


def numbers(length: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(length, 4)).astype(np.float32)


def write(path, about=ABOUT):
    """Records of 3, 1 and 2 residues, two classes each; the second record has no attribution."""
    with attribution_writer(path, about) as writer:
        for i, length in enumerate((3, 1, 2)):
            for name in ("a", "c"):
                if i == 1:
                    writer.refuse(RUN, "r1", name, "too long")
                else:
                    effects = numbers(length, i)
                    writer.add(RUN, f"r{i}", name, i / 2, effects[:, 0], effects)
    return path


def test_rows_are_read_as_they_were_written_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(attributions, "NUMBERS_AT_ONCE", 16)
    file = AttributionFile(write(tmp_path / "a.parquet"))
    parts = list(file.parts())
    assert len(file) == 6
    assert len(parts) > 1
    assert [i for part in parts for i in part.ids] == ["r0", "r0", "r1", "r1", "r2", "r2"]
    assert [i for part in parts for i in part.reasons] == ["", "", "too long", "too long", "", ""]
    row = 0
    for part in parts:
        assert set(part.models) == {"gru"}
        assert set(part.folds.tolist()) == {1}
        assert set(part.seeds.tolist()) == {7}
        for i, record in enumerate(part.ids):
            begin, end = part.offsets[i : i + 2]
            wanted = numbers((3, 0, 2)[int(record[1])], int(record[1]))
            np.testing.assert_array_equal(part.effects[begin:end], wanted)
            np.testing.assert_array_equal(part.contribution[begin:end], wanted[:, 0])
            assert np.isnan(part.logits[i]) == (record == "r1")
            row += 1
    assert row == 6


def test_effects_can_be_left_out_when_writing_and_when_reading(tmp_path):
    with_effects = write(tmp_path / "a.parquet")
    without = write(tmp_path / "b.parquet", ABOUT | {"effects": False})
    assert "effects" not in pq.read_schema(without).names
    for file in (
        AttributionFile(with_effects).parts(effects=False),
        AttributionFile(without).parts(),
    ):
        parts = list(file)
        assert all(part.effects is None for part in parts)
        assert sum(len(part.contribution) for part in parts) == 10


def test_the_same_rows_give_the_same_bytes(tmp_path):
    assert write(tmp_path / "a").read_bytes() == write(tmp_path / "b").read_bytes()


def test_metadata_are_declared():
    declared = {"format", *(column.name for column in ATTRIBUTIONS.metadata)}
    assert set(AttributionMetadata.model_fields) == declared


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("contribution", pa.array([[1.0, np.nan, 1]] * 2, pa.list_(pa.float32())), "not finite"),
        ("effects", pa.array([[1.0] * 11] * 2, pa.list_(pa.float32())), "needs 4 numbers for each"),
        ("class", pa.array(["a", "d"]), "row 2: its 'class' is not one of the classes"),
        ("reason", pa.array(["x", ""]), "row 1: its 'contribution' does not fit its reason"),
        ("logit", pa.array([1.0, np.inf]), "row 2: its 'logit' is not a finite number"),
        ("fold", pa.array(["a", "b"]), "column 'fold' is string"),
    ],
)
def test_impossible_values_are_refused_by_row(tmp_path, column, values, said):
    with attribution_writer(tmp_path / "a.parquet", ABOUT) as writer:
        for name in ("a", "b"):
            writer.add(RUN, "r", name, 0.5, numbers(3, 0)[:, 0], numbers(3, 0))
    table = pq.read_table(tmp_path / "a.parquet")
    place = table.column_names.index(column)
    changed = table.set_column(place, column, values).replace_schema_metadata(table.schema.metadata)
    pq.write_table(changed, tmp_path / "b.parquet")
    with pytest.raises(InputError, match=said):
        list(AttributionFile(tmp_path / "b.parquet").parts())


def test_other_files_are_refused(tmp_path):
    path = write(tmp_path / "a.parquet")
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({b"bioseqrnn": b'{"format": 9}'}), path)
    with pytest.raises(InputError, match="not a table of attributions of format 1; make it again"):
        AttributionFile(path)
    pq.write_table(table.drop_columns(["seed"]), path)
    with pytest.raises(InputError, match="exactly one column 'seed'"):
        AttributionFile(path)
