"""Sequence tables that anybody may have made: read right, or refused in one line."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import encode
from forging import forged, refused, with_metadata

from bioseqrnn.fasta.sources import Source
from bioseqrnn.support.io import METADATA_KEY
from bioseqrnn.tables.sequences import open_sequences, read_sequences

LENGTHS = (5, 6, 7, 8, 11, 12)


@pytest.fixture(scope="module")
def dna(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dna")
    for name, letters in (("a", "ACGTNRYA"), ("b", "GGCATTAC")):
        records = (f">{name}{i}\n{(letters * 2)[:n]}\n" for i, n in enumerate(LENGTHS))
        (folder / f"{name}.fa").write_text("".join(records))
    encode(folder, [Source(folder / f"{c}.fa", c) for c in "ab"], alphabet="dna")
    return folder / "sequences.parquet"


def changed(source, target, **columns):
    """Copy a table with other columns; None leaves one out."""
    table = pq.read_table(source)
    for name, values in columns.items():
        place = table.column_names.index(name)
        if values is None:
            table = table.remove_column(place)
        else:
            table = table.set_column(place, name, values)
    pq.write_table(table, target)
    return target


def lengths_of(source):
    return pq.read_table(source).column("length").to_numpy()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda n: np.r_[-5, n[1:]], "row 1: its 'length' is less than 1"),
        (lambda n: -n, "row 1: its 'length' is less than 1"),
        (lambda n: n * 0, "row 1: its 'length' is less than 1"),
        (lambda n: n + 1, "row 2: its 'onehot' is shorter than its length"),
        # no byte more, but a residue that is padding
        (lambda n: n + n % 2, "row 1: its 'onehot' has a residue without a bit"),
        (lambda n: n - (n % 2 == 0), "row 2: its 'onehot' continues after its length"),
        (lambda n: n - 2, "row 1: its 'onehot' is longer than its length"),
        (lambda n: np.r_[n[:-1], 2**62], "row 12: its 'onehot' is shorter"),
        (lambda n: np.r_[n[:-1], 2**63 - 1], "row 12: its 'onehot' is shorter"),
    ],
)
def test_lengths_are_held_against_the_bytes(dna, tmp_path, change, said):
    lengths = pa.array(change(lengths_of(dna)).astype(np.int64))
    path = changed(dna, tmp_path / "x.parquet", length=lengths)
    for read in (read_sequences, lambda p: list(open_sequences(p).packed())):
        message = refused(lambda read=read: read(path))
        assert message is not None
        assert message.startswith(f"{path}: {said}")


def test_a_protein_is_held_against_its_bytes(tmp_path):
    (tmp_path / "p.fa").write_text("".join(f">p{i}\n{'MKWLF'[: i + 1]}\n" for i in range(5)))
    (tmp_path / "q.fa").write_text(">q\nMKLVVWWYY\n")
    sources = [Source(tmp_path / f"{c}.fa", c) for c in "pq"]
    encode(tmp_path, sources, alphabet="protein")
    path = tmp_path / "sequences.parquet"
    assert read_sequences(path).lengths.tolist() == [1, 2, 3, 4, 5, 9]
    for change in (1, -1):
        lengths = pa.array(np.maximum(lengths_of(path) + change, 1))
        said = refused(lambda n=lengths: read_sequences(changed(path, tmp_path / "x", length=n)))
        assert said is not None
        assert "its 'onehot' is " in said


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("label", ["a"] * 11 + ["c"], "row 12: its 'label' is not one of the classes"),
        ("label", [None] + ["a"] * 11, "row 1: its 'label' is missing"),
        ("label", [1.0] * 12, "column 'label' is double, but string is needed"),
        ("id", ["x", None] * 6, "row 2: its 'id' is missing"),
        ("id", list(range(12)), "column 'id' is int64, but string is needed"),
        ("length", [5.0] * 12, "column 'length' is double, but int64 is needed"),
        ("length", ["5"] * 12, "column 'length' is string, but int64 is needed"),
        ("onehot", ["x"] * 12, "column 'onehot' is string, but large_binary is needed"),
        ("onehot", [[1]] * 12, "column 'onehot' is list"),
        ("onehot", [None] * 11 + [b"x"], "row 1: its 'onehot' is missing"),
        ("onehot", None, "must have exactly one column 'onehot'"),
        ("id", None, "must have exactly one column 'id'"),
    ],
)
def test_columns_are_of_their_type_and_values_of_the_classes(dna, tmp_path, column, values, said):
    values = None if values is None else pa.array(values)
    path = changed(dna, tmp_path / "x.parquet", **{column: values})
    table = refused(lambda: [open_sequences(path).strings("id"), read_sequences(path)])
    assert table is not None
    assert str(path) in table
    assert said in table


def test_ids_that_are_no_text_are_one_line(dna, tmp_path):
    data = pa.array([b"\xff\xfe"] * 12, pa.binary())
    ids = pa.Array.from_buffers(pa.string(), 12, data.buffers())
    path = changed(dna, tmp_path / "x.parquet", id=ids)
    said = refused(lambda: open_sequences(path).strings("id"))
    assert said is not None
    assert f"{path}: column 'id': not string" in said


def test_a_column_that_stands_twice(dna, tmp_path):
    table = pq.read_table(dna)
    pq.write_table(table.append_column("length", table.column("length")), tmp_path / "x")
    assert "must have exactly one column 'length'" in (
        refused(lambda: read_sequences(tmp_path / "x")) or ""
    )


@pytest.mark.parametrize(
    "other",
    [
        {"id": pa.large_string(), "label": pa.large_string(), "onehot": pa.large_binary()},
        {"id": pa.string_view(), "label": pa.string_view()},
        {
            "id": pa.dictionary(pa.int32(), pa.string()),
            "source": pa.dictionary(pa.int8(), pa.large_string()),
            "label": pa.dictionary(pa.int16(), pa.string()),
        },
        {"length": pa.int32()},
        {"length": pa.uint16()},
    ],
    ids=range(5),
)  # fmt: skip
def test_other_types_for_the_same_are_read_alike(dna, tmp_path, other):
    """As other programs write them, and in another order of columns."""
    table, wanted = pq.read_table(dna), read_sequences(dna)
    for name, kind in other.items():
        values = table.column(name).cast(kind)
        table = table.set_column(table.column_names.index(name), name, values)
    names = table.column_names[::-1]
    pq.write_table(table.select(names), tmp_path / "x", row_group_size=5, compression="gzip")
    found = read_sequences(tmp_path / "x")
    assert found.ids == wanted.ids
    np.testing.assert_array_equal(found.targets, wanted.targets)
    for one, two in zip(found.dense(np.arange(12)), wanted.dense(np.arange(12)), strict=True):
        np.testing.assert_array_equal(one, two)


def test_metadata_with_any_field_changed(dna, tmp_path):
    metadata = json.loads(pq.read_metadata(dna).metadata[METADATA_KEY])
    assert refused(lambda: read_sequences(with_metadata(dna, tmp_path / "x", metadata))) is None
    loose = ("sources.", "sources = {", "strands = ")
    for what, made in forged(metadata):
        path = with_metadata(dna, tmp_path / "x", made)
        said = refused(partial(read_sequences, path))
        assert said is not None or what.startswith(loose), what
        assert said is None or str(path) in said
    for blob in (b"", b"[]", b"\xff", b'{"format": 1', b'{"format": 1, "format": 1}'):
        assert refused(lambda b=blob: read_sequences(with_metadata(dna, tmp_path / "x", b)))
    for classes in (["a", "a"], ["a"], ["b", "c", "d"], ["a", "b\x1b[2J"]):
        made = metadata | {"classes": classes}
        assert refused(lambda m=made: read_sequences(with_metadata(dna, tmp_path / "x", m)))


def test_a_table_without_rows(dna, tmp_path):
    metadata = json.loads(pq.read_metadata(dna).metadata[METADATA_KEY]) | {"records": 0}
    table = (
        pq.read_table(dna).slice(0, 0).replace_schema_metadata({METADATA_KEY: json.dumps(metadata)})
    )
    pq.write_table(table, tmp_path / "x")
    assert len(read_sequences(tmp_path / "x")) == 0
    assert list(open_sequences(tmp_path / "x").batches(4)) == []


TASKS = {
    "multilabel": ([["x"], [], ["x", "y"]], [["x"], ["z"], []], "row 2: its 'label' is not one of"),
    "regression": ([0.5, 1.5, 2.0], [0.5, float("nan"), 1.0], "row 2: its 'label' is not a finite"),
    "per_position": (
        ["EEII", "IIII", "EIEI"],
        ["EEII", "III", "EIEI"],
        "row 2: its 'label' needs one",
    ),
}


@pytest.mark.parametrize("task", TASKS)
def test_labels_of_every_task(tmp_path, task):
    good, bad, said = TASKS[task]
    fasta, labels = tmp_path / "r.fa", tmp_path / "l.tsv"
    options = {"task": task, "alphabet": "dna"}
    if task == "per_position":
        fasta.write_text("".join(f">r{i}\nACGT\n{text}\n" for i, text in enumerate(good)))
        encode(tmp_path, [Source(fasta)], **options)
    else:
        fasta.write_text("".join(f">r{i}\nACGT\n" for i in range(3)))
        rows = [";".join(v) if isinstance(v, list) else str(v) for v in good]
        text = "".join(f"r{i}\t{row}\n" for i, row in enumerate(rows))
        labels.write_text("id\tlabel\n" + text)
        encode(tmp_path, [Source(fasta, labels=labels)], **options)
    path = tmp_path / "sequences.parquet"
    assert refused(lambda: read_sequences(path)) is None
    kind = pq.read_schema(path).field("label").type
    forged_path = changed(path, tmp_path / "x", label=pa.array(bad, kind))
    assert said in (refused(lambda: read_sequences(forged_path)) or "")
    if task == "per_position":
        other = changed(path, tmp_path / "x", label=pa.array(["EEII", "IIXI", "EIEI"]))
        assert "row 2: its 'label' has a letter" in (refused(lambda: read_sequences(other)) or "")
