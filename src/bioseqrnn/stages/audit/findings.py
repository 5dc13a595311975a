"""What the audit looks for: everything that makes a score look better than the model is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bioseqrnn.onehot.decoding import ambiguous_residues, first_residues, residue_shares
from bioseqrnn.onehot.twins import number, sequence_digests
from bioseqrnn.similarity.overlaps.search import Overlaps, find_overlaps
from bioseqrnn.stages.audit import shortcuts
from bioseqrnn.stages.audit.pairs import earlier, opposites
from bioseqrnn.stages.audit.similar import COVERAGE, similarity_clusters
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.sequences import CLASS_TASKS, SequenceTable

# Shares of ambiguous residues of two classes that differ more than threefold are pointed out, where
# the larger one is not a few letters only
NOTABLE_AMBIGUITY, NOTABLE_RATIO = 0.001, 3


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    explanation : str
        One sentence for a biologist, with the number in it.
    value : float or None
        None where the check does not apply.
    records : int or None
        How many records it is about.
    partners : int64 [n] or None
        For each record the one that it collides with, -1 where none does.
    """

    explanation: str
    value: float | None = None
    records: int | None = None
    partners: Ints | None = None


class Records:
    """The records of a dataset, and what several checks need to know of them."""

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
        """Number of the sequence as it is written: int64 [n]."""
        return number(sequence_digests(self.table.packed, both_strands=False))

    @cached_property
    def on_any_strand(self) -> Ints:
        """The same number also for a reverse complement, of DNA: int64 [n]."""
        if not self.dna:
            return self.on_one_strand
        return number(sequence_digests(self.table.packed, both_strands=True))

    @property
    def same(self) -> Ints:
        """Number of the sequence as the dataset's strands mean it: int64 [n]."""
        return self.on_any_strand if self.both_strands else self.on_one_strand

    @cached_property
    def clusters(self) -> Ints:
        """Number of the cluster of near-identical sequences: int64 [n]."""
        table = self.table
        return similarity_clusters(table.packed, self.on_any_strand, table.alphabet, self.identity)

    @cached_property
    def overlaps(self) -> Overlaps:
        """Sequences that share a stretch."""
        return find_overlaps(self.table.packed, self.table.alphabet)

    @property
    def in_test(self) -> npt.NDArray[np.bool_] | None:
        """Whether the sheet says that a record tests; None where it does not say so of any."""
        if self.splits is None:
            return None
        testing = np.array([split == "test" for split in self.splits])
        return testing if testing.any() and not testing.all() else None

    @cached_property
    def drawn(self) -> Ints:
        """Rows that shortcuts are looked for in."""
        return shortcuts.draw(len(self))

    @property
    def letters(self) -> str:
        """What the residues of a stretch are called."""
        return "nt (on either strand)" if self.dna else "residues"

    @property
    def near(self) -> str:
        """What near-identical means."""
        strands = ", on either strand" if self.dna else ""
        return (
            f"at least {100 * self.identity:g} % identical over {100 * COVERAGE:g} % of "
            f"both{strands}"
        )


def share(count: int, total: int, what: str = "records") -> str:
    """Write ``3.2 % of the records (25 of 786)``, or ``None of the 786 records``."""
    if count == 0:
        return f"None of the {total:,} {what}"
    return f"{100 * count / max(total, 1):.3g} % of the {what} ({count:,} of {total:,})"


def leakage(records: Records) -> Finding:
    """Sequences that stand in training and test rows alike."""
    testing = records.in_test
    if testing is None:
        return Finding("Not applicable: the sheet does not say which records test.")
    partners = opposites(records.on_any_strand, testing.astype(np.int64))
    found = partners >= 0
    turned = found & testing & (opposites(records.on_one_strand, testing.astype(np.int64)) < 0)
    strand = f" ({turned.sum():,} only as its reverse complement)" if turned.any() else ""
    return Finding(
        f"{share(int((found & testing).sum()), int(testing.sum()), 'test records')} have the "
        f"sequence of a training or validation record{strand}.",
        float(found.sum()), int(found.sum()), partners,
    )  # fmt: skip


def near_leakage(records: Records) -> Finding:
    """Near-identical sequences that stand in training and test rows."""
    testing = records.in_test
    if testing is None:
        return Finding("Not applicable: the sheet does not say which records test.")
    partners = opposites(records.clusters, testing.astype(np.int64))
    found = partners >= 0
    return Finding(
        f"{share(int((found & testing).sum()), int(testing.sum()), 'test records')} are "
        f"near-identical to a training or validation record ({records.near}).",
        float(found.sum()), int(found.sum()), partners,
    )  # fmt: skip


