"""Measure the recurrent layers beside torch.nn and Keras; print Markdown tables.

    python -m benchmarks.engine [--only grid|dense|peak|keras|lengths|scaling]
        [--cells gru --hidden 64 --length 200 --batch 64 --threads 1]

Rows are appended to benchmarks/out/engine/SECTION.tsv as they are measured. A second call takes up
where the first was stopped and prints what is there; --fresh measures anew. Every number of threads
has a process of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from .clock import describe
from .options import CELLS, Options
from .sections import SECTIONS, all_cases
from .store import Row, missing, of_cases, read

OUT = Path(__file__).parents[1] / "out"
TINY = {"hidden": (8,), "length": (12, 24), "batch": (4,), "threads": (1,)}


def parse() -> tuple[list[str], Options, bool]:
    """Return the sections asked for, the options, and whether to measure anew."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.engine",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=SECTIONS, action="append", help="may be repeated")
    parser.add_argument("--cells", choices=CELLS, nargs="+", default=CELLS)
    for name in ("hidden", "length", "batch"):
        parser.add_argument(f"--{name}", type=int, nargs="+", help="instead of the section's own")
    parser.add_argument("--threads", type=int, nargs="+", help="default 1 2")
    parser.add_argument(
        "--seconds", type=float, default=2, help="for the repeats of a comparison (default 2)"
    )
    parser.add_argument("--fewest", type=int, default=5, help="repeats at least (default 5)")
    parser.add_argument("--keras-python", help="interpreter with keras, tensorflow and jax")
    parser.add_argument("--out", type=Path, help="folder of the tables (default benchmarks/out)")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does everything run?")
    given = parser.parse_args()
    tiny = TINY if given.quick else {}
    options = Options(
        out=str(given.out or OUT / ("engine-quick" if given.quick else "engine")),
        seconds=0.01 if given.quick else given.seconds,
        fewest=given.fewest,
        cells=tuple(given.cells),
        threads=tuple(given.threads or tiny.get("threads", (1, 2))),
        hidden=tuple(given.hidden or tiny.get("hidden", ())),
        length=tuple(given.length or tiny.get("length", ())),
        batch=tuple(given.batch or tiny.get("batch", ())),
        keras_python=given.keras_python,
    )
    return given.only or list(SECTIONS), options, given.fresh


def measure(section: str, threads: int, options: Options) -> None:
    """Run a section in a process whose libraries all have that many threads."""
    limits = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    command = [sys.executable, "-m", "benchmarks.engine.child", section, str(threads)]
    environment = os.environ | dict.fromkeys(limits, str(threads))
    subprocess.run([*command, options.to_json()], check=True, env=environment)


def load_note(rows: list[Row]) -> str:
    """How busy the machine was while the rows were measured, our own threads among it."""
    loads = sorted(float(row["load"]) for row in rows)
    if not loads:
        return ""
    return f"- load while measured: median {loads[len(loads) // 2]:.1f}, highest {loads[-1]:.1f}"


def main() -> None:
    """Measure what is missing, print what was asked for."""
    names, options, fresh = parse()
    print(describe(), flush=True)
    for name in names:
        path = options.table(name)
        if fresh:
            path.unlink(missing_ok=True)
        cases = all_cases(name, options)
        for threads in options.threads:
            if missing([c for c in cases if c["threads"] == threads], read(path)):
                measure(name, threads, options)
        rows = of_cases(cases, read(path))
        SECTIONS[name].show(rows)
        print(load_note(rows), flush=True)


if __name__ == "__main__":
    main()
