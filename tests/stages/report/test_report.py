from __future__ import annotations

import gzip
import hashlib
import html
import json
import re
import shutil
from base64 import b64decode
from contextlib import chdir, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from conftest import encode
from markupsafe import Markup

from bioseqrnn.config.audit import AuditConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.metrics.thresholds import Aim
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.stages.audit.gate import judge_findings
from bioseqrnn.stages.audit.run import audit_sequences
from bioseqrnn.stages.evaluation.run import evaluate_models
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.report.page import _not_markdown
from bioseqrnn.stages.report.results import Inputs, Results
from bioseqrnn.stages.report.run import build_report
from bioseqrnn.stages.report.wording import introduction
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import write_parquet, write_tsv
from bioseqrnn.tables.curves import read_curves
from bioseqrnn.tables.declared.evaluation import COMPARISONS, EVALUATED, SUMMARY
from bioseqrnn.tables.declared.models import HISTORY
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.gradients import Measured, gradients_table
from bioseqrnn.tables.predictions import write_predictions

# what it shares is made once, not by every worker
pytestmark = pytest.mark.xdist_group("report")
EVIL = "<script>alert('x')</script>{{7*7}}{%1%}\"><img onerror=alert(2)>"
RAW = ("<script>alert(", "{{7*7}}", "{%1%}", "<img onerror")
OTHER = "001"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report on a dataset whose class and file names try to be HTML."""
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(1)
    for number in range(2):
        lines = [f">{number}_{i}\n{''.join(rng.choice(list('ACGT'), 20))}\n" for i in range(30)]
        (folder / f"{number}<i>{{{{7*7}}}}.fa").write_text("".join(lines))
    sources = [Source(folder / "0<i>{{7*7}}.fa", EVIL), Source(folder / "1<i>{{7*7}}.fa", OTHER)]
    table = encode(folder, sources)
    found = folder / "findings.tsv"
    audit_sequences(folder / "sequences.parquet", found, folder / "flagged.tsv", identity=0.9)
    limits = AuditConfig(class_balance={"limit": 0.6})
    judge_findings(found, folder / "checks.tsv", limits)
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
        leaks=folder / "leaks.tsv",
    )
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
                rest = [name for name in HISTORY.names if name not in history]
                history |= dict.fromkeys([*rest, "validation_accuracy"], 0.5)
                HISTORY.write(path.with_name("history.tsv"), pd.DataFrame(history))
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
    with users_folder(folder / "user"):
        build_report(
            inputs_of(folder), folder / "report", dataset="toy", settings={"folds": 2},
            confidence=0.9,
        )  # fmt: skip
    return folder


def inputs_of(folder, **more):
    names = ("sequences.parquet", "intake.tsv", "checks.tsv", "folds.parquet", "leaks.tsv")
    files = [folder / name for name in (*names, "evaluation")]
    return Inputs(*files, **({"gradients": folder / "gradients.tsv"} | more))


@contextmanager
def users_folder(folder):
    """A folder with files of its user that have names which Python and MultiQC look for."""
    folder.mkdir()
    for name in ("yaml", "json", "multiqc", "numpy", "sitecustomize"):
        (folder / f"{name}.py").write_text("open('imported', 'w')\n")
    # none of ours would be shown
    leave_out = "fn_ignore_files: ['*_mqc.json']\n"
    (folder / "multiqc_config.yaml").write_text(leave_out)
    (folder / "other.yaml").write_text(leave_out)
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("MULTIQC_CONFIG_PATH", str(folder / "other.yaml"))
        yield


def test_files_of_the_working_folder_play_no_part(report):
    assert not (report / "user" / "imported").exists()


def test_every_section_is_there(report):
    page = (report / "report" / "report.html").read_text()
    for title in (
        "Does the RNN earn its keep?", "Leaks, and scores on random folds",
        "Where it works", "Decision thresholds", "Each class by itself",
        "Models and baselines", "Networks against baselines", "AUROC of each fold",
        "Loss by epoch", "ROC curves", "Precision-recall curves",
        "Confusion of the selected network (gru)", "Confusion of the best baseline (composition)",
        "Can the labels be trusted? Audit before training", "Calibration",
        "Gradient through time", "Contents of the FASTA files", "Folds", "Provenance",
        "90% interval",
    ):  # fmt: skip
        assert title in page, title


def said(page: str) -> str:
    """All that a page holds: its text, and the data of its plots, which are packed."""
    packed = re.findall(r"H4sI[A-Za-z0-9+/=]+", page)
    assert packed
    return "\n".join([page, *(gzip.decompress(b64decode(part)).decode() for part in packed)])


def test_names_from_files_are_text_not_html(report):
    page = said((report / "report" / "report.html").read_text())
    for raw in RAW:
        assert raw not in page
    assert "&lt;script&gt;alert(" in page
    assert "0<i>{{7*7}}.fa" not in page


def test_a_class_named_like_a_number_keeps_its_name(report):
    confusion = pd.read_csv(report / "report" / "tables" / "confusion.tsv", sep="\t", dtype="str")
    assert set(confusion["target"]) == {EVIL, OTHER}


def test_tables_say_what_the_evaluation_said(report):
    for table in EVALUATED:
        ours = report / "report" / "tables" / table.file
        assert ours.read_bytes() == (report / "evaluation" / table.file).read_bytes()
    sizes = pd.read_csv(report / "report" / "tables" / "folds.tsv", sep="\t")
    assert sizes.drop(columns=["fold", "role"]).to_numpy().sum() == 2 * 60


def test_the_audit_stands_in_the_report_as_a_table_and_in_its_opening_words(report):
    page = (report / "report" / "report.html").read_text()
    assert "found 1 of 12 checks outside their limit (<b>class balance</b>)" in page
    for cell in ("class balance", "50 %", "at least 60 %", "warn", "at most AUC 0.800"):
        assert f"<td>{cell}</td>" in page, cell
    assert "The rarest class, &#39;001&#39;, has 50 % of the records (30 of 60)." in page
    ours = (report / "report" / "tables" / "checks.tsv").read_bytes()
    assert ours == (report / "checks.tsv").read_bytes()


def test_the_reach_of_gradients_stands_in_words_and_as_the_table_it_came_from(report):
    page = (report / "report" / "report.html").read_text()
    assert "gru still 0.1 after 2 residues; rnn still 0.1 after 2 residues" in page
    ours = (report / "report" / "tables" / "gradients.tsv").read_bytes()
    assert ours == (report / "gradients.tsv").read_bytes()


def test_made_negatives_and_a_given_split_stand_in_the_opening_words():
    rows = [("gru", "network", "auroc", 0.9, 0.8, 1.0, 30)]
    tables = {"summary": SUMMARY.frame(rows), "comparisons": COMPARISONS.frame([])}
    negatives = {"method": "shuffle", "k": 2, "label": "<no>", "made": 1234}
    metadata = {
        "alphabet": "dna", "classes": ["<no>", "yes"], "records": 2468, "task": "binary",
    }  # fmt: skip
    selected = {
        "model": "gru", "criterion": "loss", "epochs": 3, "devices": ["cpu"], "row": "gru",
        "headline": "auroc",
    }  # fmt: skip
    member = {"name": "gru", "kind": "network", "weight": 1.0}
    final = {"name": "gru", "row": "gru", "criterion": "loss", "members": [member]}
    selected["final"] = final

    def opening(given, **more):
        return introduction("toy", Results(metadata | more, selected, tables, given, 0.95))

    assert "made" not in opening(False)
    assert "AUROC of the final model in cross-validation: <b>gru</b> 0.900" in opening(False)
    text = opening(True, negatives=negatives)
    assert "AUROC of the final model on the 30 given test records: <b>gru</b>" in text
    assert "cross-validation" not in text
    assert "1,234 of these sequences, class <b>&lt;no&gt;</b>, were made: shuffles of" in text
    assert "with the same counts of 2-mers" in text
    windows = opening(False, negatives=negatives | {"method": "genome"})
    assert "windows of a genome with the length and G+C of the others" in windows


def test_manifest_tells_where_the_numbers_come_from(report):
    manifest = json.loads((report / "report" / "manifest.json").read_text())
    assert manifest["dataset"] == "toy"
    assert manifest["settings"] == {"folds": 2}
    assert set(manifest["sequences"]["sources"]) == {"0<i>{{7*7}}.fa", "1<i>{{7*7}}.fa"}
    assert {"bioseqrnn", "python", "torch"} <= set(manifest["versions"])
    assert manifest["selected"]["model"] == "gru"
    files = manifest["sha256"]
    assert {"sequences.parquet", "folds.parquet", "leaks.tsv", "intake.tsv", "checks.tsv"} <= set(
        files
    )
    assert {"gradients.tsv", "curves.parquet"} <= set(files)
    assert {"summary.tsv", "comparisons.tsv", "runs.tsv", "histories.tsv"} <= set(files)
    for name, found in files.items():
        folder = report / "evaluation"
        path = folder / name if (folder / name).exists() else report / name
        assert found == hashlib.sha256(path.read_bytes()).hexdigest()


# what the report looks rows up by; all other text of the tables may be anything
MEANT = {
    "metric": {"auroc", "ece", "ece_uncalibrated", "loss"},
    "kind": {"baseline"},
    "curve": {"roc", "pr"},
}


def forged(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with every text of it followed by what tries to be HTML."""
    frame = frame.copy()
    for column in frame.select_dtypes(exclude=["number", "bool"]).columns:
        kept = {"True", "False", "", *MEANT.get(column, ())}
        if column not in MEANT and pd.to_numeric(frame[column], errors="coerce").notna().any():
            continue
        frame[column] = [v if v in kept else f"{v}{EVIL}" for v in frame[column].astype(str)]
    return frame


