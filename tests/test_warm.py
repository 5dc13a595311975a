"""Commands that have done their imports before get signals as those that users start."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import LIMIT, wait_until
from warm import AT_START, SERVED, call_of, process_of

SCRIPT = """
import signal, subprocess, sys
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(3))
child = subprocess.Popen(["sleep", "1000"])
print(child.pid, signal.getsignal(signal.SIGTERM) == signal.SIG_IGN, flush=True)
child.wait()
"""


def with_usual_signals() -> None:
    """What started the tests may ignore some (as nohup does), which is inherited."""
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture(params=["cold", "warm"])
def start(request, tmp_path):
    """Function that starts the script, behind words of a shell: its process and what it prints."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    words = [sys.executable, str(script)]
    if request.param == "warm":
        words = call_of("bioseqrnn", script)

    def run(before: str = "") -> tuple[subprocess.Popen[str], list[str]]:
        process = subprocess.Popen(
            ["sh", "-c", f"{before} exec {shlex.join(words)}"],
            env=AT_START, stdout=subprocess.PIPE, text=True, start_new_session=True,
            preexec_fn=with_usual_signals,
        )  # fmt: skip
        assert process.stdout is not None
        return process, process.stdout.readline().split()

    return run


def wait_for_end_of(pid: int) -> None:
    wait_until(lambda: ended(pid), f"the end of process {pid}")


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGUSR1, 3), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)],
)
def test_a_signal_to_the_group_of_a_command_reaches_it(start, number, status):
    process, (child, _) = start()
    os.killpg(process.pid, number)
    assert process.wait(LIMIT) == status
    wait_for_end_of(int(child))


def test_what_is_ignored_stays_so(start):
    process, (child, ignored) = start("trap '' TERM;")
    assert ignored == "True"
    os.killpg(process.pid, signal.SIGTERM)
    assert not ended(int(child))
    os.killpg(process.pid, signal.SIGUSR1)
    assert process.wait(LIMIT) == 3
    # the signal has ended the child too
    wait_for_end_of(int(child))


@pytest.mark.skipif(not SERVED, reason="commands are started cold")
@pytest.mark.parametrize("start", ["warm"], indirect=True)
@pytest.mark.parametrize("caller", [True, False])
def test_a_killed_caller_and_a_killed_command_end_together(start, caller):
    process, (child, _) = start()
    command = process_of(process.pid)
    os.kill(process.pid if caller else command, signal.SIGKILL)
    assert process.wait(LIMIT) == -signal.SIGKILL
    wait_for_end_of(command)
    if caller:
        wait_for_end_of(int(child))
    else:
        os.kill(int(child), signal.SIGKILL)
