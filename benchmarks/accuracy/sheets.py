"""From an entry to a folder that the workflow runs in: sheet, configuration and prepared files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from Bio.SeqIO.FastaIO import SimpleFastaParser
from xopen import xopen

from bioseqrnn.config.settings import Config
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file

from .entry import NEGATIVE, POSITIVE, Entry, Part

DATA, PREPARED = "data", "prepared"
MORE_SEEDS = "more_seeds.json"
LABEL_OF = {"1": POSITIVE, "0": NEGATIVE}
# what tells at a glance whether everything runs
QUICK = {"hidden_size": 8, "stem_filters": 8, "epochs": 2}
Records = list[tuple[str, str]]


@dataclass(frozen=True)
class Plan:
    """What is trained on every set.

    Attributes
    ----------
    models : tuple of str
        Cells; the first is the network that the table judges.
    seeds : tuple of int
        Of the first network; the others have the first seed only.
    quick : bool
        Tiny networks, two epochs, two folds: not a result.
    trials : int
        Of a search for settings of the first network in every fold; 0: none.
    """

    models: tuple[str, ...] = ("gru", "lstm", "rnn")
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    quick: bool = False
    trials: int = 0

    def of(self, entry: Entry) -> Plan:
        """Return the plan for one entry: of a variant only the first network, with one seed."""
        if not entry.variant:
            return self
        return Plan(self.models[:1], self.seeds[:1], self.quick)


def baselines() -> list[str]:
    """Every baseline there is, in the order of the schema."""
    return list(get_args(get_args(Config.model_fields["baselines"].annotation)[0]))


def configuration(entry: Entry, plan: Plan) -> dict[str, Any]:
    """Return ``config.yaml`` of an entry: of a model its cell only, all else is the default.

    A search has its default space, and stands beside the network whose settings it varies.
    """
    plan = plan.of(entry)
    options: dict[str, Any] = {"alphabet": entry.alphabet} | entry.options
    if entry.positive:
        options["positive"] = entry.positive
    folds: dict[str, Any] = {"grouping": entry.grouping}
    if entry.folds:
        folds["count"] = 2 if plan.quick else entry.folds
    config: dict[str, Any] = {
        "queries": None,
        "dataset_options": {entry.name: options},
        "folds": folds,
        "audit": entry.audit,
        "models": {cell: {"cell": cell} | (QUICK if plan.quick else {}) for cell in plan.models},
        "baselines": baselines(),
        "seeds": [plan.seeds[0]],
    }
    if plan.trials:
        config["search"] = {"models": [plan.models[0]], "trials": plan.trials}
    if plan.quick:
        config["evaluation"] = {"bootstrap": 100}
    return config


def write_project(entry: Entry, plan: Plan, data: Path, folder: Path) -> None:
    """Write what the workflow needs to run one entry.

    ``folder`` gets ``config/`` (``config.yaml``, ``datasets.tsv``, ``more_seeds.json``), a link
    ``data`` to the data and ``prepared/`` with the files that are not used as they are. What is the
    same already is left as it is.

    Parameters
    ----------
    entry : Entry
    plan : Plan
    data : Path
    folder : Path

    Raises
    ------
    InputError
        Where a file of the entry is not there, or has more or fewer records than labels.
    """
    for part in entry.parts:
        for name in (part.fasta, part.classes):
            if name is not None:
                require_file(data / name, f"set {entry.name}:")
    link = folder / DATA
    folder.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() and link.resolve() != data.resolve():
        link.unlink()
    if not link.is_symlink():
        link.symlink_to(data.resolve(), target_is_directory=True)
    rows = [{"dataset": entry.name} | row for row in _rows(entry, data, folder)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    _write(folder / "config" / "datasets.tsv", "".join("\t".join(row) + "\n" for row in lines))
    config = yaml.safe_dump(configuration(entry, plan), sort_keys=False)
    _write(folder / "config" / "config.yaml", config)
    plan = plan.of(entry)
    more = {"model": plan.models[0], "seeds": list(plan.seeds[1:])}
    _write(folder / "config" / MORE_SEEDS, json.dumps(more) + "\n")


def _rows(entry: Entry, data: Path, folder: Path) -> Iterator[dict[str, str]]:
    """Rows of the sheet, as {column: text}; files that must be changed are prepared on the way."""
    ids: Counter[str] = Counter()
    seen = _sequences_outside_test(entry, data) if entry.without_twins else set()
    for number, part in enumerate(entry.parts):
        name = Path(part.fasta).name.removesuffix(".gz")
        row = {"fasta": f"{DATA}/{part.fasta}"}
        if part.class_in_header:
            left_out = seen if part.split == "test" else set()
            row |= _class_in_header(data / part.fasta, folder, f"{number}-{name}", left_out)
        elif entry.unique_ids or (seen and part.split == "test"):
            records = _read(data / part.fasta)
            if entry.unique_ids:
                records = [(_numbered(title, ids), sequence) for title, sequence in records]
            if part.split == "test":
                records = [record for record in records if record[1].upper() not in seen]
            row["fasta"] = f"{PREPARED}/{number}-{name}"
            _write(folder / row["fasta"], _fasta(records))
        if part.label is not None:
            row["label"] = part.label
        elif part.classes is not None:
            row["labels"] = f"{PREPARED}/{number}-labels.tsv"
            _write(folder / row["labels"], _labels(data, part))
        if part.split is not None:
            row["split"] = part.split
        yield row


def _class_in_header(fasta: Path, folder: Path, name: str, left_out: set[str]) -> dict[str, str]:
    """Write FASTA with an id for every record, and the classes that were its headers."""
    stem = name.removesuffix(".fasta")
    # the number of the part is in the name, so the ids of all parts are different
    rows = [
        (f"{stem}-{place}", title.strip(), sequence)
        for place, (title, sequence) in enumerate(_read(fasta), 1)
        if sequence.upper() not in left_out
    ]
    row = {"fasta": f"{PREPARED}/{name}", "labels": f"{PREPARED}/{stem}-labels.tsv"}
    _write(folder / row["fasta"], _fasta([(made, sequence) for made, _, sequence in rows]))
    labels = _label_table(fasta, [made for made, _, _ in rows], [title for _, title, _ in rows])
    _write(folder / row["labels"], labels)
    return row


def _numbered(title: str, ids: Counter[str]) -> str:
    """Return a title with a number behind its id where the id stood before."""
    name = title.split()[0]
    ids[name] += 1
    return title if ids[name] == 1 else f"{name}#{ids[name]}"


def _sequences_outside_test(entry: Entry, data: Path) -> set[str]:
    parts = [part for part in entry.parts if part.split != "test"]
    return {sequence.upper() for part in parts for _, sequence in _read(data / part.fasta)}


def _labels(data: Path, part: Part) -> str:
    """Return a labels TSV; InputError where there are not as many classes as records."""
    assert part.classes is not None
    path = data / part.classes
    classes = path.read_text(encoding="utf-8").split()
    ids = [title.split()[0] for title, _ in _read(data / part.fasta)]
    if len(classes) != len(ids):
        raise InputError(f"{path}: {len(classes)} classes for {len(ids)} records of {part.fasta}")
    return _label_table(path, ids, classes)


def _label_table(path: Path, ids: list[str], classes: list[str]) -> str:
    """Return a labels TSV; InputError if a class is neither 1 nor 0, which names the file."""
    unknown = sorted(set(classes) - set(LABEL_OF))
    if unknown:
        raise InputError(f"{path}: class '{unknown[0]}'; 1 (positive) and 0 (negative) are known")
    rows = [f"{name}\t{LABEL_OF[code]}\n" for name, code in zip(ids, classes, strict=True)]
    return "id\tlabel\n" + "".join(rows)


def _read(fasta: Path) -> Records:
    with xopen(fasta, "rt") as handle:
        return list(SimpleFastaParser(handle))


def _fasta(records: Records) -> str:
    return "".join(f">{title}\n{sequence}\n" for title, sequence in records)


def _write(path: Path, text: str) -> None:
    """Write a file unless it holds the same already, so that its time stamp stays."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
