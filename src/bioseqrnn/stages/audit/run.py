"""The audit job: it reads a sequence table, writes findings of all checks and flagged records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from bioseqrnn.similarity.mmseqs import SimilarityError
from bioseqrnn.stages.audit.audited import AuditedRecords, Finding
from bioseqrnn.stages.audit.looks import LOOKS
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import say
from bioseqrnn.support.io import read_parquet
from bioseqrnn.tables.audit import FAILED, MADE, NOT_APPLICABLE
from bioseqrnn.tables.checks import CHECKS
from bioseqrnn.tables.declared.data import FINDINGS, FLAGGED
from bioseqrnn.tables.sequences import SequenceTable, read_sequences

MOST_FLAGGED = 10_000


def audit_sequences(
    sequences: Path, findings: Path, flagged: Path, *, identity: float, where: str = "dataset"
) -> None:
    """Run every check on a sequence table; write ``findings.tsv`` and ``flagged.tsv``."""
    table = read_sequences(sequences)
    sources = read_parquet(sequences, "sequence table", ["source"])[0].column("source").to_pylist()
    # the rounding of sums in BLAS depends on the number of threads
    with threadpool_limits(1):
        found, listed = make_checks(table, sources, identity)
    with together():
        FLAGGED.write(flagged, listed)
        FINDINGS.write(findings, found)
    say(f"{where}: {len(found)} checks of {len(table):,} records")


def make_checks(
    table: SequenceTable, sources: list[str], identity: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run every check.

    Parameters
    ----------
    table : SequenceTable
    sources : list of str [n]
        FASTA file of each record.
    identity : float
        Identity, 0 to 1, from which two sequences are near-identical.

    Returns
    -------
    findings, flagged : DataFrame
        As ``findings.tsv`` and ``flagged.tsv``.
    """
    records = AuditedRecords(table, identity)
    rows, flagged = [], []
    for name, check in CHECKS.items():
        state = MADE
        if check.of_classes and not records.classes:
            finding = Finding("Not applicable: the records have no single class.")
        else:
            try:
                finding = LOOKS[name](records)
            except SimilarityError as error:
                state, finding = FAILED, Finding(f"Not checked: {error}.")
        if finding.value is None and state == MADE:
            state = NOT_APPLICABLE
        rows.append([name, state, finding.value, finding.records, finding.explanation])
        if finding.partners is not None:
            flagged.append(_flagged(name, records, sources, finding.partners))
    findings = FINDINGS.frame(rows).astype({"value": "float64", "records": "Int64"})
    return findings, pd.concat([FLAGGED.frame([]), *flagged])


def _flagged(
    name: str, records: AuditedRecords, sources: list[str], partners: Ints
) -> pd.DataFrame:
    """List the records that have a partner, in the order of the table."""
    table = records.table

    def describe(row: int) -> list[str]:
        label = table.classes[table.targets[row]] if records.classes else ""
        split = records.splits[row] if records.splits is not None else ""
        return [table.ids[row], sources[row], label, split]

    rows = np.flatnonzero(partners >= 0)[:MOST_FLAGGED].tolist()
    lines = [[name, *describe(row), *describe(int(partners[row]))] for row in rows]
    return FLAGGED.frame(lines)
