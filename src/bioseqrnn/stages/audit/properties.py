"""Checks of properties that distinguish classes without biology, and of data quality.

Each function is the check of the same name (``tables/checks.py``).
"""

from __future__ import annotations

import numpy as np

from bioseqrnn.onehot.decoding import ambiguous_residues, first_residues, residue_shares
from bioseqrnn.stages.audit import shortcuts
from bioseqrnn.stages.audit.audited import AuditedRecords, Finding, share

# A difference in ambiguous residues between classes is reported if the largest fraction exceeds the
# first number, and also the smallest fraction times the second number
NOTABLE_AMBIGUITY, NOTABLE_RATIO = 0.001, 3


def length(records: AuditedRecords) -> Finding:
    """AUC of the sequence length as a predictor of the class."""
    rows = records.drawn
    found = shortcuts.by_value(records.table.lengths[rows], records.table.targets[rows])
    return _shortcut(records, "length", found)


def composition(records: AuditedRecords) -> Finding:
    """AUC of the residue composition as a predictor of the class."""
    table, rows = records.table, records.drawn
    features = residue_shares(table.packed, rows, table.alphabet)
    found = shortcuts.by_features(features, table.targets[rows], records.same[rows])
    return _shortcut(records, "residue composition", found)


def first_residue(records: AuditedRecords) -> Finding:
    """AUC of the first residue as a predictor of the class."""
    table, rows = records.table, records.drawn
    features = first_residues(table.packed, rows, table.alphabet)
    found = shortcuts.by_features(features, table.targets[rows], records.same[rows])
    return _shortcut(records, "first residue", found)


def _shortcut(records: AuditedRecords, what: str, found: shortcuts.Shortcut) -> Finding:
    names, drawn = records.table.classes, len(records.drawn)
    rest = f"'{names[1 - found.code]}'" if len(names) == 2 else "the other classes"
    some = "" if drawn == len(records) else f"; {drawn:,} records drawn at random"
    return Finding(
        f"The {what} alone separates '{names[found.code]}' from {rest} with an AUC of "
        f"{found.auc:.3f} (0.5 is chance, 1 is perfect{some}).",
        found.auc, drawn,
    )  # fmt: skip


def class_balance(records: AuditedRecords) -> Finding:
    """Fraction of the records that are in the rarest class."""
    table = records.table
    counts = np.bincount(table.targets, minlength=len(table.classes))
    rarest = int(counts.argmin())
    return Finding(
        f"The rarest class, '{table.classes[rarest]}', has "
        f"{share(int(counts[rarest]), len(records))}.",
        float(counts[rarest] / len(records)), int(counts[rarest]),
    )  # fmt: skip


def ambiguity(records: AuditedRecords) -> Finding:
    """Fraction of ambiguous residues, and whether it differs between classes."""
    table = records.table
    counts = ambiguous_residues(table.packed, table.alphabet)
    text = f"{share(int(counts.sum()), int(table.lengths.sum()), 'residues')} are ambiguous"
    if records.classes:
        size = len(table.classes)
        residues = np.bincount(table.targets, table.lengths, size)
        shares = np.bincount(table.targets, counts, size) / np.maximum(residues, 1)
        most, least = int(shares.argmax()), int(shares.argmin())
        if shares[most] > max(NOTABLE_AMBIGUITY, NOTABLE_RATIO * shares[least]):
            text += (
                f": {100 * shares[most]:.3g} % of '{table.classes[most]}' but "
                f"{100 * shares[least]:.3g} % of '{table.classes[least]}', which alone may "
                "separate the two classes"
            )
    return Finding(f"{text}.", float(counts.sum() / table.lengths.sum()), int((counts > 0).sum()))
