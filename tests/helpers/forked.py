"""Commands in a fork of this process, which has its imports behind it: to be stopped or killed.

A command that is started as users start it spends seconds on its imports. Where a test kills it
again and again, nearly all of the time goes there, and most kills too.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


class Forked:
    """A ``bioseqrnn`` command that runs; with the methods of ``subprocess.Popen`` for text.

    Parameters
    ----------
    words : list
        The words of the command, the program first.
    cwd : Path, optional
        Working folder.
    environment : dict of str, optional
        Variables to set.
    before : function, optional
        Called in the new process, before the command.
    """

    def __init__(
        self,
        words: list[object],
        cwd: Path | None = None,
        environment: dict[str, str] | None = None,
        before: Callable[[], object] | None = None,
    ) -> None:
        self.returncode: int | None = None
        reading, writing = os.pipe()
        # what there is stays: the new process is not to copy it to look for garbage in it
        gc.freeze()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            _command([str(word) for word in words], cwd, environment or {}, writing, before)
        gc.unfreeze()
        os.close(writing)
        self.stderr = os.fdopen(reading)

    def poll(self) -> int | None:
        """Exit status, or minus the signal that ended it; None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self) -> int:
        """Exit status, or minus the signal that ended it."""
        code = self._wait(0)
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self) -> tuple[None, str]:
        """What is left of standard error, once it has ended."""
        with self.stderr:
            said = self.stderr.read()
        self.wait()
        return None, said

    def _wait(self, how: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def _command(
    words: list[str],
    cwd: Path | None,
    environment: dict[str, str],
    stderr: int,
    before: Callable[[], object] | None,
) -> NoReturn:
    """Run a command in this process and end it."""
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for number, file in ((0, nothing), (1, nothing), (2, stderr)):
            os.dup2(file, number)
        os.close(stderr)
        # those of pytest keep what they get
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, buffering=1) for number, mode in enumerate("rww")
        )
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.update(environment)
        tempfile.tempdir = None
        if cwd is not None:
            os.chdir(cwd)
        sys.argv = words
        if before is not None:
            before()
        from bioseqrnn.cli import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
