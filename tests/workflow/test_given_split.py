"""A split that comes with the data takes the place of cross-validation, up to the report."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bioseqrnn.support.io import read_parquet

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("given")]

PARTS = {"train": (0, 24), "validation": (24, 30), "test": (30, 40)}


@pytest.fixture(scope="module")
def given(new_project, tmp_path_factory):
    """DNA with all three parts, peptides without one to validate, run to the end."""
    project = new_project(tmp_path_factory.mktemp("given") / "project")
    rows = ["dataset fasta label split"]
    for dataset, names in (("dna", ("EI", "IE", "N")), ("pep", ("ACP", "Random"))):
        for name in names:
            records = (project.folder / "data" / f"{name}.fa").read_text().split(">")[1:]
            for part, (start, end) in PARTS.items():
                if (dataset, part) == ("pep", "validation"):
                    continue
                path = f"data/{name}.{part}.fa"
                text = "".join(f">{record}" for record in records[start:end])
                (project.folder / path).write_text(text)
                rows.append(f"{dataset} {path} {name} {part}")
    project.write_sheet("datasets", *rows)
    config = project.read_config()
    small = {"models": {"gru": config["models"]["gru"]}, "explanation": {"method": "none"}}
    project.write_config(config | small)
    done = project.snakemake()
    assert done.code == 0, done.out + done.err
    return project


def folds_of(project, dataset):
    sequences, _ = read_parquet(project.folder / f"results/{dataset}/sequences.parquet", "table")
    folds, metadata = read_parquet(project.folder / f"results/{dataset}/folds.parquet", "table")
    frame = folds.to_pandas()
    assert frame["id"].tolist() == sequences.column("id").to_pylist()
    return frame.assign(split=sequences.column("split").to_pylist()), metadata


def test_the_one_fold_is_the_split(given):
    frame, metadata = folds_of(given, "dna")
    assert (metadata["given"], metadata["folds"]) == (True, 1)
    assert (frame["role_0"] == frame["split"]).all()
    assert (frame["fold"] == (frame["split"] == "test") - 1).all()
    assert "role_1" not in frame


def test_a_share_validates_where_no_row_does(given):
    frame, _ = folds_of(given, "pep")
    assert frame.loc[frame["split"] == "test", "role_0"].eq("test").all()
    trained = frame.loc[frame["split"] == "train", "role_0"]
    assert set(trained) == {"train", "validation"}
    assert 2 <= (trained == "validation").sum() <= 8


@pytest.mark.parametrize(("dataset", "count"), [("dna", 30), ("pep", 20)])
def test_only_test_records_are_evaluated(given, dataset, count):
    results = given.folder / "results" / dataset
    frame, _ = folds_of(given, dataset)
    tested = frame.loc[frame["split"] == "test", "id"].tolist()
    predictions = list(results.glob("*/*/fold-*/**/predictions.parquet"))
    assert len(predictions) == 2
    for path in predictions:
        assert "/fold-0/" in str(path)
        predicted = pq.read_table(path, filters=[("role", "=", "test")])
        assert predicted.column("id").to_pylist() == tested
    summary = pd.read_csv(results / "evaluation" / "summary.tsv", sep="\t")
    assert set(summary["n"]) == {count}
    runs = pd.read_csv(results / "evaluation" / "runs.tsv", sep="\t")
    assert set(runs["fold"]) == {0}
    confusion = pd.read_csv(results / "evaluation" / "confusion.tsv", sep="\t")
    assert set(confusion.groupby(["model", "at_threshold"])["count"].sum()) == {count}


@pytest.mark.parametrize(("dataset", "count"), [("dna", 30), ("pep", 20)])
def test_the_report_claims_no_cross_validation(given, dataset, count):
    page = (given.folder / "results" / dataset / "report" / "report.html").read_text()
    for text in (
        f"{'AUROC' if dataset == 'pep' else 'Accuracy'} of the final model on the "
        f"{count} given test records: <b>",
        "The records given to test are predicted by runs that did not train on them.",
        "AUROC of each seed" if dataset == "pep" else "Accuracy of each seed",
        "Given split",
        "trained on all records, including the given test records",
    ):
        assert text in page, text
    for text in (
        "cross-validation",
        "out-of-fold",
        "of each fold",
        "Identical sequences are never",
    ):
        assert text not in page, text


def test_the_final_model_predicts_and_a_second_run_has_nothing_to_do(given):
    table = pq.read_table(given.folder / "results/dna/predictions/new.parquet")
    assert len(table) == 60
    assert not given.planned()


def test_the_number_of_folds_plays_no_part(given, tmp_path):
    project = given.copy(tmp_path / "copy")
    config = project.read_config()
    config["folds"]["count"] = 7
    project.write_config(config)
    assert not project.planned()


def test_only_given_test_records_are_explained(given, tmp_path):
    project = given.copy(tmp_path / "copy")
    small = {"records": 12, "method": "gradients", "tests": 5}
    project.write_config(project.read_config() | {"explanation": small})
    results = project.folder / "results" / "pep"
    done = project.snakemake("results/pep/explanation/motif_null.tsv")
    assert done.code == 0, done.out + done.err
    frame, _ = folds_of(project, "pep")
    tested = set(frame.loc[frame["split"] == "test", "id"])
    folder = results / "explanation"
    for path in (folder, folder / "permuted" / "1"):
        table = pq.read_table(path / "attributions.parquet").to_pandas()
        assert len(table) == 12
        assert set(table["id"]) < tested
        assert set(table["fold"]) == {0}
    null = pd.read_csv(folder / "motif_null.tsv", sep="\t")
    assert null["fold"].tolist() == [0]
    assert null["records"].tolist() == [12]
