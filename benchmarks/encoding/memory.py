"""Section C: peak memory of encoding, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .inputs import MEDIUM, SHORT, Case, megabytes
from .measure import Options, table

CHILD = Path(__file__).with_name("memory_child.py")
LONG = 100_000_000


def _files(case: Case, options: Options, folder: Path) -> list[Path]:
    """Write what to encode: many records, or one that is huge and a small one beside it."""
    if case.longest < LONG:
        return case.write_pair(folder, case.records(1000 * options.gigabytes))
    folder.mkdir()
    paths = [folder / "a.fa", folder / "b.fa"]
    case.write(paths[0], 1)
    SHORT.write(paths[1], 1)
    return paths


def _row(case: Case, options: Options, folder: Path) -> list[str]:
    tiny = SHORT.write_pair(folder / "tiny", 8)
    paths = _files(case, options, folder / "whole")
    command = [sys.executable, CHILD, case.alphabet, folder, *tiny, *paths]
    child = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(child.stdout)
    size = megabytes(paths)
    for path in paths + tiny:
        path.unlink()
    (folder / "sequences.parquet").unlink()
    return [
        case.name,
        f"{size / 1000:.2f}",
        f"{found['records']:,}",
        f"{found['seconds']:.1f}",
        f"{found['before']:.0f}",
        f"{found['peak']:.0f}",
        f"{found['peak'] - found['before']:.0f}",
    ]


def section(options: Options, folder: Path) -> None:
    """Print the table."""
    cases = [MEDIUM, SHORT, Case("one record of 100 Mb on one line", "dna", LONG, LONG)]
    rows = []
    for number, case in enumerate(cases):
        (folder / str(number)).mkdir()
        rows.append(_row(case, options, folder / str(number)))
    header = [
        "records",
        "GB",
        "number",
        "s",
        "before MB",
        "peak MB",
        "rise MB (target ≤ 400)",
    ]
    notes = [
        "before: resident after imports and a first encoding of 8 records; peak: the highest "
        "resident size while the file was encoded, with that of the largest child process, if any; "
        "rise: the difference"
    ]
    print(table("Peak memory of encoding", header, rows, notes), flush=True)
