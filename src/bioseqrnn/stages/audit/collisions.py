"""Checks of records that collide: repeats, leaks, conflicts, overlaps.

Each function is the check of the same name (``tables/checks.py``).
"""

from __future__ import annotations

import numpy as np

from bioseqrnn.stages.audit.audited import AuditedRecords, Finding, share
from bioseqrnn.stages.audit.pairs import earlier, opposites


def leakage(records: AuditedRecords) -> Finding:
    """Sequences that are in training and in test rows."""
    testing = records.in_test
    if testing is None:
        return Finding("Not applicable: the sheet does not define test records.")
    partners = opposites(records.on_any_strand, testing.astype(np.int64))
    found = partners >= 0
    turned = found & testing & (opposites(records.on_one_strand, testing.astype(np.int64)) < 0)
    strand = f" ({turned.sum():,} only as its reverse complement)" if turned.any() else ""
    return Finding(
        f"{share(int((found & testing).sum()), int(testing.sum()), 'test records')} have the "
        f"sequence of a training or validation record{strand}.",
        float(found.sum()), int(found.sum()), partners,
    )  # fmt: skip


def near_leakage(records: AuditedRecords) -> Finding:
    """Near-identical sequences in training and in test rows."""
    testing = records.in_test
    if testing is None:
        return Finding("Not applicable: the sheet does not define test records.")
    partners = opposites(records.clusters, testing.astype(np.int64))
    found = partners >= 0
    return Finding(
        f"{share(int((found & testing).sum()), int(testing.sum()), 'test records')} are "
        f"near-identical to a training or validation record ({records.near}).",
        float(found.sum()), int(found.sum()), partners,
    )  # fmt: skip


def label_conflicts(records: AuditedRecords) -> Finding:
    """Sequences that have two labels."""
    partners = opposites(records.same, records.table.targets)
    count = int((partners >= 0).sum())
    strand = " or its reverse complement" if records.both_strands else ""
    return Finding(
        f"{share(count, len(records))} have a sequence that{strand} also has another label.",
        float(count), count, partners,
    )  # fmt: skip


def duplicates(records: AuditedRecords) -> Finding:
    """Records that repeat the sequence of an earlier record."""
    partners = earlier(records.same)
    count = int((partners >= 0).sum())
    return Finding(
        f"{share(count, len(records))} repeat the sequence of an earlier record (identical "
        "sequences share a fold, so they cannot leak between folds).",
        count / len(records), count, partners,
    )  # fmt: skip


def reverse_complements(records: AuditedRecords) -> Finding:
    """Records that are the reverse complement of another record."""
    if not records.dna:
        return Finding("Not applicable: proteins have no reverse complement.")
    partners = opposites(records.on_any_strand, records.on_one_strand)
    count = int((partners >= 0).sum())
    text = f"{share(count, len(records))} are the reverse complement of another record"
    if records.both_strands:
        return Finding(f"{text}; 'strands: both' keeps the two in one fold.", None, count, partners)
    return Finding(f"{text}.", count / len(records), count, partners)


def near_duplicates(records: AuditedRecords) -> Finding:
    """Clusters of near-identical sequences with several labels."""
    partners = opposites(records.clusters, records.table.targets)
    count = int((partners >= 0).sum())
    return Finding(
        f"{share(count, len(records))} are in a cluster of near-identical sequences with a record "
        f"of another class ({records.near}).",
        count / len(records), count, partners,
    )  # fmt: skip


def overlaps(records: AuditedRecords) -> Finding:
    """Records that share a stretch with another one: overlapping windows, fragments."""
    found, testing = records.overlaps, records.in_test
    partners, total = found.partners, len(records)
    count = int((partners >= 0).sum())
    text = (
        f"{share(count, total)} share a stretch of at least {found.least} {records.letters} with "
    )
    text += "another record (overlapping windows or fragments)"
    if testing is not None:
        tested = found.beside(~testing) & testing
        text += f"; {share(int(tested.sum()), int(testing.sum()), 'test records')} share one with "
        text += "a training or validation record"
    text += f".{found.not_counted()}"
    return Finding(text, count / total, count, partners)
