"""Prediction tables that anybody may have made: read right, or refused in one line."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from forging import forged, refused, with_metadata
from made_predictions import Made, dataset

from bioseqrnn.support.io import METADATA_KEY
from bioseqrnn.tables.predictions import read_predictions

TASKS = ("binary", "multilabel", "regression", "per_position")


@pytest.fixture(scope="module", params=TASKS)
def table(request, tmp_path_factory):
    """A prediction table of a task."""
    folder = tmp_path_factory.mktemp(request.param)
    made = Made(folder, dataset(folder, request.param, n=60))
    made.add("gru", "baseline", 1.0)
    return made.paths[0]


def changed(source, target, name, change):
    stored = pq.read_table(source)
    place = stored.column_names.index(name)
    values = change(stored.column(name).to_pylist())
    stored = stored.set_column(place, name, pa.array(values))
    pq.write_table(stored, target)
    return target


def test_metadata_with_any_field_changed(table, tmp_path):
    metadata = json.loads(pq.read_metadata(table).metadata[METADATA_KEY])
    assert refused(partial(read_predictions, table)) is None
    needed = ("format", "model", "kind", "fold", "seed", "task", "classes")
    for what, made in forged(metadata):
        path = with_metadata(table, tmp_path / "x", made)
        said = refused(partial(read_predictions, path))
        assert said is None or str(path) in said, what
        if what.split(" ")[0] in needed and what.endswith('"away"'):
            assert said is not None, what


def last_score(table):
    names = pq.read_schema(table).names
    return next(name for name in names[::-1] if name.startswith(("probability_", "value")))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), None, -0.5, 1.5])
def test_scores_are_numbers_and_probabilities(table, tmp_path, wrong):
    name = last_score(table)

    def change(values):
        return [[wrong] * len(v) if isinstance(v, list) else wrong for v in values]

    path = changed(table, tmp_path / "x", name, change)
    said = refused(partial(read_predictions, path))
    if name == "value" and wrong is not None and np.isfinite(wrong):
        assert said is None
    else:
        assert str(path) in (said or "")


def test_probabilities_of_one_record_add_up_to_one(table, tmp_path):
    name = last_score(table)
    task = json.loads(pq.read_metadata(table).metadata[METADATA_KEY])["task"]

    def change(values):
        return [[x / 2 for x in v] if isinstance(v, list) else v / 2 for v in values]

    said = refused(partial(read_predictions, changed(table, tmp_path / "x", name, change)))
    assert (said is None) == (task in ("regression", "multilabel"))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("id", lambda v: [v[-1]] * len(v), "a record is predicted twice"),
        ("id", lambda v: [None] * len(v), "column 'id' is null"),
        ("role", lambda v: ["train"] * len(v), "its 'role' is not one of validation, test"),
        ("role", lambda v: [1] * len(v), "column 'role' is int64"),
        ("target", lambda v: [None, *v[1:]], "its 'target' is missing"),
        ("target", lambda v: [b"x"] * len(v), "column 'target' is binary"),
    ],
    ids=range(6),
)
def test_columns_and_their_values(table, tmp_path, name, change, said):
    path = changed(table, tmp_path / "x", name, change)
    found = [refused(partial(read_predictions, path, role)) for role in ("validation", "test")]
    assert any(said in (line or "") for line in found), found


def test_targets_are_of_the_classes(table, tmp_path):
    task = json.loads(pq.read_metadata(table).metadata[METADATA_KEY])["task"]
    wrong = {
        "binary": lambda v: ["other"] * len(v),
        "multilabel": lambda v: [["other"]] * len(v),
        "regression": lambda v: [float("inf")] * len(v),
        "per_position": lambda v: ["?" * len(text) for text in v],
    }[task]
    path = changed(table, tmp_path / "x", "target", wrong)
    assert "row 1: its 'target'" in (refused(partial(read_predictions, path)) or "")
    if task == "per_position":
        path = changed(table, tmp_path / "x", "target", lambda v: [text[1:] for text in v])
        assert ("needs one number for each residue") in (
            refused(partial(read_predictions, path)) or ""
        )
