"""Wait for other processes as long as a slow machine may need."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

# seconds; far more than anything here takes, so that a test that waits so long has hung
LIMIT = 600.0


def wait_until(
    ready: Callable[[], Any],
    what: str,
    process: Any = None,
    pause: float = 0.02,
) -> Any:
    """Call ``ready`` until what it returns is true, and return that.

    Parameters
    ----------
    ready : callable
        Looked at again and again.
    what : str
        What is waited for, for the message of a test that fails.
    process : Popen or Forked, optional
        The process that brings it about: if it ends before, the test fails with its output.
    pause : float
        Seconds between two calls.
    """
    end = time.monotonic() + LIMIT
    while True:
        # asked before the condition: it may have been met just before the end
        over = process is not None and process.poll() is not None
        if found := ready():
            return found
        if over:
            said = [text for text in process.communicate() if text]
            raise AssertionError(f"ended with {process.returncode} before {what}: {said}")
        assert time.monotonic() < end, f"waited {LIMIT:.0f} s for {what}"
        time.sleep(pause)


def output_of(process: subprocess.Popen[Any], what: str) -> tuple[Any, Any]:
    """Standard output and error of a process, once it has ended; it is killed if it never ends."""
    try:
        return process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        said = [text for text in process.communicate() if text]
        raise AssertionError(f"waited {LIMIT:.0f} s for the end of {what}: {said}") from None
