"""Which attributions the workflow asks for, and what makes them again."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest

from bioseqrnn.networks.card import read_card
from bioseqrnn.tables.declared.explanation import MOTIF_NULL

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]


def attributed(jobs):
    return sorted(job for job in jobs if job.startswith("attribute_sequences"))


def test_every_dataset_is_attributed_unless_it_is_switched_off(project):
    (project.folder / "data" / "three.fa").write_text(">a\nMKV\nHHC\n>b\nMKL\nHCC\n")
    sheet = project.folder / "config" / "datasets.tsv"
    sheet.write_text(sheet.read_text() + "three\tdata/three.fa\n")
    config = project.read_config()
    config["dataset_options"]["three"] = {"task": "per_position", "alphabet": "protein"}
    project.write_config(config)
    names = ("dna", "pep", "three")
    assert attributed(project.planned()) == [f"attribute_sequences {name}" for name in names]
    project.write_config(config | {"explanation": {"method": "none"}})
    assert attributed(project.planned()) == []


def test_settings_of_the_explanation_make_only_it_and_the_report_again(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    project.write_config(project.read_config() | {"explanation": {"records": 9}})
    rules = ("attribute_sequences", "discover_motifs", "check_motifs", "build_report")
    names = ("dna", "pep")
    wanted = {f"{rule} {name}": 1 for rule in rules for name in names}
    assert dict(project.planned()) == wanted | {f"attribute_permuted {n} 1": 1 for n in names}
    project.write_config(project.read_config() | {"explanation": {"permuted": 2, "tests": 9}})
    rules = ("check_motifs", "build_report")
    wanted = {f"{rule} {name}": 1 for rule in rules for name in names}
    more = ("train_permuted", "attribute_permuted")
    wanted |= {f"{rule} {name} 2": 1 for rule in more for name in names}
    assert dict(project.planned()) == wanted


def test_motifs_by_chance_come_from_a_network_with_permuted_labels(finished):
    folder = finished.folder / "results" / "dna"
    card = read_card(folder / "explanation" / "permuted" / "1" / "model.safetensors")
    selected = json.loads((folder / "evaluation" / "selected.json").read_text())
    assert (card["model"], card["fold"], card["permuted"]) == (selected["model"], 0, 1)
    (row,) = MOTIF_NULL.read(folder / MOTIF_NULL.path).to_dict("records")
    assert (row["permuted"], row["fold"]) == (1, 0)
    assert "a network trained on permuted labels" in (folder / "report/report.html").read_text()


@pytest.mark.skipif(find_spec("pyjaspar") is not None, reason="pyjaspar is installed")
def test_jaspar_without_its_package_is_one_line_before_any_job(project):
    project.write_config(project.read_config() | {"explanation": {"jaspar": "2026"}})
    done = project.snakemake("--dry-run")
    assert done.code == 2
    said = "config/config.yaml: explanation.jaspar: pyjaspar is not installed; install it with pip"
    assert said in done.err.splitlines()[-1]
    assert "Traceback" not in done.err


def test_an_attribution_follows_the_networks(finished, tmp_path):
    project = finished.copy(tmp_path / "copy")
    config = project.read_config()
    config["models"]["rnn"]["epochs"] = 3
    project.write_config(config)
    jobs = project.planned("results/pep/explanation/attributions.parquet")
    assert jobs["train_model pep rnn 0 1"] == 1
    assert attributed(jobs) == ["attribute_sequences pep"]
