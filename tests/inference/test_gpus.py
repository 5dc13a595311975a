"""Which GPU a process takes: the locks are real, the list of GPUs is what the driver would say."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CLAIM = """
import os, sys
from pathlib import Path
from bioseqrnn.inference.gpus import claim_gpus
claim_gpus(int(sys.argv[1]), Path(sys.argv[2]))
print(os.environ.get("CUDA_VISIBLE_DEVICES", "all"), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def claim(tmp_path, pretend_gpus):
    """Start a process that claims GPUs of a machine with three; what it took, and the process."""
    pretend_gpus("GPU-a", "GPU-b", "GPU-c")
    started = []

    def start(count=1):
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(count), str(tmp_path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process.stdout.readline().strip(), process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_each_process_takes_its_own_and_gives_it_back(claim):
    (first, holder), (second, _) = claim(), claim()
    assert (first, second) == ("GPU-a", "GPU-b")
    holder.kill()
    holder.wait()
    assert claim()[0] == "GPU-a"


def test_several_at_once_and_more_than_there_are(claim):
    assert claim(2)[0] == "GPU-a,GPU-b"
    # one is left, which is not enough: the next begins to share
    assert claim(2)[0] == "GPU-a,GPU-b"
    assert [claim()[0] for _ in range(3)] == ["GPU-c", "GPU-c", "GPU-a"]


def test_what_a_batch_system_gave_is_left_alone(claim, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert claim()[0] == "1"
    assert claim()[0] == "1"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert claim()[0] == ""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0,-1,1")
    assert claim()[0] == "2"
    assert claim()[0] == "0"


def test_a_gpu_by_its_number_is_the_one_by_its_name(claim, monkeypatch):
    assert claim()[0] == "GPU-a"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,2")
    assert claim()[0] == "2"


def test_other_users_can_lock_too(claim, tmp_path):
    before = os.umask(0o077)
    try:
        claim()
    finally:
        os.umask(before)
    assert (tmp_path / "bioseqrnn-GPU-a.0.lock").stat().st_mode & 0o777 == 0o644


def test_a_driver_without_gpus(claim, tmp_path):
    (tmp_path / "bin" / "nvidia-smi").write_text("#!/bin/sh\necho No devices were found\n")
    assert claim()[0] == "all"


def test_a_machine_without_a_driver(claim, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert claim()[0] == "all"


def test_what_is_no_plain_file_is_left_alone(claim, tmp_path):
    """The folder is everybody's: somebody may have put a link or a pipe where a lock is to be."""
    precious = tmp_path / "precious"
    precious.touch(mode=0o600)
    (tmp_path / "bioseqrnn-GPU-a.0.lock").symlink_to(precious)
    (tmp_path / "bioseqrnn-GPU-b.0.lock").symlink_to(tmp_path / "made")
    os.mkfifo(tmp_path / "bioseqrnn-GPU-c.0.lock")
    # none of the first locks can be had; the second ones can
    assert [claim()[0] for _ in range(2)] == ["GPU-a", "GPU-b"]
    assert precious.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "made").exists()


def test_a_name_is_no_path(claim, tmp_path, monkeypatch):
    (tmp_path / "bioseqrnn-..").mkdir()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "../../out,b")
    assert claim()[0] == "../../out"
    assert (tmp_path / "bioseqrnn-.._.._out.0.lock").is_file()
