"""What is asked of batch systems that are not at hand, and how their answers are read."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bioseqrnn.support.batch import DIALECTS, FOLDER, main

JOB = {
    "rule": "train_model",
    "threads": 2,
    "resources": {
        "mem_mb": 4000, "runtime": 90, "gpu": 1, "batch_queue": "short", "batch_gpu_queue": "gpu",
        "batch_account": "lab",
    },
}  # fmt: skip


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Put programs of these names and texts on the path, in a folder of a run."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.chdir(tmp_path)

    def write(**scripts):
        for name, text in scripts.items():
            path = tmp_path / "bin" / name
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)

    return write


def batch(*words):
    return subprocess.run(
        [sys.executable, "-m", "bioseqrnn.support.batch", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def submit(commands, tmp_path, dialect, job=JOB):
    """Submit a job; the words that qsub got, and the script that would run."""
    script = tmp_path / "snakejob.sh"
    script.write_text(f"#!/bin/sh\n# properties = {json.dumps(job)}\nexit 3\n")
    commands(qsub='printf "%s\\n" "$@" > words; echo 17.server')
    done = batch("submit", dialect, str(script))
    assert done.stdout == "17.server\n", done.stderr
    words = (tmp_path / "words").read_text().split()
    return words[:-1], words[-1]


@pytest.mark.parametrize(
    ("dialect", "limits"),
    [
        ("pbs", ["select=1:ncpus=2:mem=4000mb:ngpus=1", "walltime=5400"]),
        ("torque", ["nodes=1:ppn=2:gpus=1,mem=4000mb,walltime=5400"]),
        ("sge", ["h_rt=5400,s_rt=5340,mem_free=4000M,gpu=1"]),
    ],
)
def test_what_a_job_asks_for(commands, tmp_path, dialect, limits):
    words, _ = submit(commands, tmp_path, dialect)
    assert [words[i + 1] for i, word in enumerate(words) if word == "-l"] == limits
    assert words[words.index("-q") + 1] == "gpu"
    assert words[words.index("-A") + 1] == "lab"
    assert len(words[words.index("-N") + 1]) <= 15
    if dialect == "sge":
        assert words[words.index("-pe") :][:3] == ["-pe", "smp", "2"]
        # else qsub prints a sentence, not an id
        assert "-terse" in words


@pytest.mark.parametrize("dialect", DIALECTS)
def test_without_names_and_gpu_the_defaults_of_the_site_hold(commands, tmp_path, dialect):
    job = {"rule": "encode_sequences", "threads": 1, "resources": {"mem_mb": 10, "runtime": 5}}
    words, _ = submit(commands, tmp_path, dialect, job)
    assert not {"-q", "-A", "-pe"} & set(words)
    assert not any("gpu" in word for word in words if "=" in word)


def test_the_exit_status_of_a_job_is_what_counts(commands, tmp_path):
    _, script = submit(commands, tmp_path, "pbs")
    commands(qstat="echo 'qstat: Unknown Job Id 17.server' >&2; exit 153")
    assert subprocess.run(["sh", script], check=False).returncode == 3
    # even while the batch system still lists it
    commands(qstat='printf "Job Id: 17.server\\n    job_state = R\\n"')
    assert batch("status", "pbs", "17.server").stdout == "failed\n"
    next(FOLDER.glob("*.exit")).write_text("0\n")
    assert batch("status", "pbs", "17.server").stdout == "success\n"
    assert list(FOLDER.iterdir()) == []


@pytest.mark.parametrize(
    ("dialect", "answer", "status"),
    [
        ("pbs", 'printf "Job Id: 17.server\\n    job_state = Q\\n"', "running"),
        # the server is being restarted
        ("pbs", "echo 'Connection refused' >&2; exit 111", "running"),
        ("pbs", "echo 'qstat: 17.server Job has finished' >&2; exit 35", "failed"),
        ("torque", 'printf "Job Id: 17.server\\n    job_state = C\\n"', "failed"),
        ("sge", "printf 'job-ID prior name\\n-----\\n 17.server 0.5 b me qw now\\n'", "running"),
        ("sge", "printf ' 17.server 0.5 b me Eqw now\\n'", "failed"),
        ("sge", "printf ' 18 0.5 b me r now\\n'", "failed"),
        ("sge", "echo 'cannot reach qmaster' >&2; exit 1", "running"),
    ],
)
def test_a_job_that_left_no_exit_status(
    commands, tmp_path, monkeypatch, capsys, dialect, answer, status
):
    submit(commands, tmp_path, dialect)
    commands(qstat=answer, qdel="exit 0")
    # no file is on its way here
    monkeypatch.setattr("bioseqrnn.support.batch.LATENCY", (0, 0.1))
    monkeypatch.setattr(sys, "argv", ["batch", "status", dialect, "17.server"])
    main()
    told = capsys.readouterr()
    assert told.out == f"{status}\n"
    assert ("it was killed" in told.err) == (status == "failed")


def test_what_qsub_says_is_passed_on(commands, tmp_path):
    script = tmp_path / "snakejob.sh"
    script.write_text(f"# properties = {json.dumps(JOB)}\n")
    commands(qsub="echo 'qsub: Unknown queue' >&2; exit 170")
    done = batch("submit", "pbs", str(script))
    assert done.returncode
    assert done.stderr == "qsub: Unknown queue\n"