def forge(folder: Path) -> dict[str, int]:
    """Forge every table, metadata and JSON file that a report reads; count what was forged."""
    counts = {}
    tables = [*folder.glob("evaluation/*.tsv"), *(folder / f"{n}.tsv" for n in TOP)]
    for path in tables:
        frame = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        made = forged(frame)
        counts[path.stem] = int((made != frame).any().sum())
        write_tsv(path, made)
    for path in (folder / "evaluation" / "curves.parquet", folder / "sequences.parquet"):
        table = pq.read_table(path)
        about = json.loads(table.schema.metadata[b"bioseqrnn"])
        if path.stem == "curves":
            frame = forged(table.to_pandas())
            table = pa.Table.from_pandas(frame, preserve_index=False)
        else:
            about |= {"sources": {f"{k}{EVIL}": f"{v}{EVIL}" for k, v in about["sources"].items()}}
            about |= {"negatives": {"method": "shuffle", "k": EVIL, "label": EVIL, "made": 3}}
        write_parquet(path, table, about)
    selected = json.loads((folder / "evaluation" / "selected.json").read_text())
    for key in ("model", "row", "criterion"):
        selected[key] = f"{selected[key]}{EVIL}"
    selected["devices"] = [EVIL]
    final = selected["final"]
    for key in ("name", "row", "criterion"):
        final[key] = f"{final[key]}{EVIL}"
    for member in final["members"]:
        member["name"] += EVIL
    (folder / "evaluation" / "selected.json").write_text(json.dumps(selected))
    return counts


