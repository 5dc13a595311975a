"""Commands in processes that have their imports behind them.

To import Snakemake takes longer than to plan a run, and to import PyTorch longer than most of our
commands take. A server imports once and forks a process for each call, which runs the ``main`` of
the command with words, folder, environment and streams of its own. Where the environment of a call
is not that of the imports, the command is started as any other. All processes of the tests share
the servers.

``python warm_server.py SOCKET COMMAND`` is the server, ``python warm.py SOCKET COMMAND WORDS…`` a
call from a shell. What is called may also be a script, which then runs with the imports of the
server. With ``BIOSEQRNN_COLD_TESTS=1`` all commands are started as users start them.

Signals reach a command as they reach one that was started cold, though it is no child of its
caller: the forked process leads a process group, to which the caller forwards the signals it gets.
A caller that is killed takes this group along, and one whose command is killed dies of the same
signal. Only SIGSTOP cannot be forwarded: ``process_of`` finds the process to send it to.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

COMMANDS = ("snakemake", "bioseqrnn")
# of the environment, what no import reads, or for speed only
FREE = {
    "BIOSEQRNN_CHECKPOINT_SECONDS", "COLUMNS", "ENVIRONMENT", "GLOO_SOCKET_IFNAME",
    "GOMP_SPINCOUNT", "HOSTNAME", "LINES", "MASTER_ADDR", "OLDPWD", "PATH", "PWD", "PYTHONSAFEPATH",
    "SHLVL", "SRUN_DEBUG", "TEMP", "TEMPDIR", "TMP", "TMPDIR", "_",
}  # fmt: skip
# the same of a job on a cluster, and what Snakemake reads when it is called
FREE_PREFIXES = ("AWS_", "PBS_", "PYTEST", "SLURM", "SNAKEMAKE_")
# SLURM sets these for a job with a GPU; PyTorch reads them when a GPU is first used
FREE |= {
    "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK",
}  # fmt: skip
# Snakemake sets these for a job of one thread; without them, our commands have one thread too
ONE_THREAD = {
    f"{library}_THREADS": "1"
    for library in (
        "GOTO_NUM", "MKL_NUM", "NUMEXPR_NUM", "OMP_NUM", "OPENBLAS_NUM", "VECLIB_MAXIMUM"
    )
}  # fmt: skip
# elsewhere a fork of a process with threads is not safe
SERVED = sys.platform == "linux" and os.environ.get("BIOSEQRNN_COLD_TESTS") != "1"
SERVER = Path(__file__).with_name("warm_server.py")
# variable that names the interpreter which jobs on a cluster are started with
PYTHON = "SNAKEMAKE_WARM_PYTHON"
# variable that names the folder of the servers
FOLDER = "PYTEST_WARM"
# answer to a call in place of a process
COLD = 0
FORWARDED = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2,
    signal.SIGCONT, signal.SIGTSTP,
)  # fmt: skip


def fixed(environment: dict[str, str], command: str) -> dict[str, str]:
    """Variables that must be those of the imports."""
    # Snakemake and MultiQC compute nothing that threads would, and draw nothing with Matplotlib
    free = FREE | ({*ONE_THREAD, "MPLCONFIGDIR"} if command != "bioseqrnn" else set())
    return {
        name: value
        for name, value in environment.items()
        if name not in free and not name.startswith(FREE_PREFIXES)
        and ONE_THREAD.get(name) != value
    }  # fmt: skip


AT_START = dict(os.environ)


def run(
    words: list[str], folder: Path | None = None, environment: dict[str, str] | None = None
) -> tuple[int, str, str] | None:
    """Exit status and output; None where the command has to be started as any other.

    The status of a command that a signal has ended is its number, negative as in ``subprocess``.
    """
    command = Path(words[0])
    ours = command.name in COMMANDS and command.parent == Path(sys.executable).parent
    if not (SERVED and ours):
        return None
    import tempfile

    with (
        Path(os.devnull).open("rb") as nothing,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        code = _call(
            _server(command.name), words, folder or Path.cwd(),
            dict(os.environ) if environment is None else environment,
            (nothing.fileno(), out.fileno(), err.fileno()),
        )  # fmt: skip
        if code is None:
            return None
        for stream in (out, err):
            stream.seek(0)
        return code, out.read().decode(), err.read().decode()


@cache
def shell_commands() -> Path | None:
    """Folder with a ``bioseqrnn`` for jobs of Snakemake; None where it is the installed one."""
    if not SERVED:
        return None
    address = _server("bioseqrnn")
    call = f'{PYTHON}={python_for_reports()} exec {_caller(address, "bioseqrnn")} "$@"'
    return _script(address, "bioseqrnn", call).parent


@cache
def python_for_jobs() -> Path | None:
    """A ``python`` that knows Snakemake, for jobs on a cluster; None where it is the usual one."""
    if not SERVED:
        return None
    address = _server("snakemake")
    call = f'shift 2; exec {_caller(address, "snakemake")} "$@"'
    test = f'if [ "$1 $2" = "-m snakemake" ]; then {call}; fi'
    return _script(address, "python", f'{test}\nexec {sys.executable} "$@"')


@cache
def python_for_reports() -> Path | None:
    """A ``python`` that knows MultiQC, for reports; None where it is the usual one."""
    if not SERVED:
        return None
    address = _server("multiqc")
    call = f'shift 3; exec {_caller(address, "multiqc")} "$@"'
    test = f'if [ "$1 $2 $3" = "-P -m multiqc" ]; then {call}; fi'
    return _script(address, "python", f'{test}\nexec {sys.executable} "$@"')


def call_of(command: str, called: Path) -> list[str]:
    """Words for ``Popen``: start a script, or a command, with the imports of a command done.

    Use it for what signals are sent to, as ``call_of("bioseqrnn", BIN / "bioseqrnn")``.
    """
    if not SERVED:
        return [sys.executable, str(called)]
    return [*_words(_server(command)), str(called)]


def process_of(caller: int) -> int | None:
    """Process in which the command of a call runs; None before it begins and after it ends."""
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if path.read_text() == f"for {caller}\n":
                return int(path.parent.name)
    return None


def _words(address: str) -> list[str]:
    return [sys.executable, "-E", "-S", __file__, address]


def _caller(address: str, command: str) -> str:
    """Words of a shell that call a server."""
    import shlex

    return shlex.join([*_words(address), str(Path(sys.executable).with_name(command))])


def _script(address: str, name: str, text: str) -> Path:
    # goes with the server's folder
    script = Path(address).with_name(name)
    # another process of the tests may just run it
    new = script.with_name(f"{name}.{os.getpid()}")
    new.write_text(f"#!/bin/sh\n{text}\n")
    new.chmod(0o755)
    new.replace(script)
    return script


def share() -> None:
    """Let this process and those that it starts use the same servers, which end with this one."""
    import atexit
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="warm")
    atexit.register(shutil.rmtree, folder)
    os.environ[FOLDER] = folder
    os.mkfifo(f"{folder}/end")
    # never closed: what servers read there ends with this process
    os.open(f"{folder}/end", os.O_RDWR)


@cache
def _server(command: str) -> str:
    """Address of a server; the first process that needs it starts it."""
    import fcntl
    import subprocess

    folder = Path(os.environ[FOLDER]) / command
    folder.mkdir(exist_ok=True)
    address = str(folder / "socket")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not Path(address).exists():
            with (folder.parent / "end").open("rb") as end:
                server = subprocess.Popen(
                    [sys.executable, str(SERVER), address, command],
                    env=AT_START | ONE_THREAD, stdin=end, stdout=subprocess.PIPE,
                    start_new_session=True,
                )  # fmt: skip
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
    return address


def _call(
    address: str, words: list[str], folder: Path, environment: dict[str, str],
    streams: tuple[int, int, int], ignored: tuple[int, ...] = (),
    begun: Callable[[int], None] | None = None,
) -> int | None:  # fmt: skip
    """Status of a command; ``begun`` is told its process group, ``ignored`` are signals."""
    text = json.dumps([words, str(folder), environment, ignored]).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        socket.send_fds(connection, [struct.pack("<Q", len(text))], streams)
        connection.sendall(text)
        with connection.makefile("rb") as answers:
            (group,) = struct.unpack("<i", answers.read(4))
            if group == COLD:
                return None
            if begun is not None:
                begun(group)
            status: int = struct.unpack("<i", answers.read(4))[0]
    return status


def _start(address: str, called: str, words: list[str]) -> None:
    """Call from a shell: this process ends as the command does, and forwards signals to it."""
    # those that come too early wait
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    ignored = tuple(n for n in FORWARDED if signal.getsignal(n) == signal.SIG_IGN)

    def forward(group: int) -> None:
        def send(number: int, _: object) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, number)

        for number in FORWARDED:
            signal.signal(number, send)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)

    command = [called, *words]
    environment = dict(os.environ)
    code = _call(address, command, Path.cwd(), environment, (0, 1, 2), ignored, forward)
    if code is None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        if called.endswith(".py"):
            os.execv(sys.executable, [sys.executable, *command])
        os.execv(called, command)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    _start(sys.argv[1], sys.argv[2], sys.argv[3:])
