"""Measure encoding and reading back beside other tools; print Markdown tables.

    python -m benchmarks.encoding [--only speed|parsers|memory|readback] [--megabytes 60]

Other packages are measured where they are installed (``requirements-encoding.txt``) and named as
missing where not. Everything is written to a temporary folder; the files are generated with fixed
seeds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from . import memory, parsers, readback, speed
from .measure import Options, describe, one_core

SECTIONS = {
    "speed": speed.section,
    "parsers": parsers.section,
    "memory": memory.section,
    "readback": readback.section,
}


def parse() -> tuple[list[str], Options, Path | None]:
    """Return the sections asked for, the sizes, and where temporary files go."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.encoding",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=SECTIONS, action="append", help="may be repeated")
    parser.add_argument("--megabytes", type=float, default=60, help="per FASTA case (default 60)")
    parser.add_argument(
        "--sample-megabytes",
        type=float,
        default=6,
        help="for slow ways, and for reading batches back (default 6)",
    )
    parser.add_argument("--gigabytes", type=float, default=0.3, help="for memory (default 0.3)")
    parser.add_argument("--repeats", type=int, default=5, help="medians are of these (default 5)")
    parser.add_argument("--folder", type=Path, help="where temporary files go")
    given = parser.parse_args()
    options = Options(given.megabytes, given.sample_megabytes, given.gigabytes, given.repeats)
    return given.only or list(SECTIONS), options, given.folder


def main() -> None:
    """Run the sections asked for."""
    names, options, parent = parse()
    print(describe())
    for name in names:
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            if name == "memory":  # in a child process, with every core there is
                SECTIONS[name](options, Path(folder))
            else:
                with one_core():
                    SECTIONS[name](options, Path(folder))


if __name__ == "__main__":
    main()
