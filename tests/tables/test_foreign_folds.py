"""Fold tables that anybody may have made: read right, or refused in one line."""

from __future__ import annotations

import json
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import encode
from forging import forged, refused, with_metadata

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.report.sections.fold_sizes import fold_sizes
from bioseqrnn.support.io import METADATA_KEY
from bioseqrnn.tables.folds import read_folds, read_groups, read_roles, read_tested


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A table, and its folds in two repeats."""
    folder = tmp_path_factory.mktemp("folds")
    for name, letters in (("a", "ACGTTGCA"), ("b", "GGCATTAC")):
        records = (f">{name}{i}\n{letters}{'ACGT'[i % 4] * (i + 1)}\n" for i in range(12))
        (folder / f"{name}.fa").write_text("".join(records))
    table = encode(folder, [Source(folder / f"{c}.fa", c) for c in "ab"], alphabet="dna")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, repeats=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    return folder, table


def readers(table):
    """Everything that reads a fold table."""
    return (
        partial(read_folds, table=table), partial(read_roles, table=table, fold=0), read_tested,
        read_groups, partial(fold_sizes, table.file.path),
    )  # fmt: skip


def test_metadata_with_any_field_changed(made, tmp_path):
    folder, table = made
    path = folder / "folds.parquet"
    metadata = json.loads(pq.read_metadata(path).metadata[METADATA_KEY])
    needed = ("format", "folds", "repeats", "sources")
    for what, changed in forged(metadata):
        other = with_metadata(path, tmp_path / "x", changed)
        for read in readers(table):
            said = refused(partial(read, other))
            assert said is None or str(other) in said
            if what.split(" ")[0] in needed and what.endswith('"away"'):
                assert said is not None, what
    for wrong in ({"folds": 5}, {"folds": 10**9}, {"repeats": 3}, {"folds": 3}, {"repeats": 0}):
        other = with_metadata(path, tmp_path / "x", metadata | wrong)
        assert all(refused(partial(read, other)) for read in readers(table)), wrong


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("role_0", ["test", "tested"] * 12, "a role is not one of train, validation, test"),
        ("role_0", ["test", None] * 12, "column 'role_0': a value is missing"),
        ("role_0", [1] * 24, "column 'role_0' is int64, but string is needed"),
        ("fold", [4] * 24, "column 'fold': a number is outside its range"),
        ("fold", [-2] * 24, "column 'fold': a number is outside its range"),
        ("fold", ["0"] * 24, "column 'fold' is string, but int64 is needed"),
        ("group", [-1] * 24, "column 'group': a number is outside its range"),
        ("group", [None] + [1] * 23, "column 'group': a value is missing"),
        ("group", [0.5] * 24, "column 'group' is double, but int64 is needed"),
        ("id", ["x"] * 24, "its ids differ from those of the sequence table"),
        ("id", list(range(24)), "column 'id' is int64, but string is needed"),
        ("role_3", None, "metadata has 4 folds, but it has roles for 3"),
        ("group", None, "must have exactly one column 'group'"),
    ],
    ids=range(13),
)
def test_columns_and_their_values(made, tmp_path, column, values, said):
    folder, table = made
    stored = pq.read_table(folder / "folds.parquet")
    place = stored.column_names.index(column)
    if values is None:
        stored = stored.remove_column(place)
    else:
        stored = stored.set_column(place, column, pa.array(values))
    path = tmp_path / "x.parquet"
    pq.write_table(stored, path)
    found = [refused(partial(read, path)) for read in readers(table)]
    assert str(path) in (found[0] or "")
    assert said in (found[0] or "")
    assert all(other is None or str(path) in other for other in found)


def test_other_types_and_orders_are_read_alike(made, tmp_path):
    folder, table = made
    stored = pq.read_table(folder / "folds.parquet")
    columns = {name: stored.column(name) for name in stored.column_names[::-1]}
    columns |= {"id": columns["id"].cast(pa.large_string()), "fold": columns["fold"].cast("int8")}
    columns["role_1"] = columns["role_1"].cast(pa.string())
    path = tmp_path / "x.parquet"
    other = pa.table(columns).replace_schema_metadata(stored.schema.metadata)
    pq.write_table(other, path, row_group_size=7)
    found, wanted = read_folds(path, table), read_folds(folder / "folds.parquet", table)
    assert (found.roles == wanted.roles).all()
    assert (found.fold == wanted.fold).all()
    assert (found.groups == wanted.groups).all()


def test_fewer_rows_than_the_sequence_table(made, tmp_path):
    folder, table = made
    path = tmp_path / "x.parquet"
    pq.write_table(pq.read_table(folder / "folds.parquet").slice(0, 20), path)
    for read in (readers(table)[0], readers(table)[4]):
        assert str(path) in (refused(partial(read, path)) or "")
