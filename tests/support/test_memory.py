"""How much memory is free: of the machine, and of the groups around a process."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bioseqrnn.support.memory import free_memory

MACHINE = "MemTotal: 64000000 kB\nMemAvailable: 32000000 kB\n"


def system(root: Path, groups: str, **files: object) -> Path:
    """A machine with 32 GB free, and files of control groups (``__`` is a folder below)."""
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "meminfo").write_text(MACHINE)
    (root / "proc" / "self" / "cgroup").write_text(groups)
    for name, text in files.items():
        path = root / "sys" / "fs" / "cgroup" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def test_of_the_machine(tmp_path):
    assert free_memory(system(tmp_path, "0::/\n")) == 32_000_000 * 1024


def test_a_group_leaves_less_and_so_does_one_around_it(tmp_path):
    root = system(
        tmp_path, "0::/job/step\n",
        job__step__memory_dot_max="max", job__step__memory_dot_current=10**9,
        job__memory_dot_max=8 * 10**9, job__memory_dot_current=3 * 10**9,
        job__memory_dot_stat=f"anon 5\ninactive_file {10**9}",
    )  # fmt: skip
    # what the kernel can drop of its pages is free
    assert free_memory(root) == 6 * 10**9


def test_groups_of_the_first_version(tmp_path):
    root = system(
        tmp_path, "5:cpu:/x\n4:memory:/slurm/job\n",
        memory__slurm__job__memory_dot_limit_in_bytes=4 * 10**9,
        memory__slurm__job__memory_dot_usage_in_bytes=10**9,
        memory__slurm__job__memory_dot_stat="total_inactive_file 0",
    )  # fmt: skip
    assert free_memory(root) == 3 * 10**9


def test_in_a_container_the_group_is_the_top(tmp_path):
    root = system(tmp_path, "0::/\n", memory_dot_max=2 * 10**9, memory_dot_current=5 * 10**8)
    assert free_memory(root) == 15 * 10**8


def test_a_system_that_does_not_tell(tmp_path):
    assert free_memory(tmp_path) is None


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="the system does not tell")
def test_a_limit_of_the_shell():
    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))

    code = "from bioseqrnn.support.memory import free_memory; print(free_memory())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        preexec_fn=limited,
    )  # fmt: skip
    assert 0 < int(done.stdout) < 2**30
