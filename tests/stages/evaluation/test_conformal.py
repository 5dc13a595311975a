"""Prediction sets of the final model: coverage on test folds, and the limits in selected.json."""

from __future__ import annotations

import json

import numpy as np
import pytest
from made_predictions import Made, dataset

from bioseqrnn.tables.declared.evaluation import CONFORMAL
from bioseqrnn.tables.selected import read_selection
from bioseqrnn.tasks import TASKS


@pytest.fixture(scope="module", params=list(TASKS))
def evaluated(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    made = Made(folder, dataset(folder, request.param))
    made.add("good", "network", 0.9, 0.3)
    made.add("plain", "baseline", 0.3)
    return made, made.evaluate(combine=None, replicates=100, error_rate=0.15)


def test_the_table_has_a_row_a_class_and_error_rate(evaluated):
    made, out = evaluated
    task, table = made.table.task, CONFORMAL.read(out / "conformal.tsv")
    if task.per_position:
        assert table.empty
        return
    assert sorted(set(table["error_rate"])) == [0.05, 0.1, 0.15, 0.2]
    classes = made.table.classes if task.probabilistic else [""]
    for _, rows in table.groupby("error_rate"):
        assert rows["class"].fillna("").tolist() == classes
    final = json.loads((out / "selected.json").read_text())["final"]
    assert set(table["model"]) == {final["row"]}
    # every record and class: a lower error rate gives larger sets
    sizes = table.pivot_table(index="class", columns="error_rate", values="size", dropna=False)
    assert (np.diff(sizes.to_numpy(), axis=1) <= 0).all()


def test_coverage_is_about_as_stated(evaluated):
    made, out = evaluated
    table = CONFORMAL.read(out / "conformal.tsv")
    rows = table[table["groups"] >= 50]
    assert len(rows) or made.table.task.name in ("binary", "per_position")
    error = 3 * np.sqrt(rows["error_rate"] * (1 - rows["error_rate"]) / rows["groups"])
    # limits of few records vary, too
    assert (rows["coverage_groups"] >= 1 - rows["error_rate"] - 1.5 * error).all()
    assert (rows["coverage_groups"] <= 1 - rows["error_rate"] + 1.5 * error + 0.03).all()


def test_selected_json_has_the_limits_of_the_configured_error_rate(evaluated):
    made, out = evaluated
    found = read_selection(out / "selected.json")["final"]["conformal"]
    if made.table.task.per_position:
        assert found is None
        return
    assert found["error_rate"] == 0.15
    if made.table.task.probabilistic:
        assert sorted(found["least"]) == sorted(made.table.classes)
        assert found["width"] is None
    else:
        assert found["least"] == {}
        assert found["width"] > 0


def test_the_limits_of_a_fold_are_blind_to_its_records(tmp_path):
    """A fold whose scores are all wrong is not covered, and the others are as before."""
    coverage = []
    for number, quality in enumerate((2.0, [2.0, 2.0, -2.0])):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = Made(folder, dataset(folder, "multiclass"))
        made.add("good", "network", {"validation": 2.0, "test": quality}, 0.3)
        out = made.evaluate(final="network", replicates=100)
        table = CONFORMAL.read(out / "conformal.tsv")
        coverage.append(table[table["error_rate"] == 0.2]["coverage"].mean())
    assert coverage[0] > 0.7
    # limits from folds with a fold that is all wrong exclude less, but never cover the wrong fold
    assert coverage[1] < coverage[0]
