"""The processor of this machine: floating-point results differ between processors."""

from __future__ import annotations

import platform
from pathlib import Path

# of Linux; other systems have no such file
CPUINFO = Path("/proc/cpuinfo")


def processor() -> str:
    """Return the name of the processor, or its kind if the system does not tell the name."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
