"""Groupings, repeats and random folds, as the workflow runs them."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("folds")]

TABLE = "results/pep/evaluation/random_folds.tsv"


def settings(project, **folds):
    config = project.read_config()
    config["baselines"] = ["composition", "kmer_logistic"]
    config["folds"] = {"count": 2} | folds
    project.write_config(config)


@pytest.fixture(scope="module")
def compared(new_project, tmp_path_factory):
    """Peptides in two folds dealt twice, scored by one baseline on random folds too."""
    project = new_project(tmp_path_factory.mktemp("folds") / "project")
    settings(project, repeats=2)
    done = project.snakemake(TABLE)
    assert done.code == 0, done.out + done.err
    return project


def test_repeats_are_dealt_and_scored_on_both_kinds_of_folds(compared):
    results = compared.folder / "results" / "pep"
    for folder in (results, results / "random"):
        names = pq.read_schema(folder / "folds.parquet").names
        assert names == ["id", "group", "fold", *(f"role_{k}" for k in range(4))]
        predictions = sorted(folder.glob("baselines/*/fold-*/predictions.parquet"))
        assert [path.parts[-3:-1] for path in predictions] == [
            ("kmer_logistic", f"fold-{k}") for k in range(4)
        ]
    table = pd.read_csv(compared.folder / TABLE, sep="\t")
    assert set(table["model"]) == {"kmer_logistic"}
    assert set(table["n"]) == {80}
    leaks = pd.read_csv(results / "leaks.tsv", sep="\t", keep_default_na=False)
    assert leaks["grouping"].tolist() == ["homology"] * 4 + ["none"] * 4
    assert leaks["similar"].tolist()[:4] == [0] * 4
    assert not compared.planned(TABLE)
    log = (results / "logs" / "assign_random_folds.log").read_text()
    assert "WARNING: pep: grouping is 'none'" in log


def test_a_setting_of_folds_deals_anew_only_what_it_is_about(compared, tmp_path):
    project = compared.copy(tmp_path / "copy")
    settings(project, repeats=2, identity_protein=0.5)
    jobs = project.planned(TABLE)
    assert jobs["assign_folds pep"] == 1
    settings(project, repeats=2, compare_random=["composition", "rnn"])
    jobs = project.planned(TABLE)
    assert jobs["assign_folds pep"] == 0
    assert jobs["train_random_baseline pep composition 3"] == 1
    assert jobs["train_random_model pep rnn 3 1"] == 1
    assert not any(job.startswith("train_random_baseline pep kmer") for job in jobs)
    settings(project, repeats=2, compare_random=[])
    jobs = project.planned()
    assert not any("random" in job for job in jobs)


def test_a_name_that_nothing_has_is_refused(project):
    settings(project, compare_random=["kmer_logistics"])
    done = project.snakemake("--dry-run")
    assert done.code
    assert (
        "folds.compare_random: 'kmer_logistics' is not a model or baseline of this run; did you "
        "mean 'kmer_logistic'?"
    ) in done.err
