"""Which jobs a transfer asks for, and which baselines a task leaves out."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.workflow


def test_a_transfer_waits_for_the_networks_of_its_datasets(project):
    sheet = project.folder / "config" / "datasets.tsv"
    sheet.write_text(sheet.read_text() + "made\tdata/ACP.fa\tACP\n")
    config = project.read_config()
    config["dataset_options"]["made"] = {"positive": "ACP", "negatives": {"method": "shuffle"}}
    config["transfer"] = {"kinds": ["pep", "made"]}
    project.write_config(config)
    jobs = project.planned("results/transfer/kinds/matrix.tsv")
    assert jobs["transfer_models kinds"] == 1
    # two datasets, two models, two folds
    assert sum(count for job, count in jobs.items() if job.startswith("train_model")) == 8
    assert not [job for job in jobs if " dna" in job or job.startswith("train_baseline")]
    assert project.planned()["transfer_models kinds"] == 1


def test_baselines_of_whole_records_are_left_out_of_per_position_datasets(project):
    (project.folder / "data" / "three.fa").write_text(">a\nMKV\nHHC\n>b\nMKL\nHCC\n")
    sheet = project.folder / "config" / "datasets.tsv"
    sheet.write_text(sheet.read_text() + "three\tdata/three.fa\n")
    config = project.read_config()
    config["dataset_options"]["three"] = {"task": "per_position", "alphabet": "protein"}
    config["baselines"] = ["majority", "gapped_kmer", "pwm", "cnn"]
    project.write_config(config)
    jobs = project.planned()
    found = {
        dataset: {job.split()[2] for job in jobs if job.startswith(f"train_baseline {dataset} ")}
        for dataset in ("three", "dna")
    }
    assert found == {"three": {"majority", "cnn"}, "dna": set(config["baselines"])}
