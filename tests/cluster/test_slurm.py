"""The workflow on a real SLURM: whole runs, and what happens to jobs there."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from workflow.conftest import Project, make_project

pytestmark = [pytest.mark.workflow, pytest.mark.cluster, pytest.mark.xdist_group("cluster")]
# trains for some seconds
LONG = {"cell": "gru", "epochs": 1200, "patience": 1200, "hidden_size": 24, "stem_filters": 16}
SEEDS = (1, 2)
MODEL = "results/dna/models/gru/fold-0/seed-{}/model.safetensors"


def test_a_whole_run_with_arrays_and_groups(cluster, submit, tmp_path):
    project = make_project(tmp_path / "project")
    before = {job["job"] for job in cluster.jobs()}
    run = submit(project.folder)
    assert run.finish() == 0, run.text
    for name in ("pep", "dna"):
        report = project.folder / "results" / name / "report" / "report.html"
        assert report.stat().st_size > 100_000
    jobs = [job for job in cluster.jobs() if job["job"] not in before]
    assert {job["state"] for job in jobs} == {"COMPLETED"}
    assert len({job["node"] for job in jobs}) > 1
    trainings = [job for job in jobs if job["comment"].startswith("rule_train_model")]
    # 2 datasets × 2 models × 2 folds, in as few submissions as there were datasets ready
    assert len(trainings) == 8
    assert len({job["array"] for job in trainings}) <= 2
    baselines = [job for job in jobs if "baselines" in job["comment"]]
    assert 1 <= len(baselines) <= 2


def test_a_failing_job_says_why(submit, tmp_path):
    project = make_project(tmp_path / "project")
    (project.folder / "data" / "ACP.fa").write_text(">broken\nACDE!!\n")
    run = submit(project.folder, "--retries", 0, "results/pep/sequences.parquet")
    assert run.finish() != 0
    # the one line that the command wrote on the node, and where it lies
    assert re.search(r"error: .*ACP\.fa.*record 'broken'", run.text), run.text
    assert "results/pep/logs/encode_sequences.log" in run.text
    assert not (project.folder / "results/pep/sequences.parquet").exists()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Project:
    """Trained where nothing happens; the models to compare with."""
    project = make_project(tmp_path_factory.mktemp("undisturbed") / "project")
    config = yaml.safe_load((project.folder / "config" / "config.yaml").read_text())
    project.write_config(config | {"models": {"gru": LONG}, "seeds": list(SEEDS)})
    done = project.snakemake(*(MODEL.format(seed) for seed in SEEDS))
    assert done.code == 0, done.err
    return project


@pytest.fixture
def untrained(undisturbed, tmp_path) -> Project:
    """The same before the training."""
    project = undisturbed.copy(tmp_path / "project")
    shutil.rmtree(project.folder / "results" / "dna" / "models")
    shutil.rmtree(project.folder / "results" / "dna" / "logs" / "train_model")
    return project


def same_models(one: Project, other: Project, seeds=SEEDS) -> bool:
    return all(
        (one.folder / MODEL.format(s)).read_bytes() == (other.folder / MODEL.format(s)).read_bytes()
        for s in seeds
    )


def training_log(project: Project, seed: int) -> str:
    path = project.folder / f"results/dna/logs/train_model/gru.fold-0.seed-{seed}.log"
    return path.read_text() if path.exists() else ""


def trainings(project: Project) -> dict[int, int]:
    """Process of each seed that is being trained in a folder."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        # gone meanwhile, or without words as threads of the kernel
        with contextlib.suppress(OSError, IndexError):
            words = (path / "cmdline").read_bytes().decode().split("\0")
            here = (path / "cwd").readlink() == project.folder.resolve()
            if here and words[1].endswith("/bioseqrnn") and words[2] == "train":
                found[int(words[words.index("--seed") + 1])] = int(path.name)
    return found


