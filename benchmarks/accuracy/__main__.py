"""Run every public set through the whole workflow and print Markdown tables.

    python -m benchmarks.accuracy --data PATH [--only splice,mouse_2] [--work DIR] [--cores N]
        [--models gru,lstm,rnn] [--seeds 1,2,3,4,5] [--search TRIALS] [--quick] [--tables]

PATH is a folder with the data (benchmarks/README.md says which); they are not part of the
repository. Every set has a folder of its own under --work, in which Snakemake runs; a second call
takes up where the first was stopped. First every network gets the first seed on every set, then
the first network its other seeds. The tables are also written to --work, with every metric in
accuracy.tsv and every comparison in comparisons.tsv.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.support.errors import InputError

from .report import report
from .runs import run_all, say
from .sets import ENTRIES
from .sheets import Plan

OUT = Path(__file__).parents[1] / "out"
CELLS = get_args(ModelConfig.model_fields["cell"].annotation)


def names(text: str) -> list[str]:
    """Words between commas."""
    return [word for word in text.split(",") if word]


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--only", type=names, help="sets, with commas between them")
    parser.add_argument("--work", type=Path, help="folder to run in (benchmarks/out/accuracy)")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seeds", type=names, default=["1", "2", "3", "4", "5"])
    parser.add_argument("--models", type=names, default=["gru", "lstm", "rnn"])
    parser.add_argument(
        "--search", type=int, default=0, metavar="TRIALS",
        help="also search for settings of the first model in every fold, a column of its own",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="tiny networks: does everything run?")
    parser.add_argument("--tables", action="store_true", help="run nothing, print what is there")
    given = parser.parse_args(words)
    known = [entry.name for entry in ENTRIES]
    for name in given.only or []:
        if name not in known:
            parser.error(f"--only: unknown set '{name}'; known: {', '.join(known)}")
    for name in given.models:
        if name not in CELLS:
            parser.error(f"--models: unknown cell '{name}'; known: {', '.join(CELLS)}")
    if not given.models or not given.seeds or not all(seed.isdigit() for seed in given.seeds):
        parser.error("--models and --seeds need at least one each, and seeds are whole numbers")
    if given.search < 0:
        parser.error("--search: the number of trials cannot be less than 0")
    given.work = given.work or OUT / ("accuracy-quick" if given.quick else "accuracy")
    return given


def main(words: list[str] | None = None) -> int:
    """Run what is asked for and print the tables; 1 where a set failed, 2 for bad input."""
    given = parse(words)
    plan = Plan(tuple(given.models), tuple(map(int, given.seeds)), given.quick, given.search)
    entries = [entry for entry in ENTRIES if not given.only or entry.name in given.only]
    try:
        failed = [] if given.tables else run_all(entries, plan, given.data, given.work, given.cores)
        print(report(entries, plan, given.work))
    except InputError as error:
        say(f"error: {error}")
        return 2
    if failed:
        say(f"failed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
