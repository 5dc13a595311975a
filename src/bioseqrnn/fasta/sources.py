"""The sources of a dataset: its FASTA files and the files of labels and intervals."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bioseqrnn.config.checks import files
from bioseqrnn.config.checks.columns import Columns
from bioseqrnn.config.checks.labels import (
    KINDS,
    SPLITS,
    Named,
    check_files_of,
    check_label_kind,
    check_split,
)
from bioseqrnn.config.checks.tables import sheet_rows
from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.class_names import plain_form
from bioseqrnn.fasta.user_tables import open_table
from bioseqrnn.support.errors import InputError

SHEET = Columns(("dataset", "fasta"), (*KINDS, "split", "group"))


@dataclass(frozen=True)
class Source:
    """One FASTA file of a dataset, and where its labels are.

    Attributes
    ----------
    fasta : Path
    label : str or None
        The label of every record of the file, or
    labels : Path or None
        a TSV with columns ``id`` and ``label`` (and optionally ``group``), or
    label_key : str or None
        the key of the label in each header (``key=label``), or
    intervals : Path or None
        BED or TSV: the records are windows of the file, which is a genome. ``label`` may also be
        given, for all of them.
    group : str or None
        The group of every record of the file: all records of a group are in the same fold.
    split : {"train", "validation", "test"} or None
        Use of the file; given in every row of a dataset or in none.
    """

    fasta: Path
    label: str | None = None
    labels: Path | None = None
    label_key: str | None = None
    intervals: Path | None = None
    group: str | None = None
    split: str | None = None

    @property
    def origin(self) -> Path:
        """The file that names the records: for windows of a genome, the file of intervals."""
        return self.intervals or self.fasta


def read_sheet(sheet: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of ``datasets.tsv`` as (line number, {column: stripped text}).

    Blank cells and blank lines are left out; quotes are read like any other character.

    Raises
    ------
    InputError
        No such file, not UTF-8, no header, an unknown column, a row with more cells than the
        header.
    """
    with open_table(sheet, "sheet") as lines:
        yield from sheet_rows(sheet, lines, SHEET)


def sources_from_sheet(sheet: Path, dataset: str) -> list[Source]:
    """Return the sources of one dataset of ``datasets.tsv``, in the sheet's order."""
    rows = [(line, row) for line, row in read_sheet(sheet) if row.get("dataset") == dataset]
    if not rows:
        raise InputError(f"{sheet}: no row has the dataset '{dataset}'")
    sources = []
    for line, row in rows:
        if "fasta" not in row:
            raise InputError(f"{sheet}: line {line}: 'fasta' is empty")
        if row.get("split", SPLITS[0]) not in SPLITS:
            raise InputError(
                f"{sheet}: line {line}: split '{row['split']}' is not allowed; it must be one of "
                f"{', '.join(SPLITS)}"
            )
        source = Source(
            Path(row["fasta"]),
            label=row.get("label"),
            labels=Path(row["labels"]) if "labels" in row else None,
            label_key=row.get("label_key"),
            intervals=Path(row["intervals"]) if "intervals" in row else None,
            group=row.get("group"),
            split=row.get("split"),
        )
        found = find_fasta(row["fasta"], f"{sheet}: line {line}")
        sources += [replace(source, fasta=path) for path in found]
    return sources


def moved(
    sources: list[Source], options: DatasetOptions, files: list[str]
) -> tuple[list[Source], DatasetOptions]:
    """Return sources and options with the present paths of the files.

    Parameters
    ----------
    files : list of str
        One path for each file named by sources and options, in the order of first mention: FASTA,
        labels and intervals of each source, then the genome of made negatives.

    Raises
    ------
    InputError
        The number of files is wrong.
    """
    names = [
        name
        for source in sources
        for name in (source.fasta, source.labels, source.intervals)
        if name is not None
    ]
    genome = options.negatives.genome
    names += [Path(genome)] if genome else []
    names = list(dict.fromkeys(names))
    if len(files) != len(names):
        raise InputError(
            f"{len(files)} files are given, but the dataset has {len(names)}: "
            + ", ".join(map(str, names))
        )
    now: dict[Path | None, Path] = dict(zip(names, map(Path, files), strict=True))
    sources = [
        replace(
            source,
            fasta=now[source.fasta],
            labels=now.get(source.labels),
            intervals=now.get(source.intervals),
        )
        for source in sources
    ]
    if genome:
        negatives = options.negatives.model_copy(update={"genome": str(now[Path(genome)])})
        options = options.model_copy(update={"negatives": negatives})
    return sources, options


def genome_names(sources: list[Source], options: DatasetOptions) -> dict[Path, str]:
    """Return a name for each genome that windows are cut from, by its resolved path.

    It is the name of the file, or the path as given if two genomes have the same file name.
    """
    genomes = [source.fasta for source in sources if source.intervals]
    genomes += [Path(options.negatives.genome)] if options.negatives.genome else []
    found: dict[Path, Path] = {}
    for genome in genomes:
        found.setdefault(genome.resolve(), genome)
    clash = len({path.name for path in found.values()}) < len(found)
    return {real: str(path) if clash else path.name for real, path in found.items()}


def find_fasta(text: str, where: str = "--fasta") -> list[Path]:
    """Return the files that a cell ``fasta`` names; see ``files.find_fasta``.

    ``where`` is the beginning of the message of an InputError.
    """
    return [Path(name) for name in files.find_fasta(where, text)]


def check_sources(sources: Iterable[Source], per_position: bool) -> None:
    """Refuse sources with no or two kinds of label, named twice, or only some with a split.

    With ``per_position``, the labels are in the FASTA file itself, and no others may be given.
    """
    named = []
    for source in sources:
        if source.label is not None and not source.label.strip():
            raise InputError(f"{source.fasta}: the label is empty; give the class of its records")
        if source.label_key is not None and not source.label_key.strip():
            raise InputError(f"{source.fasta}: label_key is empty; give the text before '='")
        given = [kind for kind in KINDS if getattr(source, kind) is not None]
        named.append(Named(str(source.fasta), str(source.fasta), given, source.split))
        check_label_kind(named[-1], per_position)
    check_files_of("the dataset", named)
    check_split("the dataset", named)


def order_classes(
    found: set[str], declared: list[str] | None, positive: str | None, where: str, least: int = 2
) -> list[str]:
    """Return the classes in column order: as declared, else sorted; a positive class is last.

    Raises
    ------
    InputError
        Fewer than ``least`` classes; a class that was not declared; an unknown positive class.
    """

    def unknown(name: str, known: Iterable[str], what: str) -> InputError:
        plain = {plain_form(other): other for other in known}
        close = difflib.get_close_matches(plain_form(name), list(plain), n=1)
        close = [plain[form] for form in close]
        hint = f"; did you mean '{close[0]}'?" if close else ""
        return InputError(f"{where}: {what} '{name}' is unknown (known: {', '.join(known)}){hint}")

    if declared is not None:
        if len(set(declared)) < len(declared):
            raise InputError(f"{where}: a class is declared twice: {', '.join(declared)}")
        for label in sorted(found):
            if label not in declared:
                raise unknown(label, declared, "class")
    classes = [c for c in declared if c in found] if declared is not None else sorted(found)
    if len(classes) < least:
        only = f"only one class ('{classes[0]}')" if classes else "no class at all"
        raise InputError(
            f"{where}: {only}; a classifier needs records of at least two (give another file, or "
            "make negatives with 'negatives')"
        )
    if positive is not None:
        if positive not in classes:
            raise unknown(positive, classes, "positive class")
        classes = [c for c in classes if c != positive] + [positive]
    return classes
