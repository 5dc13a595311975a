"""The server of ``warm.py``: does the imports of a command, then forks a process for each call."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from warm import COLD, FORWARDED, PYTHON, fixed

# module with the ``main`` of each command, and others that it imports when it runs
MODULES = {
    "snakemake": [
        "snakemake.cli", "snakemake.storage", "snakemake_storage_plugin_s3",
        "graphlib", "jinja2", "jsonschema", "packaging.version", "smart_open",
        "snakemake.benchmark",
    ],
    "bioseqrnn": [
        "bioseqrnn.cli",
        # libraries that a job imports when it comes to them
        "Bio.SeqIO", "isal.igzip_threaded", "matplotlib.backends.backend_svg", "numba",
        "pandas.core.methods.to_dict", "pandas.core.reshape.reshape", "pandas.io.formats.csvs",
        "pyarrow.pandas_compat", "pyarrow.vendored.version", "pycparser.c_parser",
        "pydantic.type_adapter", "torch.profiler._cupti_monitor", "typer._adapters",
        "typer._click.decorators", "xopen", "zlib_ng.gzip_ng_threaded",
    ],
    "multiqc": [
        "multiqc.__main__", "multiqc.core.special_case_modules.custom_content",
        "multiqc.core.special_case_modules.software_versions", "multiqc.templates.default",
        "plotly.graph_objs.layout", "plotly.io", "plotly.validator_cache", "typeguard",
        "asyncio", "rich._emoji_codes", "unittest.mock",
    ],
}  # fmt: skip


def serve(address: str, command: str) -> None:
    """Fork a process for each call, until standard input ends."""
    import gc
    import select
    from importlib import import_module

    # the command itself does not have the folder of this file on its path
    del sys.path[0]
    own = fixed(dict(os.environ), command)
    first, *others = MODULES[command]
    module = import_module(first)
    main = module.run_multiqc if command == "multiqc" else module.main
    if command == "bioseqrnn":
        others += _all_modules()
    for other in others:
        # a library may be wanting, or may have other modules in another version
        with contextlib.suppress(ImportError):
            import_module(other)
    if command == "bioseqrnn":
        _prepare_numba()
    elif command == "snakemake":
        # finds all plugins, once
        module.get_argument_parser()
    # none of this is garbage: no process is to look through it
    gc.collect()
    gc.freeze()
    # nobody waits for the processes that attend to calls
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        os.write(1, b"ready\n")
        while sys.stdin not in (ready := select.select([sys.stdin, listening], [], [])[0]):
            assert ready
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _attend(connection, command, own, main)
            connection.close()


def _all_modules() -> list[str]:
    """Names of the modules of the package, without those that are programs."""
    import pkgutil

    import bioseqrnn

    found = [module.name for module in pkgutil.walk_packages(bioseqrnn.__path__, "bioseqrnn.")]
    return [name for name in found if not name.endswith(".__main__")]


def _prepare_numba() -> None:
    """Load the tables of types and functions that Numba otherwise loads at the first kernel."""
    from numba.core.registry import cpu_target

    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


def _attend(
    connection: socket.socket, command: str, own: dict[str, str], main: Callable[[], object]
) -> NoReturn:
    """Fork the process that runs a call, and kill it when the caller is gone."""
    import select

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(connection, 8, 3)
    with connection.makefile("rb") as stream:
        words, folder, environment, ignored = json.loads(stream.read(struct.unpack("<Q", size)[0]))
    if fixed(environment, command) != own:
        connection.sendall(struct.pack("<i", COLD))
        os._exit(0)
    caller = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if (child := os.fork()) == 0:
        os.setpgid(0, 0)
        connection.close()
        Path("/proc/self/comm").write_text(f"for {caller[0]}")
        for number in FORWARDED:
            signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
        if signal.SIGINT not in ignored:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = words
        _answer(words[0], main)
    # the child may have done so, or may not be so far
    with contextlib.suppress(OSError):
        os.setpgid(child, child)
    for stream in (*streams, 0, 1):
        os.close(stream)
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(connection, 0)
    with contextlib.suppress(OSError):
        connection.sendall(struct.pack("<i", child))
    if ended not in dict(poll.poll()):
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        connection.sendall(struct.pack("<i", os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _answer(called: str, main: Callable[[], object]) -> NoReturn:
    """Run a command, or a script, in this process and end it."""
    import atexit
    import runpy
    import tempfile
    import threading

    tempfile.tempdir = None
    # what Snakemake starts itself again with
    sys.executable = os.environ.get(PYTHON, sys.executable)
    script = called.endswith(".py")
    code = _status((lambda: runpy.run_path(called, run_name="__main__")) if script else main)
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
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


if __name__ == "__main__":
    serve(*sys.argv[1:3])
