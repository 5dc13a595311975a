"""``findings.tsv`` and ``checks.tsv``: what the audit found, and its verdicts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bioseqrnn.tables.declared.data import CHECKS, FINDINGS

MADE, NOT_APPLICABLE, FAILED = "made", "not applicable", "failed"


def read_findings(path: Path) -> pd.DataFrame:
    """Read ``findings.tsv``; InputError where it is none."""
    return FINDINGS.read(path)


def read_checks(path: Path) -> pd.DataFrame:
    """Read ``checks.tsv``; InputError where it is none."""
    return CHECKS.read(path)
