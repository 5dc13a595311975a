"""Commands in processes that have their imports behind them.

To import Snakemake takes longer than to plan a run, and to import PyTorch longer than most of our
commands take. A server imports once and forks a process for each call, which runs the ``main`` of
the command with words, folder, environment and streams of its own. Where the environment of a call
is not that of the imports, the command is started as any other.

``python warm.py serve SOCKET COMMAND`` is the server, ``python warm.py call SOCKET COMMAND WORDS…``
a call from a shell. With ``BIOSEQRNN_COLD_TESTS=1`` all commands are started as users start them.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

# module with the ``main`` of each command, and others that it imports when it runs
MODULES = {
    "snakemake": ["snakemake.cli", "jsonschema", "jinja2", "snakemake_storage_plugin_s3"],
    "bioseqrnn": [
        "bioseqrnn.cli",
        *(
            f"bioseqrnn.stages.{stage}.run"
            for stage in (
                "sequences", "audit", "folds", "search", "training", "baselines", "evaluation",
                "diagnosis", "transfer", "final", "prediction", "report",
            )
        ),
        "bioseqrnn.stages.explanation.attribute",
        "bioseqrnn.stages.explanation.motifs",
        "bioseqrnn.stages.explanation.check",
        "bioseqrnn.stages.explanation.modisco",
        "bioseqrnn.stages.inspection.memory",
        "bioseqrnn.stages.inspection.mutate",
        # libraries that a job imports when it comes to them
        "Bio.SeqIO", "isal.igzip_threaded", "matplotlib.backends.backend_svg", "numba",
        "pandas.io.formats.csvs", "pyarrow.pandas_compat", "pycparser.c_parser", "xopen",
        "zlib_ng.gzip_ng_threaded",
    ],
}  # fmt: skip
# of the environment, what no import reads, or for speed only
FREE = {
    "COLUMNS", "ENVIRONMENT", "GLOO_SOCKET_IFNAME", "GOMP_SPINCOUNT", "HOSTNAME", "MASTER_ADDR",
    "OLDPWD", "PATH", "PWD", "PYTHONSAFEPATH", "SHLVL",
    "SRUN_DEBUG", "TEMP", "TEMPDIR", "TMP", "TMPDIR", "_",
}  # fmt: skip
# the same of a job on a cluster, and what Snakemake reads when it is called
FREE_PREFIXES = ("AWS_", "PBS_", "PYTEST", "SLURM", "SNAKEMAKE_")
# Snakemake sets these for a job of one thread
ONE_THREAD = {
    f"{library}_THREADS": "1"
    for library in (
        "GOTO_NUM", "MKL_NUM", "NUMEXPR_NUM", "OMP_NUM", "OPENBLAS_NUM", "VECLIB_MAXIMUM"
    )
}  # fmt: skip
# elsewhere a fork of a process with threads is not safe
SERVED = sys.platform == "linux" and os.environ.get("BIOSEQRNN_COLD_TESTS") != "1"
# variable that names the interpreter which jobs on a cluster are started with
PYTHON = "SNAKEMAKE_WARM_PYTHON"
COLD = 255
KILLED = 137


def _fixed(environment: dict[str, str], command: str) -> dict[str, str]:
    # Snakemake computes nothing that threads would
    free = FREE | (ONE_THREAD.keys() if command == "snakemake" else set())
    return {
        name: value
        for name, value in environment.items()
        if name not in free and not name.startswith(FREE_PREFIXES)
    }


AT_START = dict(os.environ)


def run(
    words: list[str], folder: Path | None = None, environment: dict[str, str] | None = None
) -> tuple[int, str, str] | None:
    """Exit status and output; None where the command has to be started as any other."""
    command = Path(words[0])
    ours = command.name in MODULES and command.parent == Path(sys.executable).parent
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
    address = _server("bioseqrnn", one_thread=True)
    return _script(address, "bioseqrnn", f'exec {_caller(address, "bioseqrnn")} "$@"').parent


@cache
def python_for_jobs() -> Path | None:
    """A ``python`` that knows Snakemake, for jobs on a cluster; None where it is the usual one."""
    if not SERVED:
        return None
    address = _server("snakemake")
    call = f'shift 2; exec {_caller(address, "snakemake")} "$@"'
    test = f'if [ "$1 $2" = "-m snakemake" ]; then {call}; fi'
    return _script(address, "python", f'{test}\nexec {sys.executable} "$@"')


def _caller(address: str, command: str) -> str:
    """Words of a shell that call a server."""
    import shlex

    installed = Path(sys.executable).with_name(command)
    return shlex.join([sys.executable, "-E", "-S", __file__, "call", address, str(installed)])


def _script(address: str, name: str, text: str) -> Path:
    # goes with the server's folder
    script = Path(address).with_name(name)
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    return script


@cache
def _server(command: str, *, one_thread: bool = False) -> str:
    """Address of a server, which ends with this process."""
    import atexit
    import shutil
    import subprocess
    import tempfile

    folder = tempfile.mkdtemp(prefix="warm")
    address = f"{folder}/socket"
    server = subprocess.Popen(
        [sys.executable, __file__, "serve", address, command],
        env=AT_START | (ONE_THREAD if one_thread else {}),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"

    def end() -> None:
        server.communicate()
        shutil.rmtree(folder)

    atexit.register(end)
    return address


def _call(
    address: str, words: list[str], folder: Path, environment: dict[str, str],
    streams: tuple[int, int, int],
) -> int | None:  # fmt: skip
    text = json.dumps([words, str(folder), environment]).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        socket.send_fds(connection, [struct.pack("<Q", len(text))], streams)
        connection.sendall(text)
        answer = connection.recv(1)
    code = answer[0] if answer else KILLED
    return None if code == COLD else code


def _serve(address: str, command: str) -> None:
    """Fork a process for each call, until standard input ends."""
    import gc
    import select
    from importlib import import_module

    # the command itself does not have the folder of this file on its path
    del sys.path[0]
    own = _fixed(dict(os.environ), command)
    modules = [import_module(module) for module in MODULES[command]]
    main = modules[0].main
    if command == "bioseqrnn":
        _prepare_numba()
    else:
        # finds all plugins, once
        modules[0].get_argument_parser()
    # none of this is garbage: no process is to look through it
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        os.write(1, b"ready\n")
        while sys.stdin not in (ready := select.select([sys.stdin, listening], [], [])[0]):
            assert ready
            connection, _ = listening.accept()
            # the process between ends at once, and so nobody has to wait for the one that runs
            if (child := os.fork()) == 0:
                if os.fork() == 0:
                    listening.close()
                    _answer(connection, command, own, main)
                os._exit(0)
            os.waitpid(child, 0)
            connection.close()


def _prepare_numba() -> None:
    """Load the tables of types and functions that Numba otherwise loads at the first kernel."""
    from numba.core.registry import cpu_target

    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


def _answer(
    connection: socket.socket, command: str, own: dict[str, str], main: Callable[[], object]
) -> None:
    """Run a call in this process and end it."""
    import atexit
    import tempfile
    import threading

    size, streams, _, _ = socket.recv_fds(connection, 8, 3)
    with connection.makefile("rb") as stream:
        words, folder, environment = json.loads(stream.read(struct.unpack("<Q", size)[0]))
    code = COLD
    if _fixed(environment, command) == own:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = None
        sys.argv = words
        # what Snakemake starts itself again with
        sys.executable = environment.get(PYTHON, sys.executable)
        code = _status(main)
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    connection.sendall(bytes([code]))
    # an end of the interpreter takes longer than many calls
    os._exit(code)


def _status(main: Callable[[], object]) -> int:
    try:
        code = main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    if code is None or isinstance(code, int):
        return code or 0
    sys.stderr.write(f"{code}\n")
    return 1


def _start(address: str, installed: str, words: list[str]) -> None:
    """Call from a shell: the exit status of this process is that of the command."""
    command = [installed, *words]
    code = _call(address, command, Path.cwd(), dict(os.environ), (0, 1, 2))
    if code is None:
        os.execv(installed, command)
    sys.exit(code)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        _serve(*sys.argv[2:4])
    else:
        _start(sys.argv[2], sys.argv[3], sys.argv[4:])
