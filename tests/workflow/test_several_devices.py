from __future__ import annotations

import pytest

pytestmark = pytest.mark.workflow
MODEL = "results/pep/models/gru/fold-0/seed-1/model.safetensors"


def planned_command(project, **settings):
    """What a training job would run, and the resources that it would ask for."""
    project.write_config(project.read_config() | settings)
    done = project.snakemake("--dry-run", "--printshellcmds", MODEL, cores=8)
    assert done.code == 0, done.err + done.out
    lines = (done.out + done.err).splitlines()
    (command,) = [line.split("command: ")[1] for line in lines if "bioseqrnn train" in line]
    job = lines[lines.index(next(line for line in lines if "rule train_model:" in line)) :]
    resources = next(line for line in job if "resources:" in line)
    threads = [line.strip() for line in job[:12] if "threads:" in line]
    return command, resources.split("resources: ")[1].split(", "), threads


def test_one_device_unless_told(project):
    command, resources, threads = planned_command(project)
    assert command.split()[:3] == ["exec", "bioseqrnn", "train"]
    assert " --devices 1 --nodes 1 " in command
    assert not {name for name in resources if name.startswith(("nodes", "tasks", "mpi"))}
    assert threads == []


def test_devices_of_one_node(project):
    command, resources, threads = planned_command(project, device="cuda", devices=4, threads=2)
    assert command.split()[:3] == ["exec", "bioseqrnn", "train"]
    assert " --devices 4 --nodes 1 --threads 2 " in command
    assert "gpu=4" in resources
    assert threads == ["threads: 8"]


def test_several_nodes_are_started_by_srun(project):
    command, resources, threads = planned_command(
        project, device="cuda", devices=4, nodes=2, threads=2
    )
    assert command.startswith("exec srun --nodes=2 --ntasks-per-node=4 bioseqrnn train")
    assert {"gpu=8", "nodes=2", "tasks=8", "mpi=srun"} <= set(resources)
    assert threads == ["threads: 2"]
