"""``findings.tsv``: the findings of the audit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.checks import CHECKS as CHECK_NAMES
from bioseqrnn.tables.declared.data import FINDINGS

MADE, NOT_APPLICABLE, FAILED = "made", "not applicable", "failed"


def read_findings(path: Path) -> pd.DataFrame:
    """Read ``findings.tsv``; InputError if it is no such file or has an unknown check."""
    findings = FINDINGS.read(path)
    unknown = [name for name in findings["check"] if name not in CHECK_NAMES]
    if unknown:
        raise InputError(
            f"findings {path}: not a table of 'audit': its check '{unknown[0]}' does not exist; "
            "make it again"
        )
    return findings
