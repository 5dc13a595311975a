"""The whole report: every table as Markdown, and the frames behind it as TSV."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from benchmarks.engine.clock import describe

from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import write_tsv

from . import tables
from .entry import Entry
from .results import read_results
from .runs import summary
from .sheets import Plan


def report(entries: list[Entry], plan: Plan, work: Path) -> str:
    """Read what is there, write it to ``work`` and return the tables as Markdown."""
    there = [entry for entry in entries if summary(entry, work / entry.name).is_file()]
    if not there:
        raise InputError(f"{work}: no set has been evaluated there")
    found = [read_results(entry, work / entry.name) for entry in there]
    scores, comparisons = (
        pd.concat(frames, ignore_index=True) for frames in zip(*found, strict=True)
    )
    write_tsv(work / "accuracy.tsv", scores)
    write_tsv(work / "comparisons.tsv", comparisons)
    models = plan.models
    text = "\n\n".join(
        [
            describe()
            + ("; quick: tiny networks and two folds, not a result" if plan.quick else ""),
            tables.headline(there, models, scores, comparisons),
            tables.network_adds(there, comparisons),
            tables.losses(there, (tables.COMBINED, *models), comparisons),
            tables.against_baselines(there, models[0], scores, comparisons),
            tables.costs(there, models, scores),
            tables.references(there),
        ]
    )
    (work / "accuracy.md").write_text(text + "\n", encoding="utf-8")
    return text
