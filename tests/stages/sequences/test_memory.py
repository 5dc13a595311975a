"""Peak memory of encoding, whatever the size of the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

LIMIT_MB = 400

CHILD = """
import json, sys
from pathlib import Path
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.fasta.sources import Source


def megabytes(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024


def encode(*names):
    sources = [Source(Path(f"{name}.fa"), name) for name in names]
    return encode_sequences(sources, Path("s.parquet"), Path("intake.tsv"))


encode("warm", "y")
try:
    # forget the peak of starting up
    Path("/proc/self/clear_refs").write_text("5")
except OSError:
    pass
before = megabytes("VmRSS")
records = encode("x", "y")
print(json.dumps({"records": records, "rise": megabytes("VmHWM") - before}))
"""


def write_records(handle, prefix: bytes, count: int, length: int, letters: np.ndarray) -> None:
    """Write records of one length, their names numbered, made as rows of one array."""
    rng = np.random.default_rng(length)
    for start in range(0, count, 100_000):
        numbers = np.arange(start, min(start + 100_000, count))
        rows = np.empty((len(numbers), 10 + length + 1), np.uint8)
        rows[:, :2] = np.frombuffer(b">" + prefix, np.uint8)
        rows[:, 2:9] = numbers[:, None] // 10 ** np.arange(6, -1, -1) % 10 + ord("0")
        rows[:, 9] = rows[:, -1] = ord("\n")
        rows[:, 10:-1] = letters[rng.integers(0, 4, (len(numbers), length), dtype=np.uint8)]
        handle.write(rows.tobytes())


def test_300_megabytes_take_no_more_than_400_of_memory(tmp_path: Path):
    letters = np.frombuffer(b"ACGT", np.uint8)
    short, medium, long = 1_410_000, 474_000, 100_000_000
    with (tmp_path / "x.fa").open("wb") as handle:
        write_records(handle, b"s", short, 60, letters)
        handle.write(b">long\n")
        for seed in range(10):
            numbers = np.random.default_rng(seed).integers(0, 4, long // 10, dtype=np.uint8)
            handle.write(letters[numbers].tobytes())
        handle.write(b"\n")
        write_records(handle, b"m", medium, 200, letters)
    assert (tmp_path / "x.fa").stat().st_size > 300_000_000
    (tmp_path / "warm.fa").write_text(">w\nACGTN\n>wrapped\nACG\nACG\nAC\n")
    (tmp_path / "y.fa").write_text(">y\nACGT\n")
    done = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["records"] == short + medium + 2
    assert found["rise"] <= LIMIT_MB, found
    # half a gigabyte that nobody looks at any more
    for path in tmp_path.iterdir():
        path.unlink()
