"""``findings.tsv`` and ``checks.tsv``: what the audit found, and its verdicts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file

MADE, NOT_APPLICABLE, FAILED = "made", "not applicable", "failed"
FINDING_COLUMNS = ["check", "state", "value", "records", "explanation"]
CHECK_COLUMNS = ["check", "value", "limit", "action", "verdict", "records", "explanation"]


def _read(path: Path, what: str, columns: list[str]) -> pd.DataFrame:
    """Read a table of the audit; InputError where it is none."""
    numbers = {"value": "float64", "limit": "float64", "records": "Int64"}
    try:
        table = pd.read_csv(
            require_file(path, what),
            sep="\t",
            keep_default_na=False,
            na_values={"value": "", "records": ""},
            dtype={name: kind for name, kind in numbers.items() if name in columns},
        )
    except ValueError as error:
        raise InputError(f"{what} {path}: not a table of 'audit' ({error})") from error
    if list(table.columns) != columns:
        raise InputError(f"{what} {path}: not a table of 'audit'; make it again")
    return table


def read_findings(path: Path) -> pd.DataFrame:
    """Read ``findings.tsv``; InputError where it is none."""
    return _read(path, "findings", FINDING_COLUMNS)


def read_checks(path: Path) -> pd.DataFrame:
    """Read ``checks.tsv``; InputError where it is none."""
    return _read(path, "checks", CHECK_COLUMNS)
