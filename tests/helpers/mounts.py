"""File systems of a test's own, which are full or read-only; root is not needed."""

from __future__ import annotations

import subprocess

MOUNT = ["unshare", "--user", "--map-root-user", "--mount"]


def can_mount() -> bool:
    """Whether this machine lets a user mount in a namespace of their own."""
    command = [*MOUNT, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
