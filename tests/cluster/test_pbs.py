"""The workflow by the commands of Torque, a PBS, which a real SLURM understands."""

from __future__ import annotations

import os
import re
import signal

import pytest
from workflow.conftest import make_project

from .lab import kill
from .trainings import MODEL, freeze, processes_of, same_models, training_log

pytestmark = [pytest.mark.workflow, pytest.mark.cluster, pytest.mark.xdist_group("cluster")]
TORQUE = [
    word
    for verb in ("submit", "status")
    for word in (
        f"--cluster-generic-{verb}-cmd",
        f"python -m bioseqrnn.support.batch {verb} torque",
    )
]


def test_jobs_are_submitted_and_what_fails_says_why(cluster, submit, tmp_path):
    project = make_project(tmp_path / "project")
    (project.folder / "data" / "ACP.fa").write_text(">broken\nACDE!!\n")
    before = {job["job"] for job in cluster.jobs()}
    folds = [f"results/{name}/folds.parquet" for name in ("pep", "dna")]
    run = submit(project.folder, *TORQUE, "--retries", 0, "--", *folds, profile="pbs")
    assert run.finish() != 0
    assert re.search(r"error: .*ACP\.fa.*record 'broken'", run.text), run.text
    assert [(project.folder / path).exists() for path in folds] == [False, True]
    jobs = [job for job in cluster.jobs() if job["job"] not in before]
    states = [job["state"] for job in jobs]
    assert states.count("FAILED") == 1
    assert set(states) == {"COMPLETED", "FAILED"}


def test_deleted_and_killed_without_a_word(cluster, submit, undisturbed, untrained):
    models = [MODEL.format(seed) for seed in (1, 2)]
    run = submit(untrained.folder, *TORQUE, "--", *models, profile="pbs")
    frozen = freeze(cluster, untrained, (1, 2))
    (spared, deleted), (_, killed) = frozen[1], frozen[2]
    cluster.run("qdel", deleted["job"])
    os.kill(spared, signal.SIGCONT)
    # as a crash of its node would: nothing of the job is left that could say how it ended
    for pid in processes_of(killed["job"]):
        kill(pid)
    assert run.finish() == 0, run.text
    assert "ended without an exit status" in run.text
    assert same_models(undisturbed, untrained)
    assert "resumes" in training_log(untrained, 1)
