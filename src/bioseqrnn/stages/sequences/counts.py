"""Counts of each source, made while it is encoded: the rows of ``intake.tsv``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.fasta.conversions import COUNTS, Conversions
from bioseqrnn.fasta.records import PackedRecords

# If there are more, only their number is given
MOST_CLASSES = 50


class SourceCounts:
    """Counts of one source; memory grows only with the number of distinct lengths.

    Parameters
    ----------
    name, label : str
        As written in the table; an empty label is replaced by the classes found.

    Attributes
    ----------
    classes : set of str
        Classes found so far.
    """

    def __init__(self, name: str, label: str) -> None:
        self.name, self.label = name, label
        self.classes: set[str] = set()
        self.conversions = Conversions()
        self.records = 0
        self._lengths: dict[int, int] = {}

    def add(self, records: PackedRecords, classes: set[str]) -> None:
        """Count some records, and add their classes."""
        self.records += len(records)
        self.classes |= classes
        self.conversions.add(records.conversions)
        lengths = records.packed.lengths
        if len(lengths) and (lengths == lengths[0]).all():
            distinct, counts = lengths[:1], np.array([len(lengths)])
        else:
            distinct, counts = np.unique(lengths, return_counts=True)
        for length, count in zip(distinct.tolist(), counts.tolist(), strict=True):
            self._lengths[length] = self._lengths.get(length, 0) + count

    def row(self) -> dict[str, Any]:
        """Return the source's row of ``intake.tsv``."""
        lengths = np.array(sorted(self._lengths), np.int64)
        counts = np.array([self._lengths[length] for length in lengths.tolist()])
        # the two middle records, which are the same one if the number of records is odd
        middle = [(self.records + 1) // 2, self.records // 2 + 1]
        ambiguous = self.conversions.ambiguous
        return {
            "source": self.name,
            "label": self.label or self._found(),
            "records": self.records,
            "residues": int((lengths * counts).sum()),
            "min_length": int(lengths[0]),
            "median_length": float(lengths[np.searchsorted(np.cumsum(counts), middle)].mean()),
            "max_length": int(lengths[-1]),
            **{name: getattr(self.conversions, name) for name in COUNTS},
            "ambiguous_residues": sum(ambiguous.values()),
            "ambiguity_codes": ";".join(f"{k}={v}" for k, v in sorted(ambiguous.items())),
        }

    def _found(self) -> str:
        if len(self.classes) > MOST_CLASSES:
            return f"{len(self.classes):,} classes"
        return ",".join(sorted(self.classes))


def counts_table(sources: list[SourceCounts]) -> pd.DataFrame:
    """Return one row for each source that has records."""
    return pd.DataFrame([counts.row() for counts in sources if counts.records])
