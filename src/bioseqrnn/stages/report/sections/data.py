"""Sections on the records, and on the origin of the numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bioseqrnn.fasta.conversions import COUNTS as CONVERSIONS
from bioseqrnn.stages.report.parts import Section, html_table, section
from bioseqrnn.tables.checks import CHECKS


def checks_section(checks: pd.DataFrame) -> Section:
    """Results of the audit before training."""
    frame = pd.DataFrame(
        {
            "Check": checks["check"].str.replace("_", " "),
            "Found": [_found(*pair) for pair in zip(checks["check"], checks["value"], strict=True)],
            "Limit": [_limit(*pair) for pair in zip(checks["check"], checks["limit"], strict=True)],
            "Verdict": checks["verdict"],
            "What it means": checks["explanation"],
        }
    )
    return section(
        "checks",
        "Can the labels be trusted? Audit before training",
        "Possible causes of scores that are too good: records that repeat or contradict each "
        "other, and properties that separate the classes without any biology. warn: outside the "
        "limit; stop: nothing would be trained. flagged.tsv, beside sequences.parquet, lists the "
        "records.",
        "html",
        data=html_table(frame),
    )


def _found(check: str, value: float) -> str:
    """A value of a check, formatted for readers; empty if there is none."""
    if np.isnan(value):
        return ""
    known = CHECKS.get(check)
    return f"{value:.4g}" if known is None else known.written(value)


def _limit(check: str, limit: float) -> str:
    known = CHECKS.get(check)
    return f"at {'least' if known and known.at_least else 'most'} {_found(check, limit)}"


def intake_section(intake: pd.DataFrame) -> Section:
    """Content of the FASTA files, and conversions made while reading them."""
    unused = [name for name in CONVERSIONS if name in intake and not intake[name].any()]
    shown = intake.drop(columns=unused).rename(columns=lambda name: name.replace("_", " "))
    return section(
        "intake",
        "Contents of the FASTA files",
        "Contents of each file. Ambiguous residues are encoded as all residues that they may be. "
        "Comment lines, white space, gaps and the stop at a protein's end are left out; lower case "
        "and the U of RNA are read as A C G T. The columns of such changes are shown only if there "
        "were any.",
        "html",
        data=html_table(shown),
    )


def fold_sizes_section(sizes: pd.DataFrame, given: bool) -> Section:
    """Records of each class by role and fold."""
    where = (
        "as given. Without given validation records, a fraction of the training records is used. "
        "The audit shows whether sequences are in two roles."
        if given
        else "in each fold. Identical sequences are never in two roles."
    )
    return section(
        "fold_sizes",
        "Given split" if given else "Folds",
        "Records of each class for training, validation (early stopping, selection) and test "
        f"{where}",
        "html",
        data=html_table(sizes),
    )


def provenance_section(rows: pd.DataFrame) -> Section:
    """Origin of the numbers: software, settings and input files."""
    return section(
        "provenance",
        "Provenance",
        "Software, settings and the SHA-256 checksums of the input files. manifest.json contains "
        "the same and more.",
        "html",
        data=html_table(rows),
    )
