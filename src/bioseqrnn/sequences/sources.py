"""Where the records of a dataset come from, and which class each belongs to."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file


@dataclass(frozen=True)
class Source:
    """One FASTA file of a dataset.

    Attributes
    ----------
    fasta : Path
    label : str or None
        The class of every record of the file, or
    labels : Path or None
        a TSV with columns ``id`` and ``label`` (and optionally ``group``).
    group : str or None
        The group of every record of the file: records of one group never straddle a fold.
    """

    fasta: Path
    label: str | None = None
    labels: Path | None = None
    group: str | None = None


def read_sheet(sheet: Path) -> list[tuple[int, dict[str, str]]]:
    """Read a tab-separated sheet with a header as (line number, {column: stripped text}).

    Blank cells and blank lines are left out; quotes are letters like any other.

    Raises
    ------
    InputError
        No such file, not UTF-8, no header, a row with more cells than the header.
    """
    require_file(sheet, "sheet")
    try:
        with sheet.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            rows = []
            for row in reader:
                if None in row:
                    raise InputError(f"{sheet}: line {reader.line_num}: more cells than the header")
                cells = {k.strip(): v.strip() for k, v in row.items() if v and v.strip()}
                if cells:
                    rows.append((reader.line_num, cells))
    except UnicodeDecodeError as error:
        raise InputError(f"{sheet}: not UTF-8 text; save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{sheet}: line {reader.line_num}: {error}; is it a table?") from error
    return rows


def sources_from_sheet(sheet: Path, dataset: str) -> list[Source]:
    """Return the sources of one dataset of ``datasets.tsv``, in the sheet's order."""
    rows = [row for _, row in read_sheet(sheet) if row.get("dataset") == dataset]
    if not rows:
        raise InputError(f"{sheet}: no row has the dataset '{dataset}'")
    for row in rows:
        if "fasta" not in row:
            raise InputError(f"{sheet}: a row of dataset '{dataset}' has no 'fasta'")
    return [
        Source(
            Path(row["fasta"]),
            row.get("label"),
            Path(row["labels"]) if "labels" in row else None,
            row.get("group"),
        )
        for row in rows
    ]


def check_sources(sources: Iterable[Source]) -> None:
    """Refuse a source without a class, with two kinds of class, or named twice."""
    seen: set[Path] = set()
    for source in sources:
        if (source.label is None) == (source.labels is None):
            raise InputError(
                f"{source.fasta}: give either 'label' (the class of the file) or 'labels' "
                "(a TSV of id and label), not both or neither"
            )
        if source.fasta in seen:
            raise InputError(f"{source.fasta}: the file stands twice in this dataset")
        seen.add(source.fasta)


class LabelFile:
    """A labels TSV: the class and group of each id, and how many of them were asked for.

    Raises
    ------
    InputError
        No such file, no ``id`` or ``label`` in a row, an id labelled twice, no row.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.used = 0
        self.table: dict[str, tuple[str, str | None]] = {}
        for number, row in read_sheet(path):
            if "id" not in row or "label" not in row:
                missing = "id" if "id" not in row else "label"
                raise InputError(
                    f"{path}: line {number} has no '{missing}' (columns: id, label[, group])"
                )
            if row["id"] in self.table:
                raise InputError(f"{path}: line {number}: id '{row['id']}' is labelled twice")
            self.table[row["id"]] = (row["label"], row.get("group"))
        if not self.table:
            raise InputError(f"{path}: no labels in it (columns: id, label[, group])")


class Labels:
    """The class (and group) of each record of one source.

    Parameters
    ----------
    source : Source
    files : dict of Path to LabelFile
        Label files read so far, so that sources can share one; a new one is added.
    """

    def __init__(self, source: Source, files: dict[Path, LabelFile]) -> None:
        self._source = source
        self._file: LabelFile | None = None
        if source.labels is not None:
            if source.labels not in files:
                files[source.labels] = LabelFile(source.labels)
            self._file = files[source.labels]

    def of(self, name: str) -> tuple[str, str | None]:
        """Return (label, group) of a record; an unlabelled record is an InputError."""
        source = self._source
        if source.label is not None:
            return source.label, source.group
        assert self._file is not None
        entry = self._file.table.get(name)
        if entry is None:
            raise InputError(
                f"{source.fasta}: record '{name}' has no label in {source.labels}; "
                "add a row for it or remove the record"
            )
        self._file.used += 1
        return entry[0], entry[1] or source.group

    @property
    def grouped(self) -> bool:
        """Whether a record of this source can have a group."""
        in_file = self._file is not None and any(group for _, group in self._file.table.values())
        return bool(self._source.group) or in_file

    @property
    def classes(self) -> set[str]:
        """Classes that this source can give."""
        if self._source.label is not None:
            return {self._source.label}
        assert self._file is not None
        return {label for label, _ in self._file.table.values()}


def order_classes(
    found: set[str], declared: list[str] | None, positive: str | None, where: str
) -> list[str]:
    """Return the classes in column order: as declared, else sorted; a positive one goes last.

    Raises
    ------
    InputError
        One class only; a class that was not declared; a positive class that does not exist.
    """

    def unknown(name: str, known: Iterable[str], what: str) -> InputError:
        close = difflib.get_close_matches(name, list(known), n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        return InputError(f"{where}: {what} '{name}' is unknown (known: {', '.join(known)}){hint}")

    if declared is not None:
        if len(set(declared)) < len(declared):
            raise InputError(f"{where}: the classes name one twice: {', '.join(declared)}")
        for label in sorted(found):
            if label not in declared:
                raise unknown(label, declared, "class")
    classes = [c for c in declared if c in found] if declared is not None else sorted(found)
    if len(classes) < 2:
        raise InputError(
            f"{where}: one class only ('{classes[0]}'); a classifier needs records of at least two"
        )
    if positive is not None:
        if positive not in classes:
            raise unknown(positive, classes, "positive class")
        classes = [c for c in classes if c != positive] + [positive]
    return classes
