"""What a benchmark set is: its files, how it is split, what is read off, what to reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NEGATIVE, POSITIVE = "negative", "positive"


@dataclass(frozen=True)
class Part:
    """One FASTA file of a set; a row of its ``datasets.tsv``.

    Attributes
    ----------
    fasta : str
        Relative to the folder of the data.
    label : str or None
        Class of every record, or
    classes : str or None
        a file with one class a line (1 positive, 0 negative), in the order of the records.
    class_in_header : bool
        The header of a record is its class (1 positive, 0 negative) and no id. If none of the
        three is given, each record has a third line with a label a residue.
    split : {"train", "validation", "test"} or None
    """

    fasta: str
    label: str | None = None
    classes: str | None = None
    class_in_header: bool = False
    split: Literal["train", "validation", "test"] | None = None


@dataclass(frozen=True)
class Bar:
    """A metric that is reported, and what others reach on it.

    Attributes
    ----------
    metric : str
        As in ``evaluation/summary.tsv``.
    reach : float or None
        The target of the combination; None: above every single method.
    published : str
        From papers, mostly with other folds.
    plain : str
        The best plain methods on the same files and protocol, each at its defaults, measured apart
        from this package.
    """

    metric: str
    reach: float | None = None
    published: str = "–"
    plain: str = "–"

    @property
    def target(self) -> str:
        """The target in words."""
        return f"≥ {self.reach:.3f}" if self.reach is not None else "above every single method"


@dataclass(frozen=True)
class Entry:
    """One set under one protocol: one run of the workflow.

    Attributes
    ----------
    name : str
        Name of the dataset in the workflow.
    about : str
        What is told apart, for the table.
    alphabet : {"dna", "protein"}
    parts : tuple of Part
    bars : tuple of Bar
        Metrics to report; the first is the one that baselines are ranked by.
    folds : int or None
        Folds of the cross-validation; None: the split that came with the data.
    grouping : {"duplicates", "homology"}
        What never straddles a fold; in a given split, what never straddles training and validation.
    options : dict
        Of the dataset, beyond alphabet and positive class (``dataset_options`` of the workflow).
    audit : dict
        Checks of the audit that are to warn instead of stop, or the like.
    note : str
        What a reader of the score must know; part of the protocol in the table.
    unique_ids : bool
        Ids occur twice: the files are copied with numbered ids.
    without_twins : bool
        Test records whose sequence stands in another part are left out.
    variant : bool
        The same records under another protocol, to stand beside the first: one network, one seed.
    source : str
        Where the files come from.
    """

    name: str
    about: str
    alphabet: Literal["dna", "protein"]
    parts: tuple[Part, ...]
    bars: tuple[Bar, ...]
    folds: int | None = None
    grouping: Literal["duplicates", "homology"] = "duplicates"
    options: dict[str, Any] = field(default_factory=dict)
    audit: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    unique_ids: bool = False
    without_twins: bool = False
    variant: bool = False
    source: str = ""

    @property
    def protocol(self) -> str:
        """The protocol in words."""
        if self.folds is None:
            words = "given split"
            if self.grouping != "duplicates":
                words += f", validation by {self.grouping}"
        else:
            words = f"{self.folds}-fold, {self.grouping} grouped"
        return f"{words}; {self.note}" if self.note else words

    @property
    def positive(self) -> str | None:
        """The positive class of two."""
        labels = {part.label for part in self.parts} | {
            POSITIVE for part in self.parts if part.classes or part.class_in_header
        }
        return POSITIVE if POSITIVE in labels else None


def two_classes(positive: str, negative: str, split: Any = None) -> tuple[Part, Part]:
    """One FASTA of positives and one of negatives."""
    return Part(positive, POSITIVE, split=split), Part(negative, NEGATIVE, split=split)


def given_parts(pattern: str, splits: Mapping[str, Any]) -> tuple[Part, ...]:
    """FASTA files by split and label; ``pattern`` has ``{split}`` and ``{label}`` (1 or 0)."""
    return tuple(
        Part(pattern.format(split=name, label=code), label, split=role)
        for name, role in splits.items()
        for code, label in ((0, NEGATIVE), (1, POSITIVE))
    )
