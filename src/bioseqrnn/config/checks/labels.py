"""Checks of the sources of a dataset's labels, and of the classes that it will have."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioseqrnn.config.checks.columns import Columns
from bioseqrnn.config.checks.files import COMPRESSIONS, InStorage, check_file
from bioseqrnn.config.checks.tables import TextTable, open_text
from bioseqrnn.config.checks.text import suggestion
from bioseqrnn.config.choices import LABEL_KINDS
from bioseqrnn.support.errors import InputError

if TYPE_CHECKING:
    from bioseqrnn.config.checks.settings import Origins

KINDS = tuple(LABEL_KINDS)
SPLITS = ("train", "validation", "test")
# columns of a labels TSV
COLUMNS = Columns(
    ("id", "label"),
    ("group",),
    {"name": "id", "accession": "id", "header": "id", "seqid": "id", "sequenceid": "id",
     "recordid": "id", "class": "label", "target": "label", "value": "label", "y": "label"},
)  # fmt: skip

Row = Mapping[str, Any]
Options = Mapping[str, Any]


@dataclass(frozen=True)
class Named:
    """One FASTA file of a dataset, as given in a row of the sheet or on the command line.

    Attributes
    ----------
    where : str
        Beginning of the messages about it.
    fasta : str
    given : collection of str
        The kinds of labels that it has, from ``KINDS``.
    split : str or None
    """

    where: str
    fasta: str
    given: Collection[str]
    split: str | None = None


def check_label_kind(named: Named, per_position: bool) -> None:
    """Refuse a file without a kind of label, or with two of them.

    With ``per_position`` the labels are in the FASTA file itself, and no other can be given.
    """
    given = [kind for kind in KINDS if kind in named.given]
    if per_position and given:
        raise InputError(
            f"{named.where}: '{given[0]}' is given, but with task per_position the labels are in "
            "the third line of each record; remove it"
        )
    if not per_position and len(given) != 1 and given != ["label", "intervals"]:
        raise InputError(
            f"{named.where}: give either 'label' (the class of the file) or 'labels' (a TSV of id "
            "and label), 'label_key' (of the headers) or 'intervals' (of a genome)"
        )


def check_files_of(dataset: str, files: Iterable[Named]) -> None:
    """Refuse files of a dataset that are named twice. A genome can have several interval files.

    Parameters
    ----------
    dataset : str
        Name of the dataset in messages.
    files : iterable of Named
    """
    seen = set()
    for named in files:
        if named.fasta in seen and "intervals" not in named.given:
            what = "the file" if named.where == named.fasta else f"'{named.fasta}'"
            raise InputError(f"{named.where}: {what} appears twice in {dataset}")
        seen.add(named.fasta)


def check_split(where: str, files: Iterable[Named]) -> None:
    """Refuse a split that some files of a dataset lack, or without training or test files."""
    first: dict[str | None, str] = {}
    for named in files:
        first.setdefault(named.split, named.fasta)
    without = first.pop(None, None)
    if first and without is not None:
        raise InputError(
            f"{where} has 'split' in some rows, like the row of '{next(iter(first.values()))}', "
            f"but not in others, like the row of '{without}'; give it in all rows or in none"
        )
    if first and not {"train", "test"} <= set(first):
        raise InputError(f"{where} has 'split', which needs both train and test rows")


@functools.cache
def labels_in(path: str) -> frozenset[str] | None:
    """Return the classes in a labels TSV, which several rows can share; None if it is compressed.

    Raises
    ------
    InputError
        The header is not that of a labels TSV; ``encode`` checks the rest.
    """
    with open(path, "rb") as handle:  # noqa: PTH123 - as text like all paths here
        if handle.read(6).startswith(tuple(COMPRESSIONS)):
            return None
    with open_text(path) as lines:
        labels = {row[1] for _, row in TextTable(path, COLUMNS).read(lines)}
    return frozenset(labels - {""})


def known_labels(rows: Iterable[Row], options: Options, in_storage: InStorage) -> set[str] | None:
    """Return the classes that a dataset can have; None if they are known only from its records."""
    if options.get("task", "classification") != "classification":
        return None
    labels: set[str] = set()
    for row in rows:
        if "label" in row:
            labels.add(row["label"])
        elif "labels" in row and not in_storage(row["labels"]):
            held = labels_in(row["labels"])
            if held is None:
                return None
            labels |= held
        else:
            return None
    made = made_class(options)
    return labels | {made} if made else labels


def made_class(options: Options) -> str | None:
    """Return the class of the negatives to be made; None if none are made."""
    negatives = options.get("negatives", {})
    if negatives.get("method", "none") == "none":
        return None
    label: str = negatives.get("label", "negative")
    return label


def check_negatives(
    dataset: str, rows: Iterable[Row], settings: Any, origins: Origins, in_storage: InStorage
) -> None:
    """Refuse negatives that cannot be made."""
    options = settings["dataset_options"].get(dataset, {})
    place = ("dataset_options", dataset, "negatives")
    where = f"{origins.at(*place)}: {'.'.join(place)}"
    made = made_class(options)
    if made is None:
        return
    if options.get("task", "classification") != "classification":
        raise InputError(
            f"{where}: negatives are a class, but task {options['task']} has no classes"
        )
    if made in {row.get("label") for row in rows}:
        raise InputError(
            f"{settings['datasets']}: class '{made}' of '{dataset}' is also the class of its made "
            f"negatives; set dataset_options.{dataset}.negatives.label to another"
        )
    negatives = options["negatives"]
    if negatives["method"] == "genome":
        if not negatives.get("genome"):
            raise InputError(f"{where}: method genome needs 'genome'")
        check_file(where, negatives["genome"], in_storage)


def check_coding(dataset: str, settings: Any, origins: Origins) -> None:
    """Refuse a class of coding bases without an opposite one, of which genes cannot be made."""
    options = settings["dataset_options"].get(dataset, {})
    coding, pairs = options.get("coding"), options.get("opposite") or {}
    if coding is None:
        return
    others = {*(n for n, m in pairs.items() if n != m), *(m for n, m in pairs.items() if n != m)}
    if coding not in others:
        where = origins.at("dataset_options", dataset, "coding")
        raise InputError(
            f"{where}: dataset_options.{dataset}.coding: class '{coding}' has no opposite class, "
            f"which that of genes on the other strand is; name it in dataset_options.{dataset}"
            ".opposite"
        )


def check_classes(
    dataset: str, rows: list[dict[str, Any]], settings: Any, origins: Origins, in_storage: InStorage
) -> None:
    """Refuse unknown and missing classes of one dataset."""
    options = settings["dataset_options"].get(dataset, {})
    labels = known_labels(rows, options, in_storage)
    if labels is None:
        return
    sheet, declared = settings["datasets"], options.get("classes")
    # a labels TSV can contain classes of other records
    made = made_class(options)
    certain = {row["label"] for row in rows if "label" in row} | ({made} if made else set())
    for label in sorted(certain):
        if declared is not None and label not in declared:
            raise InputError(
                f"{sheet}: class '{label}' of '{dataset}' is not in dataset_options.{dataset}"
                f".classes; {suggestion(label, declared)}"
            )
    if len(labels) < 2:
        raise InputError(
            f"{sheet}: dataset '{dataset}' has only one class ({', '.join(labels)}); a classifier "
            "needs records of at least two (or make negatives with "
            f"dataset_options.{dataset}.negatives)"
        )
    positive = options.get("positive")
    if positive is not None and positive not in labels:
        where = origins.at("dataset_options", dataset, "positive")
        raise InputError(
            f"{where}: dataset_options.{dataset}.positive: unknown class '{positive}'; "
            f"{suggestion(positive, labels)}"
        )
