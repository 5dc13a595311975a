"""Run every public set through the whole workflow and print Markdown tables.

    python -m benchmarks.accuracy --data PATH [--only splice,mouse_2] [--work DIR] [--cores N]
        [--models gru,lstm,rnn] [--seeds 1,2,3,4,5] [--quick] [--tables]

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

import pandas as pd
from benchmarks.engine.clock import describe

from bioseqrnn.config.schema import ModelConfig
from bioseqrnn.errors import InputError
from bioseqrnn.io import write_tsv

from . import tables
from .entry import Entry
from .results import read_results
from .runs import LOG, evaluation, run_workflow
from .sets import ENTRIES
from .sheets import Plan, lacking, write_project

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
    given.work = given.work or OUT / ("accuracy-quick" if given.quick else "accuracy")
    return given


def say(text: str) -> None:
    """Tell how far the run is."""
    sys.stderr.write(f"{text}\n")


def run(entries: list[Entry], plan: Plan, data: Path, work: Path, cores: int) -> list[str]:
    """Run all entries, each with the first seed, then with all; names of those that failed."""
    failed: list[str] = []
    first = Plan(plan.models, plan.seeds[:1], plan.quick)
    for stage in (first, plan) if len(plan.seeds) > 1 else (plan,):
        for entry in entries:
            folder = work / entry.name
            # what is evaluated already needs no step back to fewer seeds
            behind = stage is not plan and (evaluation(entry, folder) / "summary.tsv").is_file()
            if behind or entry.name in failed or (stage is plan and stage.of(entry) == first):
                continue
            write_project(entry, stage, data, folder)
            done, seconds = run_workflow(entry, folder, cores)
            seeds = ", ".join(str(seed) for seed in stage.of(entry).seeds)
            if done:
                say(f"{entry.name}: seeds {seeds} of {stage.models[0]}: {seconds:.0f} s")
            else:
                failed.append(entry.name)
                say(f"{entry.name}: failed after {seconds:.0f} s, see {folder / LOG}")
    return failed


def report(entries: list[Entry], models: tuple[str, ...], work: Path) -> str:
    """Read what is there, write it to ``work`` and return the tables as Markdown."""
    there = [e for e in entries if (evaluation(e, work / e.name) / "summary.tsv").is_file()]
    if not there:
        raise InputError(f"{work}: no set has been evaluated there")
    found = [read_results(entry, work / entry.name) for entry in there]
    scores, comparisons = (
        pd.concat(frames, ignore_index=True) for frames in zip(*found, strict=True)
    )
    write_tsv(work / "accuracy.tsv", scores)
    write_tsv(work / "comparisons.tsv", comparisons)
    text = "\n\n".join(
        [
            describe(),
            tables.headline(there, models, scores, comparisons),
            tables.losses(there, models, comparisons),
            tables.against_baselines(there, models[0], scores, comparisons),
            tables.costs(there, models, scores),
            tables.references(there),
        ]
    )
    (work / "accuracy.md").write_text(text + "\n", encoding="utf-8")
    return text


def main(words: list[str] | None = None) -> int:
    """Run what is asked for and print the tables; 1 where a set failed, 2 for bad input."""
    given = parse(words)
    plan = Plan(tuple(given.models), tuple(int(seed) for seed in given.seeds), given.quick)
    entries = []
    for entry in ENTRIES:
        if given.only and entry.name not in given.only:
            continue
        if without := lacking(entry):
            say(f"{entry.name}: left out: this version has no {without}")
            continue
        entries.append(entry)
    try:
        failed = [] if given.tables else run(entries, plan, given.data, given.work, given.cores)
        print(report(entries, plan.models, given.work))
    except InputError as error:
        say(f"error: {error}")
        return 2
    if failed:
        say(f"failed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
