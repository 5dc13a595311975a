"""Which attributions the workflow asks for, and what makes them again."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]


def attributed(jobs):
    return sorted(job for job in jobs if job.startswith("attribute_sequences"))


def test_datasets_of_whole_records_are_attributed_unless_it_is_switched_off(project):
    (project.folder / "data" / "three.fa").write_text(">a\nMKV\nHHC\n>b\nMKL\nHCC\n")
    sheet = project.folder / "config" / "datasets.tsv"
    sheet.write_text(sheet.read_text() + "three\tdata/three.fa\n")
    config = project.read_config()
    config["dataset_options"]["three"] = {"task": "per_position", "alphabet": "protein"}
    project.write_config(config)
    assert attributed(project.planned()) == ["attribute_sequences dna", "attribute_sequences pep"]
    project.write_config(config | {"explanation": {"method": "none"}})
    assert attributed(project.planned()) == []


def test_settings_of_the_explanation_make_only_it_and_the_report_again(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    project.write_config(project.read_config() | {"explanation": {"records": 9}})
    rules = ("attribute_sequences", "discover_motifs", "build_report")
    wanted = {f"{rule} {name}": 1 for rule in rules for name in ("dna", "pep")}
    assert dict(project.planned()) == wanted


def test_an_attribution_follows_the_networks(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    config = project.read_config()
    config["models"]["rnn"]["epochs"] = 3
    project.write_config(config)
    jobs = project.planned("results/pep/explanation/attributions.parquet")
    assert jobs["train_model pep rnn 0 1"] == 1
    assert attributed(jobs) == ["attribute_sequences pep"]
