"""``bioseqrnn verify`` on what the workflow made."""

from __future__ import annotations

import json
import shutil

import pytest
from conftest import BIN, run_command

# in one test process, so that the run they start from is made once
pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]


def verify(project, *words):
    done = run_command(BIN / "bioseqrnn", "verify", *(words or ("results",)), cwd=project.folder)
    assert "Traceback" not in done.err
    *lines, last = done.out.splitlines()
    assert last.startswith("results ")
    assert done.code == (0 if last.startswith("results verified") else 1)
    return done.code, lines


def test_what_was_just_made_is_verified(finished):
    assert verify(finished) == (0, [])
    assert verify(finished, "results/dna") == (0, [])


def test_all_results_are_covered(finished):
    """Every file of the folder is listed, or is one of those that the page on formats names."""
    folder = finished.folder / "results" / "dna"
    listed = set(json.loads((folder / "report" / "manifest.json").read_text())["files"])
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    rest = {f for f in files - listed if f.split("/")[0] not in ("logs", "benchmarks")}
    rest = {f for f in rest if not f.split("/")[-1].startswith(".")}
    assert rest == {
        "report/manifest.json", "predictions/new.parquet", "predictions/new.tsv.gz",
        "report/predictions.html", "report/predictions/queries.tsv",
        "report/predictions/calls.tsv", "report/predictions/marked.tsv",
    }  # fmt: skip
    assert {"final/model.safetensors", "explanation/attributions.parquet", "report/report.html",
            "models/gru/fold-0/seed-1/model.safetensors"} <= listed  # fmt: skip


def test_every_difference_is_one_line(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    results = project.folder / "results"
    dna, pep = results / "dna", results / "pep"
    # results
    summary = dna / "evaluation" / "summary.tsv"
    summary.write_text(summary.read_text().replace("0", "1", 1))
    (dna / "folds.parquet").unlink()
    (pep / "models" / "mine.txt").write_text("left over")
    tsv = dna / "predictions" / "new.tsv.gz"
    tsv.write_bytes(tsv.read_bytes() + b"\0")
    # inputs, a query, settings
    for name in ("ACP.fa", "query.fa"):
        path = project.folder / "data" / name
        path.write_text(path.read_text().replace(">", ">x", 1))
    config = project.read_config()
    config["models"]["gru"]["epochs"] = 3
    config["seeds"] = [1, 2]
    project.write_config(config)
    # another machine
    path = pep / "report" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["versions"]["torch"] = "1.0"
    manifest["hardware"]["processor"] = "abacus"
    path.write_text(json.dumps(manifest))
    code, lines = verify(project)
    assert code == 1
    found = [line.split(": ", 2) for line in lines]
    changed = [
        ("out of date", f"config/config.yaml: {name}")
        for _ in ("dna", "pep")
        for name in ("models.gru.epochs", "seeds")
    ]
    kinds = [
        ("fault", "results/dna/evaluation/summary.tsv: has changed"),
        ("fault", "results/dna/folds.parquet: is missing"),
        ("fault", "results/dna/predictions/new.tsv.gz: has changed"),
        ("out of date", "data/ACP.fa: has changed"),
        ("out of date", "results/dna/predictions/new.parquet: data/query.fa has changed"),
        ("note", "results/pep/models/mine.txt: is not in report/manifest.json"),
        ("note", "results/pep: torch: 1.0 where"),
        ("note", "results/pep: processor: abacus where"),
        *changed,
    ]
    left = [": ".join(words) for words in found]
    for kind, begin in kinds:
        match = next(line for line in left if line.startswith(f"{kind}: {begin}"))
        left.remove(match)
    assert left == []
    assert "2 in the results, 3 now" in next(line for line in lines if "gru.epochs" in line)


def test_predictions_of_another_model_and_damaged_ones(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    folder = project.folder / "results" / "dna"
    table = folder / "predictions" / "new.parquet"
    good = table.read_bytes()
    shutil.copy(project.folder / "results/pep/final/model.safetensors", folder / "final")
    _, lines = verify(project, "results/dna")
    assert [line.split(": ")[:2] for line in lines] == [
        ["fault", "results/dna/final/model.safetensors"],
        ["out of date", "results/dna/predictions/new.parquet"],
    ]
    table.write_bytes(good[:300] + b"\xff" + good[301:])
    _, lines = verify(project, "results/dna")
    assert "not a readable Parquet file" in lines[-1]


def test_results_without_their_project(finished, tmp_path):
    shutil.copytree(finished.folder / "results", tmp_path / "sent")
    project = type(finished)(tmp_path)
    code, lines = verify(project, "sent")
    assert code == 0
    assert lines == [
        "note: inputs and settings: not compared, because there is no configuration here"
    ]
    # a sheet whose file is gone is a line, and results are compared all the same
    copy = finished.copy(tmp_path / "copy")
    (copy.folder / "data" / "EI.fa").unlink()
    code, lines = verify(copy)
    assert code == 1
    (line,) = lines
    assert line.startswith(
        "out of date: inputs and settings: not compared: config/datasets.tsv: line 4: no such "
        "file 'data/EI.fa'"
    )
