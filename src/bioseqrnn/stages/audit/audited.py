"""The records that are audited, and the finding of a check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bioseqrnn.onehot.twins import number, sequence_digests
from bioseqrnn.similarity.overlaps.search import Overlaps, find_overlaps
from bioseqrnn.stages.audit import shortcuts
from bioseqrnn.stages.audit.similar import COVERAGE, similarity_clusters
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.sequences import CLASS_TASKS, SequenceTable


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    Attributes
    ----------
    explanation : str
        One sentence for a biologist, with the number in it.
    value : float or None
        None if the check does not apply.
    records : int or None
        Number of records that it is about.
    partners : int64 [n] or None
        For each record the one that it collides with, -1 for none.
    """

    explanation: str
    value: float | None = None
    records: int | None = None
    partners: Ints | None = None


class AuditedRecords:
    """The records of a dataset, with data that several checks need."""

    def __init__(self, table: SequenceTable, identity: float) -> None:
        self.table, self.identity = table, identity
        self.dna = table.alphabet.name == "dna"
        self.both_strands = table.metadata["strands"] == "both"
        self.classes = table.metadata["task"] in CLASS_TASKS
        self.splits = table.splits

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def on_one_strand(self) -> Ints:
        """Number of each record's sequence, on the given strand only: int64 [n]."""
        return number(sequence_digests(self.table.packed, both_strands=False))

    @cached_property
    def on_any_strand(self) -> Ints:
        """Number of each record's sequence, in DNA shared by its reverse complement: int64 [n]."""
        if not self.dna:
            return self.on_one_strand
        return number(sequence_digests(self.table.packed, both_strands=True))

    @property
    def same(self) -> Ints:
        """Number of each record's sequence, on one or both strands as set for it: int64 [n]."""
        return self.on_any_strand if self.both_strands else self.on_one_strand

    @cached_property
    def clusters(self) -> Ints:
        """Number of each record's cluster of near-identical sequences: int64 [n]."""
        table = self.table
        return similarity_clusters(table.packed, self.on_any_strand, table.alphabet, self.identity)

    @cached_property
    def overlaps(self) -> Overlaps:
        """Sequences that share a stretch."""
        return find_overlaps(self.table.packed, self.table.alphabet)

    @property
    def in_test(self) -> npt.NDArray[np.bool_] | None:
        """Whether the sheet has a record in test; None without both test and other records."""
        if self.splits is None:
            return None
        testing = np.array([split == "test" for split in self.splits])
        return testing if testing.any() and not testing.all() else None

    @cached_property
    def drawn(self) -> Ints:
        """Rows of the sample of records for shortcuts."""
        return shortcuts.draw(len(self))

    @property
    def letters(self) -> str:
        """Name of the residues of a stretch in sentences."""
        return "nt (on either strand)" if self.dna else "residues"

    @property
    def near(self) -> str:
        """Definition of near-identical in words."""
        strands = ", on either strand" if self.dna else ""
        return (
            f"at least {100 * self.identity:g} % identical over {100 * COVERAGE:g} % of both "
            f"sequences{strands}"
        )


def share(count: int, total: int, what: str = "records") -> str:
    """Write ``3.2 % of the records (25 of 786)``, or ``None of the 786 records``."""
    if count == 0:
        return f"None of the {total:,} {what}"
    return f"{100 * count / max(total, 1):.3g} % of the {what} ({count:,} of {total:,})"
