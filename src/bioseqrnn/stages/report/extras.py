"""Sections on what not every run does: search, and the learning curve by size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bioseqrnn.stages.report.parts import Section
from bioseqrnn.stages.report.sections.search import search_section
from bioseqrnn.stages.report.sections.sizes import sizes_section
from bioseqrnn.support.io import require_file

# by table
EXTRAS: dict[str, Callable[[pd.DataFrame], Section]] = {
    "sizes": sizes_section,
    "search": search_section,
}


def read_extras(search: tuple[Path, ...], sizes: Path | None) -> dict[str, pd.DataFrame]:
    """Read the tables that there are; trials of all searches as one."""
    found = {}
    if sizes is not None:
        found["sizes"] = pd.read_csv(
            require_file(sizes, "table"), sep="\t", dtype={"model": "str"}, keep_default_na=False,
            na_values=dict.fromkeys(("gain", "gain_low", "gain_high", "ci_low", "ci_high"), ""),
        )  # fmt: skip
    trials = [
        pd.read_csv(
            require_file(path, "table"), sep="\t", keep_default_na=False, na_values={"value": ""},
            dtype=dict.fromkeys(("model", "fold", "losses", "epochs", "why"), "str"),
        )
        for path in search
    ]  # fmt: skip
    # a search on all records of a model that is not the final one has none
    trials = [frame for frame in trials if len(frame)]
    if trials:
        found["search"] = pd.concat(trials, ignore_index=True)
    return found
