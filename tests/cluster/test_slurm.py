"""The workflow on a real SLURM: whole runs, and what happens to jobs there."""

from __future__ import annotations

import os
import re
import signal

import pandas as pd
import pytest
from workflow.conftest import make_dna_project, make_project
from workflow.profiles import with_trainings_in_groups

from .trainings import (
    LONG,
    MODEL,
    checkpoint_of,
    freeze,
    same_models,
    training_log,
    trainings,
)

pytestmark = [pytest.mark.workflow, pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


def test_a_whole_run_with_groups(cluster, submit, tmp_path):
    project = make_dna_project(tmp_path / "project")
    before = {job["job"] for job in cluster.jobs()}
    profile = with_trainings_in_groups(tmp_path / "slurm")
    run = submit(
        project.folder, "--group-components", "trainings=3", "baselines=20", "--", "all",
        profile=profile,
    )  # fmt: skip
    assert run.finish() == 0, run.text
    report = project.folder / "results" / "dna" / "report" / "report.html"
    assert report.stat().st_size > 100_000
    jobs = [job for job in cluster.jobs() if job["job"] not in before]
    assert {job["state"] for job in jobs} == {"COMPLETED"}
    assert len({job["node"] for job in jobs}) > 1
    # 2 models × 2 folds, three a job
    groups = [job for job in jobs if "trainings" in job["comment"]]
    # two side by side, ten minutes each
    assert sorted(job["time"] for job in groups) == ["10:00", "20:00"]
    assert len(list(project.folder.glob("results/*/models/*/*/*/model.safetensors"))) == 4
    assert len([job for job in jobs if "baselines" in job["comment"]]) == 1


def test_a_failing_job_says_why(submit, tmp_path):
    project = make_project(tmp_path / "project")
    (project.folder / "data" / "ACP.fa").write_text(">broken\nACDE!!\n")
    run = submit(project.folder, "--retries", 0, "results/pep/sequences.parquet")
    assert run.finish() != 0
    # the one line that the command wrote on the node, and where it lies
    assert re.search(r"error: .*ACP\.fa.*record 'broken'", run.text), run.text
    assert "results/pep/logs/encode_sequences.log" in run.text
    assert not (project.folder / "results/pep/sequences.parquet").exists()


def test_too_little_memory_cancelled_and_no_controller(cluster, submit, undisturbed, untrained):
    # none can even start in the memory of a first attempt
    memory = "train_model:mem_mb=2 if attempt == 1 else 3000"
    models = [MODEL.format(seed) for seed in (1, 2)]
    run = submit(untrained.folder, "--set-resources", memory, "--", *models)
    frozen = freeze(cluster, untrained, (1, 2))
    assert run.text.count("Trying to restart job") == 2
    (_, cancelled), (spared, _) = frozen[1], frozen[2]
    cluster.stop_controller()
    cluster.start_controller()
    cluster.run("scancel", cancelled["job"])
    os.kill(spared, signal.SIGCONT)
    # somebody else starts a run in the same folder
    second = submit(untrained.folder, MODEL.format(1))
    assert second.finish() != 0
    assert "locked" in second.text.lower()
    assert run.finish() == 0, run.text
    assert same_models(undisturbed, untrained, (1, 2))
    assert "resumes" in training_log(untrained, 1)


def test_preempted_and_out_of_time(cluster, submit, undisturbed, untrained, tmp_path):
    timed = untrained.copy(tmp_path / "timed")
    preempted_run = submit(
        untrained.folder, "--set-resources", "train_model:slurm_partition=low", "--",
        MODEL.format(1),
    )  # fmt: skip
    timed_run = submit(timed.folder, MODEL.format(2))
    ((_, preempted),) = freeze(cluster, untrained, [1]).values()
    ((_, late),) = freeze(cluster, timed, [2]).values()
    cluster.run("scontrol", "update", f"JobId={late['job']}", "EndTime=now+2")
    cluster.run(
        "sbatch", "-p", "high", "-n", cluster.cpus, "-w", preempted["node"], "-o", "/dev/null",
        "--wrap", "sleep 3",
    )  # fmt: skip
    assert preempted_run.finish() == 0, preempted_run.text
    assert timed_run.finish() == 0, timed_run.text
    assert "stopped by SIGUSR1" in preempted_run.text, preempted_run.text
    assert "stopped by SIG" in timed_run.text, timed_run.text
    for project, seed in ((untrained, 1), (timed, 2)):
        assert "resumes" in training_log(project, seed)
        assert same_models(undisturbed, project, [seed])


def test_a_gpu_job_goes_where_gpus_are(cluster, submit, untrained):
    untrained.write_config(untrained.read_config() | {"device": "cuda"})
    partitions = untrained.folder / "partitions.yaml"
    partitions.write_text("partitions:\n  main: {max_threads: 2}\n  gpu: {max_gpu: 1}\n")
    before = {job["job"] for job in cluster.jobs()}
    run = submit(
        untrained.folder, "--slurm-partition-config", partitions, "--retries", 0, MODEL.format(1)
    )  # fmt: skip
    code = run.finish()
    (job,) = [job for job in cluster.jobs() if job["job"] not in before]
    assert job["partition"] == "gpu"
    assert re.search(r"TresPer\w+=\S*gpu:1", cluster.run("scontrol", "show", "job", job["job"]))
    # the pretended GPU is none, and the user is told what the job was told
    assert code != 0
    assert "device cuda: PyTorch finds no CUDA device" in run.text, run.text


def test_drained_and_killed_while_it_writes(cluster, submit, undisturbed, untrained):
    """A drained node ends what it has and gets nothing more; half a file is no output."""
    run = submit(untrained.folder, "--", *(MODEL.format(seed) for seed in (1, 2)))
    frozen = freeze(cluster, untrained, (1, 2))
    (spared, drained), (writing, killed) = frozen[1], frozen[2]
    cluster.run("scontrol", "update", f"NodeName={drained['node']}", "State=DRAIN", "Reason=test")
    try:
        # what a writer leaves that is killed in the middle
        model = untrained.folder / MODEL.format(2)
        left = model.with_name(f".{model.name}.abcd1234.tmp")
        left.write_bytes(b"half of a model")
        os.kill(writing, signal.SIGKILL)
        os.kill(spared, signal.SIGCONT)
        assert run.finish() == 0, run.text
        assert same_models(undisturbed, untrained)
        assert not left.exists()
        jobs = {job["job"]: job for job in cluster.jobs()}
        assert jobs[drained["job"]]["state"] == "COMPLETED"
        latest = max(int(drained["job"]), int(killed["job"]))
        again = [job for job in jobs.values() if int(job["job"]) > latest]
        assert again
        assert drained["node"] not in {job["node"] for job in again}
    finally:
        cluster.run("scontrol", "update", f"NodeName={drained['node']}", "State=RESUME")


def test_snakemake_is_interrupted_and_killed(cluster, submit, undisturbed, untrained):
    """Ctrl-C takes the jobs with it; a job whose Snakemake is killed ends by itself."""
    run = submit(untrained.folder, MODEL.format(1))
    ((_, cancelled),) = freeze(cluster, untrained, [1]).values()
    run.interrupt(cluster)
    assert run.finish() != 0
    # it may still write its checkpoint
    cluster.wait(lambda: not trainings(untrained), "the cancelled training to end")
    run = submit(untrained.folder, MODEL.format(1))
    ((training, orphan),) = freeze(cluster, untrained, [1]).values()
    run.process.kill()
    os.kill(training, signal.SIGCONT)

    def states() -> dict[str, str]:
        return {job["job"]: job["state"] for job in cluster.jobs()}

    cluster.wait(lambda: states()[orphan["job"]] == "COMPLETED", "the job to end")
    assert states()[cancelled["job"]] == "CANCELLED"
    assert "resumes" in training_log(untrained, 1)
    assert same_models(undisturbed, untrained, [1])
    assert untrained.snakemake("--unlock").code == 0
    assert "Nothing to be done" in untrained.snakemake("--dry-run", MODEL.format(1)).out


def test_a_node_goes_down(cluster, submit, undisturbed, untrained, monkeypatch):
    """SLURM notices after a while, and its job goes on elsewhere from the checkpoint."""
    monkeypatch.setitem(cluster.env, "BIOSEQRNN_CHECKPOINT_SECONDS", "0.1")
    run = submit(untrained.folder, MODEL.format(1))
    ((_, lost),) = freeze(cluster, untrained, [1], checkpoint=True).values()

    def job() -> dict[str, str]:
        return next(job for job in cluster.jobs() if job["job"] == lost["job"])

    cluster.lose_node(lost["node"])
    try:
        cluster.wait(lambda: job()["state"] == "PENDING", "the job to be queued again")
        # SLURM lets what is queued again wait for two minutes
        cluster.run("scontrol", "update", f"JobId={lost['job']}", "StartTime=now")
        assert run.finish() == 0, run.text
        assert job()["node"] != lost["node"]
        assert "resumes" in training_log(untrained, 1)
        assert same_models(undisturbed, untrained, [1])
    finally:
        cluster.start_node(lost["node"])
        cluster.wait(cluster.all_idle, "the nodes to be idle")


def test_two_nodes_train_one_network_also_when_one_is_lost(
    cluster, submit, undisturbed, tmp_path, monkeypatch
):
    """Its process is killed; the other ends, and the training goes on from the checkpoint."""
    monkeypatch.setitem(cluster.env, "BIOSEQRNN_CHECKPOINT_SECONDS", "0.1")
    projects, runs = {}, {}
    for name, nodes in (("lost", 2), ("whole", 2), ("one", 1)):
        project = projects[name] = undisturbed.copy(tmp_path / name)
        # dropout draws from another stream in every process
        few = LONG | {"epochs": 40, "dropout": 0.0}
        project.write_config(project.read_config() | {"nodes": nodes, "models": {"gru": few}})
        runs[name] = submit(project.folder, MODEL.format(1))
        if name == "lost":
            cluster.wait(checkpoint_of(project, 1).exists, "a checkpoint")
            (lost,) = [t for t in trainings(project) if t.environment["SLURM_PROCID"] == "1"]
            os.kill(lost.pid, signal.SIGKILL)
    curves = {}
    for name, run in runs.items():
        assert run.finish() == 0, run.text
        history = (projects[name].folder / MODEL.format(1)).with_name("history.tsv")
        curves[name] = pd.read_table(history)[["train_loss", "validation_loss"]].to_numpy()
        assert ("MEMBER: 2/2" in training_log(projects[name], 1)) == (name != "one")
    # roundings that differ grow from epoch to epoch
    assert curves["one"][:5] == pytest.approx(curves["whole"][:5], abs=1e-5)
    assert "Trying to restart job" in runs["lost"].text
    assert "resumes" in training_log(projects["lost"], 1)
    assert same_models(projects["whole"], projects["lost"], [1])
