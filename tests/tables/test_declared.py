"""Every file is declared once, and whoever names its columns elsewhere is compared with that."""

from __future__ import annotations

from typing import get_args

import pandas as pd
import pytest
from conftest import ROOT

from bioseqrnn.config.evaluation import ThresholdConfig
from bioseqrnn.metrics.conformal import Limits
from bioseqrnn.metrics.document import evaluation_text
from bioseqrnn.metrics.registry import AIMS, METRICS, OF_CALLS
from bioseqrnn.stages.prediction.added import AddedColumns
from bioseqrnn.stages.prediction.rows import Rows
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.chosen import ChosenFile
from bioseqrnn.tables.declared import ALL, REPORTED, data, evaluation, models
from bioseqrnn.tables.declared.table import COUNT, NUMBER, TEXT, Column, Table
from bioseqrnn.tables.document import filled, formats_text
from bioseqrnn.tables.folds import FoldMetadata
from bioseqrnn.tables.predictions import PredictionMetadata
from bioseqrnn.tables.selected import Selection
from bioseqrnn.tables.valid import TableMetadata
from bioseqrnn.tasks import TASKS

RULES = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").rglob("*.smk"))
NAMED = Table(
    "named", "named.tsv", "One row for each class.", "test", (),
    (Column("class", TEXT, ""), Column("n", COUNT, ""), Column("x_{class}", NUMBER, "")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text_of"), [("formats.md", formats_text), ("evaluation.md", evaluation_text)]
)
def test_documents_are_those_of_the_declarations(name, text_of):
    text = (ROOT / "docs" / name).read_text()
    assert text_of(text) == text, f"docs/{name} has drifted: run 'make schemas'"


def test_a_document_without_a_place_for_a_table_is_refused():
    with pytest.raises(ValueError, match=r"there must be exactly one place for b"):
        filled("<!-- generated: a -->\n<!-- end -->\n", {"a": "", "b": ""})


def test_files_are_declared_once():
    assert len({table.path for table in ALL}) == len(ALL)
    assert len({table.name for table in REPORTED}) == len(REPORTED)
    for table in ALL:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), table.path


def test_the_workflow_names_no_table_that_is_declared():
    """It takes the files of the evaluation and of the report from the declarations."""
    for table in (*evaluation.EVALUATED, evaluation.CURVES):
        assert f"evaluation/{table.file}" not in RULES
        assert f'"{table.name}",' not in RULES
    assert "declared.evaluation.EVALUATED" in RULES
    assert "declared.REPORTED" in RULES


@pytest.mark.parametrize(
    ("table", "model"),
    [
        (data.SEQUENCES, TableMetadata),
        (data.FOLDS, FoldMetadata),
        (models.PREDICTIONS, PredictionMetadata),
    ],
)
def test_metadata_that_is_read_is_declared(table, model):
    declared = {"format", *(column.name for column in table.metadata)}
    assert set(model.model_fields) <= declared
    required = {column.name for column in table.metadata if not column.optional}
    assert required <= set(model.model_fields)


def test_objects_that_are_read_are_declared():
    assert set(ChosenFile.model_fields) == set(models.CHOSEN.names)
    assert set(Selection.model_fields) <= set(evaluation.SELECTED.names)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_predictions_of_queries_have_the_declared_columns(task):
    classes = [] if task.name == "regression" else ["a", "b"]
    card = {"classes": classes, "thresholds": {"b": 0.5}, "task": task.name}
    limits = Limits(0.1, dict.fromkeys(classes, 0.5), 1.0, {})
    added = AddedColumns(card, None, limits, {"gru": 0.5, "pwm": 0.5})
    rows = Rows(task, card, several=True, added=added)
    names = rows.content.schema.names
    table = models.QUERY_PREDICTIONS
    assert not table.missing(names)
    assert not table.undeclared(names)


def test_metrics_that_others_name_are_registered():
    assert set(OF_CALLS) <= set(evaluation.THRESHOLDS.names)
    assert {task.metric for task in TASKS.values()} <= set(METRICS)
    aims = get_args(ThresholdConfig.model_fields["aim"].annotation)
    assert set(aims) == {*AIMS, "none"}


def test_a_table_is_read_as_it_was_written(tmp_path):
    frame = pd.DataFrame({"class": ["NA", "001", "x"], "n": [1, None, 3], "x_a": [0.5, 1, 2]})
    NAMED.write(tmp_path / "named.tsv", frame)
    again = NAMED.read(tmp_path / "named.tsv")
    assert again["class"].tolist() == ["NA", "001", "x"]
    assert again["n"].isna().tolist() == [False, True, False]
    assert again["x_a"].tolist() == [0.5, 1, 2]


@pytest.mark.parametrize(("columns", "wrong"), [(["class"], "n"), (["class", "n", "more"], "more")])
def test_other_columns_are_not_written(tmp_path, columns, wrong):
    frame = pd.DataFrame([[1] * len(columns)], columns=columns)
    with pytest.raises(ValueError, match=f"columns {wrong} are not as declared"):
        NAMED.write(tmp_path / "named.tsv", frame)
    assert not (tmp_path / "named.tsv").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"named .*named.tsv: not a table of 'test' \("),
        ("class\nx\n", "it has no column 'n'; make it again"),
        ("class\tn\nx\t1\nx\t1\t2\t3\n", "not a table of 'test'"),
    ],
)
def test_another_file_is_refused(tmp_path, text, said):
    path = tmp_path / "named.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        NAMED.read(path)
    with pytest.raises(InputError, match=r"named .*none.tsv: no such file"):
        NAMED.read(tmp_path / "none.tsv")