def freeze(cluster, project: Project, seeds=SEEDS) -> dict[int, tuple[int, dict[str, str]]]:
    """Stop the clock of every training once it has begun: process and job of each seed.

    What SLURM does to a job begins with SIGCONT, so nothing is too late, however long it takes.
    """
    frozen: dict[int, tuple[int, dict[str, str]]] = {}

    def all_frozen() -> bool:
        for seed, pid in trainings(project).items():
            if seed not in frozen and "on cpu" in training_log(project, seed):
                # a signal before the first batch would end it as any other process
                time.sleep(2)
                os.kill(pid, signal.SIGSTOP)
                words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
                environ = dict(word.split("=", 1) for word in words if word)
                job = environ["SLURM_JOB_ID"]
                if "SLURM_ARRAY_JOB_ID" in environ:
                    # one task of an array has the id of the whole
                    job = f"{environ['SLURM_ARRAY_JOB_ID']}_{environ['SLURM_ARRAY_TASK_ID']}"
                frozen[seed] = pid, {"job": job, "node": environ["SLURMD_NODENAME"]}
        return sorted(frozen) == sorted(seeds)

    cluster.wait(all_frozen, f"trainings of the seeds {seeds}", 200)
    return frozen


def test_too_little_memory_cancelled_and_no_controller(cluster, submit, undisturbed, untrained):
    # none can even start in the memory of a first attempt
    memory = "train_model:mem_mb=100 if attempt == 1 else 3000"
    run = submit(
        untrained.folder, "--set-resources", memory, "--", *(MODEL.format(seed) for seed in (1, 2))
    )
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
    assert "going on" in training_log(untrained, 1)


def test_preempted_and_out_of_time(cluster, submit, undisturbed, untrained, tmp_path):
    timed = untrained.copy(tmp_path / "timed")
    signals = "train_model:slurm_extra='--signal=USR1@60'"
    preempted_run = submit(
        untrained.folder, "--set-resources", "train_model:slurm_partition=low", signals, "--",
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
        assert "going on" in training_log(project, seed)
        assert same_models(undisturbed, project, [seed])


def test_a_gpu_job_goes_where_gpus_are(cluster, submit, untrained):
    untrained.write_config(untrained.read_config() | {"device": "cuda"})
    partitions = untrained.folder / "partitions.yaml"
    partitions.write_text("partitions:\n  main: {max_threads: 2}\n  gpu: {max_gpu: 1}\n")
    before = {job["job"] for job in cluster.jobs()}
    run = submit(
        untrained.folder, "--slurm-partition-config", partitions, "--retries", 0, MODEL.format(1)
    )
    code = run.finish()
    (job,) = [job for job in cluster.jobs() if job["job"] not in before]
    assert job["partition"] == "gpu"
    assert re.search(r"TresPer\w+=\S*gpu:1", cluster.run("scontrol", "show", "job", job["job"]))
    # the pretended GPU is none, and the user is told what the job was told
    assert code != 0
    assert "device cuda: PyTorch finds no CUDA device" in run.text, run.text


def test_two_nodes_train_one_network(submit, undisturbed, tmp_path):
    # dropout draws from another stream in every process
    few = LONG | {"epochs": 5, "dropout": 0.0}
    runs = {}
    for nodes in (1, 2):
        project = undisturbed.copy(tmp_path / str(nodes))
        project.write_config(project.read_config() | {"nodes": nodes, "models": {"gru": few}})
        runs[nodes] = (project, submit(project.folder, MODEL.format(1)))
    curves = []
    for nodes, (project, run) in runs.items():
        assert run.finish() == 0, run.text
        history = (project.folder / MODEL.format(1)).with_name("history.tsv")
        curves.append(pd.read_table(history)[["train_loss", "validation_loss"]].to_numpy())
        assert ("MEMBER: 2/2" in training_log(project, 1)) == (nodes == 2)
    assert curves[0] == pytest.approx(curves[1], abs=1e-5)
