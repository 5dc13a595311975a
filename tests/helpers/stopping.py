"""Stop a training of the command line in the middle."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from forked import Forked


def stop_with_a_checkpoint(training: subprocess.Popen[str] | Forked, model: Path) -> str:
    """What it says when a batch system warns it, once it has written a checkpoint of the model."""
    while not model.with_name(f"{model.name}.checkpoint").exists():
        assert training.poll() is None
        time.sleep(0.01)
    training.send_signal(signal.SIGUSR1)
    # the pipe is closed when the last process has ended
    _, err = training.communicate()
    assert training.returncode == 75, err
    return err
