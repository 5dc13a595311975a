"""The gate before training, in a real run."""

from __future__ import annotations

import pandas as pd
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]


def set_audit(project, **checks):
    config = project.read_config()
    config["audit"] = checks
    project.write_config(config)


def test_a_limit_that_stops_nothing_retrains_nothing(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    set_audit(project, composition={"limit": 0.5})
    assert project.planned() == {
        f"{rule} {dataset}": 1
        for rule in ("judge_findings", "build_report")
        for dataset in ("pep", "dna")
    }
    assert project.snakemake().code == 0
    checks = pd.read_csv(project.folder / "results/pep/checks.tsv", sep="\t", index_col="check")
    assert checks.loc["composition", ["limit", "verdict"]].tolist() == [0.5, "warn"]
    assert not project.planned()


def test_a_check_told_to_stop_stops_what_is_finished(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    set_audit(project, composition={"limit": 0.5, "action": "stop"})
    jobs = project.planned("results/pep/folds.parquet")
    assert jobs == {"assign_folds pep": 1}
    done = project.snakemake("results/pep/folds.parquet")
    assert done.code != 0
    assert "bioseqrnn: error: pep: the audit stops at 'composition'. The residue" in done.err


def test_one_record_in_training_and_test_files_stops_before_training(project):
    """As in a benchmark whose independent test set holds records of its training set."""
    fasta = project.folder / "data" / "IE.fa"
    header, *lines = fasta.read_text().split(">")[1].splitlines()
    test = project.folder / "data" / "test.fa"
    fresh = project.folder / "data" / "N.fa"
    records = fresh.read_text().split(">")[1:]
    fresh.write_text("".join(f">{record}" for record in records[:20]))
    test.write_text("".join(f">{record}" for record in records[20:]))
    leaked = project.folder / "data" / "leaked.fa"
    leaked.write_text(f">leaked_{header}\n{''.join(lines)}\n>fresh\n{'ACGTTGCAAC' * 6}\n")
    project.write_sheet(
        "datasets", "dataset fasta label split",
        "dna data/IE.fa IE train", "dna data/N.fa N train",
        "dna data/leaked.fa IE test", "dna data/test.fa N test",
    )  # fmt: skip
    config = project.read_config()
    config["dataset_options"] = {}
    project.write_config(config)
    done = project.snakemake()
    assert done.code != 0
    said = [line for line in done.err.splitlines() if line.startswith("bioseqrnn: error:")]
    assert len(set(said)) == 1
    assert "dna: the audit stops at 'leakage': 2 records (" in said[0]
    assert f"'leaked_{header.split()[0]}'" in said[0]
    results = project.folder / "results" / "dna"
    for way_out in ("results/dna/flagged.tsv lists them", "set audit.leakage.action: warn"):
        assert way_out in said[0]
    flagged = pd.read_csv(results / "flagged.tsv", sep="\t")
    flagged = flagged[flagged["check"] == "leakage"].set_index("split")
    assert flagged.loc["test", "id"] == f"leaked_{header.split()[0]}"
    assert flagged.loc["test", "partner_id"] == header.split()[0]
    checks = pd.read_csv(results / "checks.tsv", sep="\t", index_col="check")
    assert checks.loc["leakage", ["value", "verdict"]].tolist() == [2, "stop"]
    for name in ("folds.parquet", "models", "baselines", "report"):
        assert not (results / name).exists(), name
    set_audit(project, leakage={"action": "warn"})
    assert project.planned("results/dna/folds.parquet")["assign_folds dna"] == 1
    done = project.snakemake("results/dna/folds.parquet")
    assert done.code == 0, done.err
