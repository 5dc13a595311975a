"""Peak memory of training on tables of different sizes; prints a Markdown table.

    python benchmarks/training_memory.py [--records 10000 1000000] [--length 200] [--batch 512]

Random DNA is encoded, split and trained on for one epoch by the command line, with a network so
small that a million records take minutes. The memory of each command is read from /proc every
50 ms: anonymous memory (RssAnon), which only the process itself can give back, and the resident
size with the pages of files that it has mapped (VmHWM), which the system drops as it likes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CLASSES = ("first", "second")
NETWORK = {
    "cell": "gru", "hidden_size": 8, "stem_filters": 0, "positions": 0, "bidirectional": False,
    "epochs": 1,
}  # fmt: skip


def write_fasta(path: Path, records: int, length: int, seed: int) -> None:
    """Write random DNA; the names are numbered, and differ between files."""
    rng = np.random.default_rng(seed)
    with path.open("wb") as handle:
        for start in range(0, records, 10_000):
            count = min(10_000, records - start)
            letters = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, (count, length))]
            for place, row in enumerate(letters, start):
                handle.write(b">%s_%d\n%s\n" % (path.stem.encode(), place, row.tobytes()))


def status(pid: int) -> dict[str, float]:
    """Return the sizes in a process's status, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pairs = (line.split()[:2] for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(value) * 1024 / 1e6 for name, value in pairs}


def measure(*words: object) -> tuple[float, float, float]:
    """Run a command of bioseqrnn; return seconds and its peaks of RssAnon and VmHWM in MB."""
    command = [sys.executable, "-m", "bioseqrnn", *map(str, words)]
    anonymous = resident = 0.0
    start = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            try:
                now = status(process.pid)
            except (FileNotFoundError, ProcessLookupError):
                break
            anonymous = max(anonymous, now.get("RssAnon", 0.0))
            resident = max(resident, now.get("VmHWM", 0.0))
            time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    return time.perf_counter() - start, anonymous, resident


def prepare(folder: Path, records: int, length: int) -> None:
    """Write sequences.parquet and folds.parquet."""
    fastas: list[object] = []
    for seed, name in enumerate(CLASSES):
        write_fasta(folder / f"{name}.fa", records // 2, length, seed)
        fastas += ["--fasta", folder / f"{name}.fa", "--label", name]
    sequences = folder / "sequences.parquet"
    measure("encode", *fastas, "--output", sequences, "--intake", folder / "intake.tsv")
    measure("split", "--sequences", sequences, "--output", folder / "folds.parquet")
    for name in CLASSES:
        (folder / f"{name}.fa").unlink()


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument("--batch", type=int, default=512)
    options = parser.parse_args()
    settings = json.dumps(NETWORK | {"batch_size": options.batch})
    print("| records | packed MB | s | peak anonymous MB | peak resident MB |")
    print("|---|---|---|---|---|")
    for records in options.records:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
            folder = Path(name)
            prepare(folder, records, options.length)
            seconds, anonymous, resident = measure(
                "train", "--sequences", folder / "sequences.parquet", "--fold", 0,
                "--folds", folder / "folds.parquet", "--config", settings, "--device", "cpu",
                "--output", folder / "model" / "model.safetensors",
            )  # fmt: skip
        packed = records * options.length / 2e6
        print(
            f"| {records:,} | {packed:.1f} | {seconds:.0f} | {anonymous:.0f} | {resident:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
