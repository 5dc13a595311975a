"""Memory: the amount that is free, and pauses of Python's garbage collector."""

from __future__ import annotations

import gc
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GIGABYTE = 10**9
# files of a control group: its limit, its usage, and the part that the kernel can drop
GROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector, which would visit millions of short-lived records.

    Objects without reference cycles are still freed, so that memory stays bounded.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def free_memory(root: Path = Path("/")) -> int | None:
    """Return the bytes that this process can still allocate; None if the system does not tell.

    This is the smallest of the free memory of the machine, the remainder of the limit of each
    control group of the process (set by batch systems and containers), and the remainder of
    ``ulimit -v``.

    Parameters
    ----------
    root : Path
        Folder that contains ``proc`` and ``sys``.
    """
    found = [_field(root / "proc/meminfo", "MemAvailable:")]
    found += [_left_in(folder) for folder in _control_groups(root)]
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        taken = _field(root / "proc/self/status", "VmSize:")
        found.append(None if taken is None else limit - taken)
    known = [value for value in found if value is not None]
    return max(0, min(known)) if known else None


def _field(path: Path, name: str) -> int | None:
    """Read a number from lines of ``name number [kB]``, in bytes; None if there is none."""
    with suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            words = line.split()
            if words and words[0] == name:
                return int(words[1]) * (1024 if words[-1] == "kB" else 1)
    return None


def _control_groups(root: Path) -> Iterator[Path]:
    """Yield the folders of the process's control groups and of the groups that contain them."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            top = root / "sys/fs/cgroup" / ("memory" if controllers else "")
            # in a container, the name may be the one outside the container; the group is then the
            # top folder
            inner = top / name.lstrip("/")
            yield from (inner, *(p for p in inner.parents if p.is_relative_to(top)))


def _left_in(folder: Path) -> int | None:
    for limit, taken, droppable in GROUP_FILES:
        with suppress(OSError, ValueError):
            # ValueError: the limit is "max", that is, no limit
            most = int((folder / limit).read_text())
            held = int((folder / taken).read_text())
            return most - held + (_field(folder / "memory.stat", droppable) or 0)
    return None
