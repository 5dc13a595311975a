"""Machine code on disk: right for any number of processes, and never of other sources."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bioseqrnn.support import kernel_cache
from bioseqrnn.support.kernel_cache import KernelFiles

# Two files, as the engine has: a kernel that calls one of another file. 2^24 + 1 tells the types
# apart: there is no such float32.
INNER = """
from bioseqrnn.support.compiled import compiled

@compiled
def plus(x, y):
    return x + y
"""
OUTER = """
from bioseqrnn.support.compiled import compiled
from inner import plus

@compiled
def total(numbers):
    out = numbers[0]
    for i in range(1, len(numbers)):
        out = plus(out, numbers[i])
    return out
"""
# Compiles or loads, for every type named.
TOTALS = """
from outer import total as kernel
def value(dtype):
    return float(kernel(np.array([2**24, 1], dtype)))
"""
CLEARED = """
from bioseqrnn.networks.engine.rows import clear as kernel
def value(dtype):
    numbers = np.arange(1, 100, dtype=dtype)
    kernel(numbers, 3, 50)
    return float(numbers.sum())
"""
# Forks a process for every word of the command line, which all begin at the same moment.
TOGETHER = """
import json, os, sys
import numba, numpy as np
{script}
go, gone = os.pipe()
children = []
for word in sys.argv[1:]:
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(gone)
        os.read(go, 1)
        found = [value(dtype) for dtype in word.split()]
        stats = kernel.dispatcher.stats
        hits, misses = stats.cache_hits, stats.cache_misses
        found = [found, sum(hits.values()), sum(misses.values())]
        os.write(tell, json.dumps(found).encode())
        os._exit(0)
    os.close(tell)
    children.append((pid, told))
os.close(gone)
print(json.dumps([[os.waitpid(pid, 0)[1], os.read(told, 1000).decode()] for pid, told in children]))
"""
HOLDER = """
import sys, time
from pathlib import Path
from bioseqrnn.support.kernel_cache import KernelFiles
KernelFiles(Path(sys.argv[1]), "kernel", "stamp").begin("another")
print("held", flush=True)
time.sleep(600)
"""
EXPECTED = {
    TOTALS: {"float32": 2.0**24, "float64": 2.0**24 + 1},
    CLEARED: dict.fromkeys(("float32", "float64"), sum(range(1, 100)) - sum(range(4, 54))),
}


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "inner.py").write_text(INNER)
    (folder / "outer.py").write_text(OUTER)
    return folder


@pytest.fixture
def together(sources, tmp_path):
    """Start processes, let them all go at once, and return what each of them found."""

    def start(script, *kinds, **environment):
        done = subprocess.run(
            [sys.executable, "-c", TOGETHER.format(script=script), *kinds],
            cwd=sources,
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")} | environment,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        ended = json.loads(done.stdout)
        assert [status for status, _ in ended] == [0] * len(kinds)
        found = [json.loads(text) for _, text in ended]
        for kind, (numbers, _, _) in zip(kinds, found, strict=True):
            assert numbers == [EXPECTED[script][dtype] for dtype in kind.split()]
        return [(hits, misses) for _, hits, misses in found]

    return start


def files(tmp_path, name=""):
    return sorted((tmp_path / "cache").rglob(f"{name}*.nbc"))


@pytest.mark.parametrize("script", [TOTALS, CLEARED], ids=["two files", "of the engine"])
def test_processes_that_compile_at_the_same_time(script, together, tmp_path):
    stats = together(script, *["float32", "float64"] * 2)
    # one compiles, the other one of the same types waits and reads
    assert sorted(stats[0::2]) == sorted(stats[1::2]) == [(0, 1), (1, 0)]
    assert together(script, "float32 float64") == [(2, 0)]
    # a file a type, and nothing half-written
    kernel = "outer.total" if script == TOTALS else "rows.clear"
    assert len(files(tmp_path, kernel)) == 2
    left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert {path.suffix for path in left} == {".nbc"}


def test_whoever_dies_or_is_stopped_keeps_nobody_waiting(kept, tmp_path, monkeypatch):
    """The system releases the lock of a process that ended; one that was stopped is left alone."""
    other = KernelFiles(tmp_path, "kernel", "stamp")
    kept.begin("key")
    monkeypatch.setattr(kernel_cache, "PATIENCE", 0.2)
    other.begin("key")
    other.save("key", "machine code")
    other.end("key")
    kept.save("key", "machine code")
    kept.end("key")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    kept.begin("another")
    (lock,) = tmp_path.glob("*.lock")
    with lock.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    kept.end("another")
    assert [path.suffix for path in tmp_path.iterdir()] == [".nbc"]


def test_files_that_broke_are_made_anew(together, tmp_path):
    assert together(TOTALS, "float32 float64") == [(0, 2)]
    first, second = files(tmp_path, "outer.total")
    first.write_bytes(first.read_bytes()[:-1])
    second.write_bytes(b"no machine code")
    for path in files(tmp_path, "inner.plus"):
        path.write_bytes(b"")
    assert together(TOTALS, "float32 float64") == [(0, 2)]
    assert together(TOTALS, "float32 float64") == [(2, 0)]


def test_a_change_of_a_called_kernel_is_noticed(together, sources, tmp_path, monkeypatch):
    assert together(TOTALS, "float64") == [(0, 1)]
    (before,) = files(tmp_path, "outer.total")
    (sources / "inner.py").write_text(INNER.replace("x + y", "x - y"))
    # not even a newer date tells
    os.utime(sources / "inner.py", ns=(0, 0))
    monkeypatch.setitem(EXPECTED, TOTALS, {"float64": 2.0**24 - 1})
    assert together(TOTALS, "float64") == [(0, 1)]
    # what nobody reads any more is gone
    (after,) = files(tmp_path, "outer.total")
    assert after != before


def test_no_place_for_a_cache(together, sources, tmp_path):
    """Not beside the source, not in the home, not where the variable says."""
    blocked = tmp_path / "a file"
    blocked.touch()
    (sources / "__pycache__").touch()
    nowhere = {
        name: str(blocked / "folder") for name in ("NUMBA_CACHE_DIR", "HOME", "XDG_CACHE_HOME")
    }
    assert together(TOTALS, "float32 float64", **nowhere) == [(0, 2)]
    assert not files(tmp_path)


def test_importing_the_engine_compiles_nothing():
    script = """
