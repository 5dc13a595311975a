"""Snakemake that asks every other second what has become of its jobs on a cluster.

The executor for SLURM waits ten seconds longer each time, which no option changes; tests would
mostly sleep. It asks nothing as long as its folder has a file ``ask-nothing``, and then says so by
a file ``asks-nothing``. All else is as in the command ``snakemake`` of a user at a terminal.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def _wait(executor: RemoteExecutor) -> None:
    await asyncio.sleep(2)
    # Snakemake that is interrupted waits for the end of this
    while executor.wait and Path("ask-nothing").exists():
        Path("asks-nothing").touch()
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    # what started the tests may have Ctrl-C ignored, which is inherited
    signal.signal(signal.SIGINT, signal.default_int_handler)
    RemoteExecutor.sleep = _wait
    sys.exit(main())
