from __future__ import annotations

import os
import re
import shutil
import sys
import time

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import RESOURCES, ROOT

import bioseqrnn

# in one test process, so that the run they start from is made once
pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]

OUTPUTS = [
    "sequences.parquet", "intake.tsv", "findings.tsv", "flagged.tsv", "checks.tsv",
    "folds.parquet", "final/model.safetensors",
    "evaluation/runs.tsv", "evaluation/summary.tsv", "evaluation/comparisons.tsv",
    "evaluation/classes.tsv", "evaluation/temperatures.tsv", "evaluation/thresholds.tsv",
    "evaluation/strata.tsv", "evaluation/calibration.tsv", "evaluation/confusion.tsv",
    "evaluation/histories.tsv",
    "explanation/attributions.parquet", "explanation/completeness.tsv",
    "explanation/faithfulness.tsv", "explanation/motifs.tsv", "explanation/motif_matrices.tsv",
    "explanation/motif_search.tsv", "explanation/motifs.meme", "explanation/occurrences.tsv.gz",
    "explanation/occurrences.bed.gz", "explanation/motif_pairs.tsv",
    "explanation/motif_tests.tsv", "explanation/motif_null.tsv",
    "diagnosis/gradients.tsv", "diagnosis/gradients.svg", "report/tables/gradients.tsv",
    "evaluation/curves.parquet", "evaluation/selected.json", "report/report.html",
    "report/manifest.json", "report/tables/summary.tsv",
    *(f"models/{m}/fold-{k}/seed-1/{f}" for m in ("rnn", "gru") for k in (0, 1)
      for f in ("model.safetensors", "history.tsv", "predictions.parquet")),
    *(f"baselines/composition/fold-{k}/predictions.parquet" for k in (0, 1)),
]  # fmt: skip


def test_every_output_of_the_design_is_made(finished):
    for dataset in ("pep", "dna"):
        for name in OUTPUTS:
            assert (finished.folder / "results" / dataset / name).stat().st_size > 0, name


def test_networks_and_baselines_write_one_schema(finished):
    results = finished.folder / "results" / "dna"
    tables = [*results.glob("models/*/*/*/*.parquet"), *results.glob("baselines/*/*/*.parquet")]
    columns = ["id", "role", "fold", "seed", "model", "target"]
    columns += [f"probability_{c}" for c in ("EI", "IE", "N")]
    assert len(tables) == 6
    for path in tables:
        assert pq.read_schema(path).names == columns
    roles = [pq.read_table(path).column("role").to_pylist() for path in tables]
    assert sum(part.count("test") for part in roles) == 3 * 120
    assert all(part.count("validation") >= 5 for part in roles)


def test_query_rows_are_in_order(finished):
    frame = pq.read_table(finished.folder / "results/dna/predictions/new.parquet").to_pandas()
    truth = pd.read_csv(RESOURCES / "splice" / "query_truth.tsv", sep="\t")
    assert frame["id"].tolist() == truth["id"].tolist()


def test_python_predicts_what_the_workflow_did(finished):
    results = finished.folder / "results" / "dna"
    frame = pq.read_table(results / "predictions" / "new.parquet").to_pandas()
    loaded = bioseqrnn.load_model(results / "final" / "model.safetensors", device="cpu")
    expected = frame.drop(columns="in_training")
    pd.testing.assert_frame_equal(loaded.predict(finished.folder / "data" / "query.fa"), expected)


def test_a_second_run_has_nothing_to_do(finished):
    done = finished.snakemake()
    assert done.code == 0
    assert "Nothing to be done" in done.out + done.err


def test_same_bytes_whatever_the_cores(finished, project):
    targets = ["results/dna/predictions/new.parquet", "results/pep/folds.parquet"]
    done = project.snakemake(*targets, cores=1)
    assert done.code == 0, done.err
    paths = [p.relative_to(project.folder) for p in project.folder.rglob("predictions.parquet")]
    assert len(paths) == 6
    for path in [*paths, *targets]:
        ours, theirs = project.folder / path, finished.folder / path
        assert ours.read_bytes() == theirs.read_bytes(), path
    for name in ("summary.tsv", "selected.json"):
        path = f"results/dna/evaluation/{name}"
        assert (project.folder / path).read_text() == (finished.folder / path).read_text()


