"""Encode two tiny files, then two others; print what the latter took as JSON.

memory_child.py ALPHABET FOLDER TINY_A TINY_B A B
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
from pathlib import Path

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.sequences.run import encode_sequences


def status(key: str) -> float:
    """Return a line of the process's status in MB (decimal)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit(f"no {key} in /proc/self/status")


def forget_peak() -> None:
    """Let the peak start anew where the kernel allows it: compiling is not encoding."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def encode(fastas: list[str], folder: Path, alphabet: str) -> int:
    """Encode, silently."""
    sources = [Source(Path(path), label=Path(path).stem) for path in fastas]
    with contextlib.redirect_stderr(io.StringIO()):
        options = DatasetOptions(alphabet=alphabet)
        return encode_sequences(
            sources, folder / "sequences.parquet", folder / "intake.tsv", options=options
        )


def main() -> None:
    """Warm up, encode, report."""
    alphabet, folder, *fastas = sys.argv[1:]
    encode(fastas[:2], Path(folder), alphabet)
    forget_peak()
    before = status("VmRSS")
    start = time.perf_counter()
    records = encode(fastas[2:], Path(folder), alphabet)
    seconds = time.perf_counter() - start
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    print(
        json.dumps(
            {
                "records": records,
                "seconds": seconds,
                "before": before,
                "peak": status("VmHWM") + children,
            }
        )
    )


if __name__ == "__main__":
    main()
