"""The profiles of batch systems: what a dry run can tell."""

from __future__ import annotations

import math
import re

import pytest
import yaml

from .profiles import PROFILES, filled_in, with_trainings_in_groups

pytestmark = pytest.mark.workflow
TRAINING = "results/pep/models/gru/fold-0/seed-1/history.tsv"


def training_resources(project, *words) -> str:
    done = project.snakemake("--dry-run", *words, TRAINING)
    text = done.out + done.err
    assert done.code == 0, text
    job = text[text.index("rule train_model:") :]
    return next(line for line in job.splitlines() if "resources:" in line)


@pytest.mark.parametrize("profile", ["lsf", "pbs", "sge"])
def test_plans_what_a_local_run_plans(project, planned_here, profile):
    assert project.planned("--profile", PROFILES / profile) == planned_here
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
    for rule in ("train_baseline", "train_random_baseline", "baseline_on_fraction"):
        # in groups they share their time
        assert found["slurm"][rule] == {"mem_mb": "4000 * attempt", "runtime": "15 * attempt"}
        found["slurm"][rule] = found["slurm"][rule] | {"runtime": "30 * attempt"}
    assert all(asked == found["slurm"] for asked in found.values())
    assert found["slurm"]["train_model"] == {"mem_mb": "4000 * attempt", "runtime": "240 * attempt"}
    # whatever the explanation reads grows with the records, too
    text = (PROFILES.parent / "rules" / "explanation.smk").read_text()
    rules = re.findall(r"^(?:use rule \w+ as|rule) (\w+)", text, re.MULTILINE)
    assert len(rules) >= 6
    assert set(rules) <= set(found["slurm"])


@pytest.mark.parametrize("rule", ["train_model", "train_baseline"])
def test_no_attempt_of_a_group_asks_for_more_than_a_day(rule, tmp_path):
    """More than its partition allows, and a job of SLURM waits for ever."""
    path = with_trainings_in_groups(tmp_path / "slurm") / "config.yaml"
    profile = yaml.safe_load(path.read_text())
    count = profile["group-components"][profile["groups"][rule]]
    for attempt in range(1, profile["retries"] + 2):
        known = {"attempt": attempt}
        asked = {key: eval(text, known) for key, text in profile["set-resources"][rule].items()}
        side_by_side = min(profile["cores"], profile["resources"]["mem_mb"] // asked["mem_mb"])
        assert math.ceil(count / side_by_side) * asked["runtime"] <= 24 * 60


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