def test_new_content_reruns_its_branch_even_with_an_older_time(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    fasta = project.folder / "data" / "EI.fa"
    fasta.write_text(fasta.read_text().replace(">", ">x", 1))
    long_ago = time.time() - 10_000_000
    os.utime(fasta, (long_ago, long_ago))
    jobs = project.planned()
    assert jobs["encode_sequences dna"] == 1
    assert jobs["train_model dna gru 0 1"] == 1
    assert jobs["predict_query dna new"] == 1
    assert not [job for job in jobs if " pep" in job]


def test_whatever_the_triggers_nothing_stale_is_kept(finished, tmp_path):
    """Profiles often say --rerun-triggers mtime, which sees no content and no setting."""
    project = finished.copy(tmp_path / "copy")
    assert not project.planned("--rerun-triggers", "mtime")
    fasta = project.folder / "data" / "EI.fa"
    fasta.write_text(fasta.read_text().replace(">", ">x", 1))
    os.utime(fasta, (0, 0))
    done = project.snakemake("--dry-run", "--rerun-triggers", "mtime", "code")
    assert "rule encode_sequences:" in done.out + done.err
    assert done.err.count(
        "bioseqrnn: warning: --rerun-triggers code mtime: 'params' is added, because files and "
        "settings are tracked by their content\n"
    ) == 1  # fmt: skip
    # a row and a setting, with the triggers of a profile
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "config.yaml").write_text("rerun-triggers: mtime\n")
    project = finished.copy(tmp_path / "other")
    sheet = project.folder / "config" / "datasets.tsv"
    sheet.write_text(sheet.read_text().replace("\tACP", "\tanticancer"))
    config = project.read_config() | {"dataset_options": {}}
    config["models"]["gru"]["epochs"] = 3
    project.write_config(config)
    jobs = project.planned("--profile", profile)
    assert jobs["encode_sequences pep"] == jobs["train_model dna gru 0 1"] == 1
    assert "train_model dna rnn 0 1" not in jobs


def test_a_new_query_runs_only_its_jobs(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    shutil.copy(RESOURCES / "acp" / "query.fa", project.folder / "data" / "peptides.fa")
    project.write_sheet(
        "queries", "query dataset fasta", "new dna data/query.fa", "more pep data/peptides.fa"
    )
    assert project.planned() == {"predict_query pep more": 1, "report_queries pep": 1}
    assert project.snakemake().code == 0
    assert (project.folder / "results/pep/predictions/more.tsv.gz").exists()
    page = (project.folder / "results/pep/report/predictions.html").read_text()
    assert "1 query" in page


def test_a_new_dataset_runs_only_its_jobs(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    sheet = project.folder / "config" / "datasets.tsv"
    sheet.write_text(sheet.read_text() + "two\tdata/EI.fa\tEI\ntwo\tdata/IE.fa\tIE\n")
    jobs = project.planned()
    assert jobs["build_report two"] == 1
    assert all(job.split()[1] == "two" for job in jobs), jobs


def test_a_batch_is_a_few_datasets(finished, project, planned_here):
    """How docs/cluster.md takes a DAG that is too large for one run."""
    of_dna = {job for job in planned_here if job.split()[1] == "dna"}
    first = set(project.planned("--batch", "all=1/2"))
    # what is left of a dataset, like its report, is made in the next one
    assert "evaluate_models dna" in first
    assert first <= of_dna
    assert not finished.planned("--batch", "all=2/2")


def test_a_failed_job_shows_why(project):
    fasta = project.folder / "data" / "IE.fa"
    fasta.write_text(fasta.read_text() + ">bad\nACGT!\n")
    done = project.snakemake("results/dna/sequences.parquet")
    assert done.code != 0
    assert "record 'bad', position 5: '!' is not a DNA letter" in done.out + done.err
    assert not (project.folder / "results/dna/sequences.parquet").exists()


def test_the_workflow_parses_where_the_package_is_not_installed(project, monkeypatch):
    """A catalog scans bare clones: bioseqrnn and torch must not be imported by the Snakefile."""
    allowed = sys.stdlib_module_names | {"snakemake", "yaml", "jsonschema"}
    for path in [*(ROOT / "workflow").rglob("*.smk"), ROOT / "workflow" / "Snakefile"]:
        names = re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.M)
        assert set(names) <= allowed, path
    blocked = project.folder / "blocked"
    blocked.mkdir()
    # nor by what they import; Snakemake's own plugins may import NumPy and pandas
    for name in ("bioseqrnn", "torch", "pyarrow", "Bio"):
        (blocked / f"{name}.py").write_text(f"raise ImportError('{name} is not installed')\n")
    monkeypatch.setenv("PYTHONPATH", str(blocked))
    assert project.planned()["train_model dna gru 0 1"] == 1
    assert project.snakemake("--lint").code == 0


def test_one_bad_query_does_not_stop_the_others(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    (project.folder / "data" / "bad.fa").write_bytes(b">fine\nACGT\n>broken\nAC\xe9T\n")
    project.write_sheet(
        "queries", "query dataset fasta", "a_bad dna data/bad.fa", "b_good dna data/query.fa",
        "new dna data/query.fa",
    )  # fmt: skip
    results = project.folder / "results" / "dna"
    (results / "report" / "report.html").unlink()
    done = project.snakemake(cores=1)
    assert done.code == 1
    said = done.out + done.err
    assert "data/bad.fa: line 4, byte 3 (record 'broken'): not UTF-8 text" in said
    assert "rule predict_query:" in said
    assert (results / "predictions" / "b_good.tsv.gz").exists()
    assert (results / "report" / "report.html").exists()
    assert not list((results / "predictions").glob("*a_bad*"))
    # the page on new sequences waits for all of them
    assert not (results / "report" / "predictions" / "queries.tsv").read_text().count("b_good")
    # mended, only that one is predicted
    (project.folder / "data" / "bad.fa").write_text(">fine\nACGT\n>mended\nACGT\n")
    assert project.planned() == {"predict_query dna a_bad": 1, "report_queries dna": 1}