TOP = ("intake", "checks", "leaks", "gradients", "random_folds", "trials", "learning_curve")


def test_forged_tables_and_metadata_are_text_not_html(report, tmp_path):
    """Of files that somebody else made: whatever stands in them is shown, and is no HTML."""
    folder = tmp_path / "forged"
    shutil.copytree(report, folder)
    random = {"model": ["gru"], "metric": ["auroc"], "grouped": [0.5], "random": [0.6]}
    write_tsv(
        folder / "random_folds.tsv",
        pd.DataFrame(random | {"kind": ["network"], "difference": [0.1], "n": [9]}),
    )
    trial = {"model": ["gru"], "fold": ["final"], "chosen": [True], "trial": [0]}
    trial |= {"state": ["complete"], "value": [0.5], "own": [True], EVIL: [f"x{EVIL}"]}
    write_tsv(
        folder / "trials.tsv",
        pd.DataFrame(trial | {name: [""] for name in ("losses", "epochs", "worker", "why")}),
    )
    sizes = {
        "model": ["gru"] * 2,
        "kind": ["network"] * 2,
        "metric": ["loss"] * 2,
        "fraction": [0.5, 1.0],
    }
    sizes |= {"records": [10, 20], "estimate": [0.5, 0.4], "extrapolated": [False] * 2}
    sizes |= {name: [0.1, 0.1] for name in ("gain", "gain_low", "gain_high", "ci_low", "ci_high")}
    write_tsv(folder / "learning_curve.tsv", pd.DataFrame(sizes))
    counts = forge(folder)
    assert min(counts.values()) > 0, counts
    inputs = inputs_of(
        folder, optional=(folder / "random_folds.tsv",), search=(folder / "trials.tsv",),
        learning_curve=folder / "learning_curve.tsv",
    )  # fmt: skip
    build_report(inputs, folder / "out", dataset=EVIL, settings={EVIL: EVIL}, confidence=0.9)
    manifest = json.loads((folder / "out" / "manifest.json").read_text())
    assert {"trials.tsv", "learning_curve.tsv", "random_folds.tsv"} <= set(manifest["sha256"])
    page = said((folder / "out" / "report.html").read_text())
    assert page.count("&lt;script&gt;") > 50
    for raw in RAW:
        assert raw not in page, page[max(0, page.index(raw) - 300) :][:600]


