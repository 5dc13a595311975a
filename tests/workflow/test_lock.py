"""One run at a time writes a folder of results, whatever folders the runs are in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from conftest import BIN, ROOT
from waiting import LIMIT, wait_until

from bioseqrnn.config.checks.text import stop

from .conftest import make_project
from .rule_functions import functions_of

pytestmark = pytest.mark.workflow


@pytest.fixture
def two(tmp_path):
    """Two users' folders whose results are one."""
    shared = tmp_path / "shared"
    projects = [make_project(tmp_path / name) for name in ("one", "two")]
    for project in projects:
        project.write_config(project.read_config() | {"results": str(shared)})
    return *projects, shared


@pytest.fixture
def start():
    """Start a run; it is killed with the test."""
    started = []

    def run(project, target):
        snakefile = ROOT / "workflow" / "Snakefile"
        process = subprocess.Popen(
            [BIN / "snakemake", "--snakefile", snakefile, "--cores", "1", target],
            cwd=project.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
            # what started the tests may have it ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
        process.wait()


def encoding(run):
    """The process of a run that encodes sequences; None if there is none yet."""
    for process in psutil.Process(run.pid).children(recursive=True):
        # one may end, or become another program, meanwhile
        with suppress(psutil.NoSuchProcess):
            if "encode" in process.cmdline():
                return process
    return None


def test_a_second_run_is_refused_until_the_first_has_ended(two, start):
    one, other, shared = two
    target = f"{shared}/pep/sequences.parquet"
    first = start(one, target)
    job = wait_until(lambda: encoding(first), "the job that encodes", first)
    # the run goes on until this job does
    job.suspend()
    refused = other.snakemake(target)
    assert refused.code != 0
    (line,) = [line for line in refused.err.splitlines() if "error:" in line]
    assert f"the run in {one.folder} (by" in line
    assert f"process {first.pid}) writes there; wait for it" in line
    # it has touched nothing, and a dry run is welcome
    assert other.snakemake("--dry-run", target).code == 0

    # Ctrl-C: jobs end, and the folder is given back
    os.killpg(first.pid, signal.SIGINT)
    job.resume()
    assert first.wait(LIMIT) != 0
    assert not (shared / ".lock").exists()
    assert other.snakemake(f"{shared}/dna/sequences.parquet").code == 0
    assert not (shared / ".lock").exists()


@pytest.fixture
def lock(tmp_path, monkeypatch, capsys):
    """Function that claims a folder of results; what is said where that fails."""
    results = tmp_path / "results"

    def claim(folder="work", **about):
        """``about``: in what the lock that is there differs from that of this run."""
        (tmp_path / folder).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / folder)
        rules = functions_of(
            "lock", RESULTS=str(results), os=os, Path=Path, stop=stop, elsewhere=lambda _: False,
            workflow=SimpleNamespace(is_main_process=True),
        )  # fmt: skip
        if about:
            results.mkdir(exist_ok=True)
            (results / ".lock").write_text(json.dumps(rules.describe_run() | about))
        try:
            rules.lock_results()
        except SystemExit:
            (line,) = capsys.readouterr().err.splitlines()
            return line.removeprefix("bioseqrnn: error: ")
        assert json.loads((results / ".lock").read_text()) == rules.this_run
        rules.unlock_results()
        assert list(results.iterdir()) == []
        return None

    claim.file = results / ".lock"
    return claim


ELSEWHERE = {"machine": "another kernel", "host": "node2", "process": 7}


def test_a_path_alone_does_not_make_a_folder_the_same(lock):
    """Two containers with the same path on shared storage."""
    assert lock() is None
    said = lock(**ELSEWHERE, word="0123 45")
    assert "(by" in said
    assert "on node2, process 7) writes there; wait for it" in said
    assert said.endswith(f"remove {lock.file} if that run was killed")
    # killed on another login node: Snakemake's own lock guards the one working folder
    assert lock(**ELSEWHERE) is None


def test_a_process_of_this_machine_is_looked_for(lock):
    ended = subprocess.Popen(["true"])
    ended.wait()
    dead = {"process": ended.pid, "started": "1"}
    assert lock(folder="other", word="0123 45", **dead) is None
    # a number that was given again is another process
    assert lock(folder="other", word="0123 45", process=os.getpid(), started="1") is None
    # it runs, even if it is of the same folder (--nolock)
    assert "writes there" in lock(user="somebody")


def test_a_copied_folder_is_another_one(lock, tmp_path):
    assert lock() is None
    word = (tmp_path / "work/.snakemake/bioseqrnn-folder").read_text()
    assert "writes there" in lock(**ELSEWHERE, word=f"{word} 1")


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 90_000, "\0"])
def test_what_a_full_disk_left_is_no_lock(lock, text):
    lock.file.parent.mkdir()
    lock.file.write_text(text)
    assert lock() is None


def test_no_link_or_pipe_is_followed(lock, tmp_path):
    lock.file.parent.mkdir()
    precious = tmp_path / "precious"
    precious.write_text("")
    lock.file.symlink_to(precious)
    assert lock() == f"{lock.file}: was not written by a run; remove it"
    assert precious.read_text() == ""
    lock.file.unlink()
    os.mkfifo(lock.file)
    assert "was not written by a run" in lock()


def test_results_that_cannot_be_written_are_one_line(lock, tmp_path):
    lock.file.parent.symlink_to(tmp_path / "nowhere")
    assert lock().startswith(f"{lock.file.parent}: results cannot be written there (File exists")


def test_a_lock_controls_no_terminal(lock):
    said = lock(**ELSEWHERE, word="0123 45", user="me\x1b[2J\n")
    assert "(by me\\x1b[2J\\n on node2" in said


def test_a_killed_run_takes_its_folder_again(two, start):
    one, other, shared = two
    target = f"{shared}/dna/sequences.parquet"
    shared.mkdir()
    dead = {"folder": str(one.folder), "host": "node", "process": 1, "user": "me"}
    (shared / ".lock").write_text(json.dumps(dead))
    refused = other.snakemake(target)
    assert refused.code != 0
    assert f"remove {shared}/.lock" in refused.err
    assert one.snakemake(target).code == 0
    assert other.snakemake(target).code == 0
