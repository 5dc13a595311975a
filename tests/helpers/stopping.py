"""Stop a training of the command line in the middle."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from forked import Forked
from waiting import wait_until


def stop_with_a_checkpoint(training: subprocess.Popen[str] | Forked, model: Path) -> str:
    """What it says when a batch system warns it, once it has written a checkpoint of the model."""
    checkpoint = model.with_name(f"{model.name}.checkpoint")
    wait_until(checkpoint.exists, "the first checkpoint", training, pause=0.01)
    training.send_signal(signal.SIGUSR1)
    # the pipe is closed when the last process has ended
    _, err = training.communicate()
    assert training.returncode == 75, err
    return err
