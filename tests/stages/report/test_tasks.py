"""A report of every task, from tables that the real stages wrote."""

import json

import pandas as pd
import pytest
from made_predictions import Made, dataset

from bioseqrnn.config.audit import AuditConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.metrics.registry import headline, title
from bioseqrnn.stages.audit.gate import judge_findings
from bioseqrnn.stages.audit.run import audit_sequences
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.report.results import Inputs
from bioseqrnn.stages.report.run import build_report
from bioseqrnn.support.io import write_tsv
from bioseqrnn.tasks import TASKS


@pytest.mark.usefixtures("warm_multiqc")
@pytest.mark.parametrize("task", TASKS)
def test_a_report_of_every_task(task, tmp_path):
    table = dataset(tmp_path, task)
    found = tmp_path / "findings.tsv"
    audit_sequences(tmp_path / "sequences.parquet", found, tmp_path / "flagged.tsv", identity=0.9)
    judge_findings(found, tmp_path / "checks.tsv", AuditConfig())
    made = Made(tmp_path, table)
    # of values, quality is the slope of what is predicted: 1 is right
    made.add("gru", "network", 1.0 if task == "regression" else 2.0, 0.5)
    made.add("rnn", "network", 0.8, 0.6)
    made.add("weak", "baseline", 0.3)
    evaluation = made.evaluate(sequences=tmp_path / "sequences.parquet", combine=None)
    # the same folds again, with their leaks
    split_table(
        table,
        tmp_path / "folds.parquet",
        FoldsConfig(count=3, validation_fraction=0.2, seed=1, grouping="duplicates"),
        leaks=tmp_path / "leaks.tsv",
    )
    metric = headline(table.task)
    random = pd.DataFrame(
        [("weak", "baseline", metric, 0.5, 0.75, 0.25, 240)],
        columns=["model", "kind", "metric", "grouped", "random", "difference", "n"],
    )
    write_tsv(tmp_path / "random_folds.tsv", random)
    inputs = Inputs(
        tmp_path / "sequences.parquet", tmp_path / "intake.tsv", tmp_path / "checks.tsv",
        tmp_path / "folds.parquet", tmp_path / "leaks.tsv", evaluation,
        optional=(tmp_path / "random_folds.tsv",),
    )  # fmt: skip
    build_report(inputs, tmp_path / "report", dataset="toy", settings={}, confidence=0.95)
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Against the best baseline: <b>Yes</b>" in page
    final = json.loads((evaluation / "selected.json").read_text())["final"]["row"]
    assert f"{title(metric)} of the final model in cross-validation: <b>{final}</b>" in page
    assert "How much each method counts in the combination" in page
    assert "All methods together" in page
    assert "random folds</th>" in page
    probabilistic = table.task.probabilistic
    for words, there in (
        ("Calibration", probabilistic),
        ("ROC curves", probabilistic),
        ("Decision thresholds", task in ("binary", "multilabel")),
        ("Confusion of the final model", probabilistic),
    ):
        assert (f">{words}" in page or f"{words}" in page) == there, words
    sizes = pd.read_csv(tmp_path / "report" / "tables" / "folds.tsv", sep="\t")
    counted = sizes.drop(columns=["fold", "role"]).to_numpy().sum()
    if task == "multilabel":
        assert counted == 3 * table.targets.sum()
    else:
        units = table.lengths.sum() if table.task.per_position else len(table)
        assert counted == 3 * units