def test_a_forged_name_is_no_markdown_either(report, tmp_path):
    """MultiQC reads descriptions as Markdown, in which a name could be a link."""
    folder = tmp_path / "links"
    shutil.copytree(report, folder)
    path = folder / "gradients.tsv"
    path.write_text(path.read_text().replace("gru", "[gru](javascript:alert(1))"))
    inputs = inputs_of(folder, gradients=path)
    build_report(inputs, folder / "out", dataset="toy", settings={}, confidence=0.9)
    page = (folder / "out" / "report.html").read_text()
    assert "[gru](javascript:alert(1)) still 0.1 after 2 residues" in html.unescape(page)
    assert 'href="javascript' not in page


def test_descriptions_end_with_one_full_stop_and_are_no_markdown(report):
    """MultiQC ends every description with a full stop and reads it as Markdown."""
    page = (report / "report" / "report.html").read_text()
    sections = page.split('<div class="mqc-module-section-first">')[1:]
    assert len(sections) > 10
    for part in sections:
        text = part.split("</div>", 1)[1].split('<div class="mqc-section ', 1)[0]
        text = re.sub(r"<[^>]+>", "", text).strip()
        assert re.search(r"\w[^\s.]?\.$", text), text
    assert str(_not_markdown("# a_b *c* `d` [e](f)\n1. <b>")) == (
        "&#35; a&#95;b &#42;c&#42; &#96;d&#96; &#91;e&#93;(f) 1. &lt;b&gt;"
    )
    assert str(_not_markdown(Markup("<b>1. x</b>\n- y."))) == "<b>1. x</b> - y."
    assert str(_not_markdown("- y")) == "&#45; y"


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("x", [float("nan")], "row 1: its 'x' is not between 0 and 1"),
        ("y", [2.0], "row 1: its 'y' is not between 0 and 1"),
        ("y", ["a"], "column 'y' is string, but double is needed"),
        ("model", [3], "column 'model' is int64, but string is needed"),
        ("class", None, "needs columns model, kind, class, curve, x, y, threshold"),
    ],
)
def test_curves_of_a_stranger(tmp_path, name, values, said):
    point = {"model": ["gru"], "class": ["a"], "curve": ["roc"], "x": [0.5], "y": [0.5]}
    point |= {"kind": ["network"], "threshold": [float("inf")]}
    path = tmp_path / "curves.parquet"
    write_parquet(path, pa.table(point), {"format": 1})
    assert len(read_curves(path)) == 1
    del point[name]
    point |= {} if values is None else {name: values}
    write_parquet(path, pa.table(point), {"format": 1})
    with pytest.raises(InputError) as caught:
        read_curves(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_files_of_one_name_are_in_the_manifest_by_their_paths(report, tmp_path):
    trials = [tmp_path / model / "trials.tsv" for model in ("gru", "lstm")]
    for path in trials:
        path.parent.mkdir()
        path.write_text(path.parent.name)
    found = inputs_of(report, search=tuple(trials)).checksums([])
    for path in trials:
        assert found[str(path)] == hashlib.sha256(path.parent.name.encode()).hexdigest()
    assert "trials.tsv" not in found
    assert "intake.tsv" in found