import importlib, json, pkgutil
from bioseqrnn.support.compiled import Kernel
from bioseqrnn.networks import engine
names = [module.name for module in pkgutil.iter_modules(engine.__path__)]
modules = [importlib.import_module(f"bioseqrnn.networks.engine.{name}") for name in names]
kernels = {k for m in modules for k in vars(m).values() if isinstance(k, Kernel)}
print(json.dumps([sorted(names), len(kernels), [k.dispatcher.signatures for k in kernels]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    names, count, signatures = json.loads(done.stdout)
    assert {"forward", "backward", "layer"} <= set(names)
    assert count > 10
    assert not any(signatures)


@pytest.fixture
def kept(tmp_path):
    return KernelFiles(tmp_path, "kernel", "stamp")


def test_what_is_saved_is_loaded(kept, tmp_path):
    for key in ("one", ("two", 2)):
        assert kept.load(key) is None
        kept.save(key, [key])
    assert kept.load("one") == ["one"]
    assert kept.load(("two", 2)) == [("two", 2)]
    kept.save("one", "newer")
    assert kept.load("one") == "newer"
    assert KernelFiles(tmp_path, "kernel", "another").load("one") is None
    assert KernelFiles(tmp_path, "function", "stamp").load("one") is None
    kept.flush()
    assert not list(tmp_path.iterdir())


def test_every_break_of_a_file_is_noticed(kept, tmp_path):
    kept.save("key", "machine code")
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place])
        assert kept.load("key") is None
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert kept.load("key") is None
    path.write_bytes(content)
    assert kept.load("key") == "machine code"


def test_a_folder_that_went_away_is_no_error(tmp_path):
    kept = KernelFiles(tmp_path / "gone", "kernel", "stamp")
    kept.save("key", "machine code")
    assert kept.load("key") is None
    assert not Path(tmp_path / "gone").exists()
