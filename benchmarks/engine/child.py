"""Measure what a section still lacks at one number of threads, appending to its TSV.

python -m benchmarks.engine.child SECTION THREADS OPTIONS_AS_JSON
"""

from __future__ import annotations

import os
import sys
import time

import torch

from .options import Options
from .sections import SECTIONS, all_cases
from .store import append, missing, read


def main() -> None:
    """Measure case by case."""
    section, threads, text = sys.argv[1:]
    options = Options.from_json(text)
    torch.set_num_threads(int(threads))
    path = options.table(section)
    cases = [c for c in all_cases(section, options) if c["threads"] == int(threads)]
    left = missing(cases, read(path))
    for number, case in enumerate(left, start=1):
        start = time.perf_counter()
        row = case | SECTIONS[section].measure(case, options)
        # of the last minute: neighbours' and our own, which is at most the number of threads
        append(path, row | {"load": round(os.getloadavg()[0], 1)})
        what = ", ".join(f"{key} {value}" for key, value in case.items())
        seconds = time.perf_counter() - start
        print(f"{section} {number}/{len(left)}: {what}: {seconds:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
