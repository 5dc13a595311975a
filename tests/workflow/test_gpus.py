"""Jobs on a workstation share out its GPUs; the driver's list is all of them that is needed."""

from __future__ import annotations

import re

import pytest

from .test_several_devices import planned_command

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("gpus")]
TRAININGS = [f"results/pep/models/{name}/fold-0/seed-1/history.tsv" for name in ("rnn", "gru")]


@pytest.fixture
def one_gpu(pretend_gpus):
    pretend_gpus("GPU-a")


@pytest.fixture(scope="module")
def dealt(new_project, tmp_path_factory):
    """Peptides up to the folds."""
    project = new_project(tmp_path_factory.mktemp("dealt") / "project")
    assert project.snakemake("results/pep/folds.parquet").code == 0
    return project


def test_auto_asks_for_the_gpu_that_is_there(project, one_gpu):
    _, resources, _ = planned_command(project, device="auto")
    assert "gpu=1" in resources
    _, resources, _ = planned_command(project, device="cpu")
    assert not any(name.startswith("gpu") for name in resources)


def test_auto_asks_for_none_where_none_is_or_all_are_hidden(project, one_gpu, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    _, resources, _ = planned_command(project, device="auto")
    assert not any(name.startswith("gpu") for name in resources)


def test_trainings_take_turns_on_one_gpu(dealt, one_gpu, tmp_path):
    done = dealt.copy(tmp_path / "project").snakemake("--", *TRAININGS, cores=4)
    text = done.out + done.err
    assert done.code == 0, text
    assert "gpu=1" in text
    running = most = 0
    for line in text.splitlines():
        running += line.endswith("rule train_model:")
        most = max(most, running)
        running -= bool(re.match(r"Finished jobid: \d+ \(Rule: train_model\)", line))
    assert (running, most) == (0, 1)


def test_the_user_may_say_otherwise(dealt, one_gpu, tmp_path):
    project = dealt.copy(tmp_path / "project")
    done = project.snakemake("--resources", "gpu=2", "--", *TRAININGS, cores=4)
    text = done.out + done.err
    assert done.code == 0, text
    starts = [place.start() for place in re.finditer("rule train_model:", text)]
    assert len(starts) == 2
    assert "Finished jobid" not in text[starts[0] : starts[1]]
