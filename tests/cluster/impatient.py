"""Snakemake that asks every other second what has become of its jobs on a cluster.

The executor for SLURM waits ten seconds longer each time, which no option changes; tests would
mostly sleep. All else is as in the command ``snakemake`` of a user at a terminal.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def _wait(_: RemoteExecutor) -> None:
    await asyncio.sleep(2)


if __name__ == "__main__":
    # what started the tests may have Ctrl-C ignored, which is inherited
    signal.signal(signal.SIGINT, signal.default_int_handler)
    RemoteExecutor.sleep = _wait
    sys.exit(main())
