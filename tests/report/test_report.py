from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import encode

from bioseqrnn.config.schema import AuditConfig, BalanceCheck, ModelConfig
from bioseqrnn.diagnosis.table import Measured, gradients_table
from bioseqrnn.evaluation.predictions import write_predictions
from bioseqrnn.evaluation.run import evaluate_models
from bioseqrnn.evaluation.thresholds import Aim
from bioseqrnn.folds.run import split_table
from bioseqrnn.folds.table import read_folds
from bioseqrnn.io import write_tsv
from bioseqrnn.models.classifier import SequenceClassifier
from bioseqrnn.models.store import save_model
from bioseqrnn.report.build import TABLES, build_report
from bioseqrnn.report.wording import introduction
from bioseqrnn.sequences.checks.gate import judge_findings
from bioseqrnn.sequences.checks.tables import audit_sequences
from bioseqrnn.sequences.sources import Source

EVIL = "<script>alert('x')</script>"
OTHER = "001"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report on a dataset whose class and file names try to be HTML."""
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(1)
    for number in range(2):
        lines = [f">{number}_{i}\n{''.join(rng.choice(list('ACGT'), 20))}\n" for i in range(30)]
        (folder / f"{number}<i>.fa").write_text("".join(lines))
    sources = [Source(folder / "0<i>.fa", EVIL), Source(folder / "1<i>.fa", OTHER)]
    table = encode(folder, sources)
    found = folder / "findings.tsv"
    audit_sequences(folder / "sequences.parquet", found, folder / "flagged.tsv", identity=0.9)
    limits = AuditConfig(class_balance=BalanceCheck(limit=0.6))
    judge_findings(found, folder / "checks.tsv", limits)
    split_table(
        table, folder / "folds.parquet", folds=2, validation_fraction=0.2, seed=1,
        leaks=folder / "leaks.tsv",
    )  # fmt: skip
    folds = read_folds(folder / "folds.parquet", table)
    config = ModelConfig(cell="gru", hidden_size=2, stem_filters=0)
    card = {
        "alphabet": "dna", "symbols": "ACGT", "classes": table.classes, "task": "binary",
        "model": "gru", "config": config.model_dump(), "seed": 1, "device": "cpu (1 thread)",
    }  # fmt: skip
    paths = []
    for kind, model in (("network", "gru"), ("baseline", "composition")):
        for fold in (0, 1):
            predicted = {}
            for role in ("validation", "test"):
                rows = folds.indices(fold, role)
                predicted[role] = rows, rng.dirichlet([1, 1], len(rows))
            path = folder / model / str(fold) / "predictions.parquet"
            write_predictions(path, table, predicted, model=model, kind=kind, fold=fold, seed=1)
            paths.append(path)
            if kind == "network":
                network = SequenceClassifier(config, 4, 2)
                losses = list(rng.random(12))
                card |= {"fold": fold, "epoch": int(np.argmin(losses)) + 1}
                save_model(path.with_name("model.safetensors"), network, card)
                history = {
                    "epoch": range(1, 13), "train_loss": losses, "validation_loss": losses,
                }  # fmt: skip
                write_tsv(path.with_name("history.tsv"), pd.DataFrame(history))
    torch.manual_seed(1)
    evaluate_models(
        paths, folder / "folds.parquet", folder / "evaluation", replicates=100, confidence=0.9,
        seed=1, sequences=folder / "sequences.parquet", aim=Aim("mcc", 0.9),
    )  # fmt: skip
    curves = [
        Measured(cell, cell, 1, "forward", np.array([[1, 0.5, 0.1]]), 1.0)
        for cell in ("gru", "rnn")
    ]
    write_tsv(folder / "gradients.tsv", gradients_table(curves))
    build_report(
        folder / "sequences.parquet", folder / "audit.tsv", folder / "checks.tsv",
        folder / "folds.parquet", folder / "leaks.tsv", folder / "evaluation", folder / "report",
        dataset="toy",
        settings={"folds": 2}, confidence=0.9, gradients=folder / "gradients.tsv",
    )  # fmt: skip
    return folder


def test_every_section_is_there(report):
    page = (report / "report" / "report.html").read_text()
    for title in (
        "Does the RNN earn its keep?", "What random folds would have claimed",
        "Where it works", "Decision thresholds", "Each class by itself",
        "Models and baselines", "Networks against baselines", "AUROC of each fold",
        "Learning curves", "ROC curves", "Precision-recall curves",
        "Confusion of the selected network (gru)", "Confusion of the best baseline (composition)",
        "Can the labels be trusted? Audit before training", "Calibration",
        "Gradient through time", "Audit of the FASTA files", "Folds", "Provenance", "90% interval",
    ):  # fmt: skip
        assert title in page, title


def test_names_from_files_are_text_not_html(report):
    page = (report / "report" / "report.html").read_text()
    assert EVIL not in page
    assert "&lt;script&gt;alert(" in page
    assert "0<i>.fa" not in page


def test_a_class_named_like_a_number_keeps_its_name(report):
    confusion = pd.read_csv(report / "report" / "tables" / "confusion.tsv", sep="\t", dtype="str")
    assert set(confusion["target"]) == {EVIL, OTHER}


def test_tables_say_what_the_evaluation_said(report):
    for name in TABLES:
        ours = pd.read_csv(report / "report" / "tables" / f"{name}.tsv", sep="\t")
        theirs = pd.read_csv(report / "evaluation" / f"{name}.tsv", sep="\t")
        pd.testing.assert_frame_equal(ours, theirs)
    sizes = pd.read_csv(report / "report" / "tables" / "folds.tsv", sep="\t")
    assert sizes.drop(columns=["fold", "role"]).to_numpy().sum() == 2 * 60


def test_the_audit_stands_in_the_report_as_a_table_and_in_its_opening_words(report):
    page = (report / "report" / "report.html").read_text()
    assert "found 1 of 12 checks beyond their limit (<b>class balance</b>)" in page
    for cell in ("class balance", "50 %", "at least 60 %", "warn", "at most AUC 0.800"):
        assert f"<td>{cell}</td>" in page, cell
    assert "The rarest class, &#x27;001&#x27;, has 50 % of the records (30 of 60)." in page
    ours = (report / "report" / "tables" / "checks.tsv").read_bytes()
    assert ours == (report / "checks.tsv").read_bytes()


def test_the_reach_of_gradients_stands_in_words_and_as_the_table_it_came_from(report):
    page = (report / "report" / "report.html").read_text()
    assert "gru still 0.1 after 2 residues; rnn still 0.1 after 2 residues" in page
    ours = (report / "report" / "tables" / "gradients.tsv").read_bytes()
    assert ours == (report / "gradients.tsv").read_bytes()


def test_made_negatives_and_a_given_split_stand_in_the_opening_words():
    rows = [("gru", "network", "auroc", 0.9, 0.8, 1.0, 30)]
    columns = ["model", "kind", "metric", "estimate", "ci_low", "ci_high", "n"]
    summary = pd.DataFrame(rows, columns=columns)
    negatives = {"method": "shuffle", "k": 2, "label": "<no>", "made": 1234}
    metadata = {
        "alphabet": "dna", "classes": ["<no>", "yes"], "records": 2468, "task": "binary",
    }  # fmt: skip
    selected = {
        "model": "gru", "criterion": "loss", "epochs": 3, "devices": ["cpu"], "row": "gru",
        "headline": "auroc",
    }  # fmt: skip

    def opening(given, **more):
        return introduction("toy", metadata | more, summary, pd.DataFrame(), selected, 0.95, given)

    assert "made" not in opening(False)
    assert "AUROC in cross-validation: <b>gru</b> 0.900" in opening(False)
    text = opening(True, negatives=negatives)
    assert "AUROC on the 30 records given to test: <b>gru</b>" in text
    assert "cross-validation" not in text
    assert "1,234 of these sequences, class <b>&lt;no&gt;</b>, were made: shuffles of" in text
    assert "the counts of their 2-mers" in text
    windows = opening(False, negatives=negatives | {"method": "genome"})
    assert "windows of a genome, like the others in length and G+C" in windows


def test_manifest_tells_where_the_numbers_come_from(report):
    manifest = json.loads((report / "report" / "manifest.json").read_text())
    assert manifest["dataset"] == "toy"
    assert manifest["settings"] == {"folds": 2}
    assert set(manifest["sequences"]["sources"]) == {"0<i>.fa", "1<i>.fa"}
    assert {"bioseqrnn", "python", "torch"} <= set(manifest["versions"])
    assert manifest["selected"]["model"] == "gru"
    assert len(manifest["sha256"]["folds.parquet"]) == 64
