"""The profiles of batch systems: what a dry run can tell."""

from __future__ import annotations

import re

import pytest
import yaml
from conftest import ROOT

pytestmark = pytest.mark.workflow
PROFILES = ROOT / "workflow" / "profiles"
TRAINING = "results/pep/models/gru/fold-0/seed-1/history.tsv"


def filled_in(profile: str, folder):
    """The profile after a user has uncommented what is to be filled in."""
    text = (PROFILES / profile / "config.yaml").read_text()
    text, count = re.subn(r"^( *)#(?! )", r"\1", text, flags=re.MULTILINE)
    assert count
    folder.mkdir()
    (folder / "config.yaml").write_text(text)
    (folder / "partitions.yaml").write_text("partitions:\n  main: {max_threads: 2}\n")
    return folder


def training_resources(project, *words) -> str:
    done = project.snakemake("--dry-run", *words, TRAINING)
    text = done.out + done.err
    assert done.code == 0, text
    job = text[text.index("rule train_model:") :]
    return next(line for line in job.splitlines() if "resources:" in line)


@pytest.mark.parametrize("profile", ["lsf", "pbs", "sge"])
def test_plans_what_a_local_run_plans(project, profile):
    assert project.planned("--profile", PROFILES / profile) == project.planned()
    resources = training_resources(project, "--profile", PROFILES / profile)
    assert "mem_mb=4000" in resources
    assert "runtime=240" in resources


def test_all_scale_alike():
    found = {}
    for path in PROFILES.glob("*/config.yaml"):
        asked = yaml.safe_load(path.read_text()).get("set-resources")
        found[path.parent.name] = asked
    # what Snakemake reads beside a user's own profile would win over that one
    assert found.pop("default") is None
    assert all(asked == found["slurm"] for asked in found.values())
    assert found["slurm"]["train_model"] == {"mem_mb": "4000 * attempt", "runtime": "240 * attempt"}


@pytest.mark.parametrize(
    ("profile", "names"),
    [
        ("lsf", ["lsf_queue=gpu", "lsf_project=my_project", "lsf_extra=-wa USR1 -wt 1 -gpu num=1"]),
        ("pbs", ["batch_queue=workq", "batch_gpu_queue=gpu", "batch_account=my_account"]),
        ("sge", ["batch_queue=all.q", "batch_gpu_queue=gpu.q", "batch_pe=smp"]),
        ("slurm", ["slurm_account=my_account", "slurm_extra=--signal=USR1@60"]),
    ],
)
def test_names_of_a_cluster_reach_the_jobs(project, tmp_path, profile, names):
    resources = training_resources(project, "--profile", filled_in(profile, tmp_path / profile))
    for name in names:
        assert name in resources