def label_conflicts(records: Records) -> Finding:
    """One sequence under two labels."""
    partners = opposites(records.same, records.table.targets)
    count = int((partners >= 0).sum())
    strand = " or its reverse complement" if records.both_strands else ""
    return Finding(
        f"{share(count, len(records))} have a sequence that{strand} also stands under another "
        "label.",
        float(count), count, partners,
    )  # fmt: skip


def duplicates(records: Records) -> Finding:
    """Records whose sequence stood before."""
    partners = earlier(records.same)
    count = int((partners >= 0).sum())
    return Finding(
        f"{share(count, len(records))} repeat the sequence of an earlier record (identical "
        "sequences share a fold, so they cannot leak between folds).",
        count / len(records), count, partners,
    )  # fmt: skip


def reverse_complements(records: Records) -> Finding:
    """Records that are another record read from the other strand."""
    if not records.dna:
        return Finding("Not applicable: proteins have no reverse complement.")
    partners = opposites(records.on_any_strand, records.on_one_strand)
    count = int((partners >= 0).sum())
    text = f"{share(count, len(records))} are the reverse complement of another record"
    if records.both_strands:
        return Finding(f"{text}; 'strands: both' keeps the two in one fold.", None, count, partners)
    return Finding(f"{text}.", count / len(records), count, partners)


def near_duplicates(records: Records) -> Finding:
    """Clusters of near-identical sequences with several labels."""
    partners = opposites(records.clusters, records.table.targets)
    count = int((partners >= 0).sum())
    return Finding(
        f"{share(count, len(records))} are in a cluster of near-identical sequences with a record "
        f"of another class ({records.near}).",
        count / len(records), count, partners,
    )  # fmt: skip


def overlaps(records: Records) -> Finding:
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


def length(records: Records) -> Finding:
    """AUC of the length."""
    rows = records.drawn
    found = shortcuts.by_value(records.table.lengths[rows], records.table.targets[rows])
    return _shortcut(records, "length", found)


def composition(records: Records) -> Finding:
    """AUC of the shares of the residues."""
    table, rows = records.table, records.drawn
    features = residue_shares(table.packed, rows, table.alphabet)
    found = shortcuts.by_features(features, table.targets[rows], records.same[rows])
    return _shortcut(records, "residue composition", found)


def first_residue(records: Records) -> Finding:
    """AUC of the first residue."""
    table, rows = records.table, records.drawn
    features = first_residues(table.packed, rows, table.alphabet)
    found = shortcuts.by_features(features, table.targets[rows], records.same[rows])
    return _shortcut(records, "first residue", found)


def _shortcut(records: Records, what: str, found: shortcuts.Shortcut) -> Finding:
    names, drawn = records.table.classes, len(records.drawn)
    rest = f"'{names[1 - found.code]}'" if len(names) == 2 else "the other classes"
    some = "" if drawn == len(records) else f"; {drawn:,} records drawn at random"
    return Finding(
        f"The {what} alone tells '{names[found.code]}' from {rest} with an AUC of "
        f"{found.auc:.3f} (0.5 is chance, 1 is certain{some}).",
        found.auc, drawn,
    )  # fmt: skip


def class_balance(records: Records) -> Finding:
    """Share of the rarest class."""
    table = records.table
    counts = np.bincount(table.targets, minlength=len(table.classes))
    rarest = int(counts.argmin())
    return Finding(
        f"The rarest class, '{table.classes[rarest]}', has "
        f"{share(int(counts[rarest]), len(records))}.",
        float(counts[rarest] / len(records)), int(counts[rarest]),
    )  # fmt: skip


def ambiguity(records: Records) -> Finding:
    """Share of ambiguous residues, and whether it differs between classes."""
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
                f"{100 * shares[least]:.3g} % of '{table.classes[least]}', which alone may tell "
                "the two apart"
            )
    return Finding(f"{text}.", float(counts.sum() / table.lengths.sum()), int((counts > 0).sum()))


# in the order of the table; True: the check is about classes
CHECKS: dict[str, tuple[Callable[[Records], Finding], bool]] = {
    "leakage": (leakage, False),
    "near_leakage": (near_leakage, False),
    "label_conflicts": (label_conflicts, True),
    "duplicates": (duplicates, False),
    "reverse_complements": (reverse_complements, False),
    "near_duplicates": (near_duplicates, True),
    "overlaps": (overlaps, False),
    "length": (length, True),
    "composition": (composition, True),
    "first_residue": (first_residue, True),
    "class_balance": (class_balance, True),
    "ambiguity": (ambiguity, False),
}
