"""Predictions of queries: they can be made after the report, and carry checksums of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from bioseqrnn.stages.verification.files import Advance, checksum, problem
from bioseqrnn.stages.verification.findings import Finding, fault, note, outdated
from bioseqrnn.support.checked import Described, checked
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import open_parquet
from bioseqrnn.tables.manifest import Sha256

FOLDER = "predictions"
MODEL = "final/model.safetensors"
AGAIN = "predict again"
ROWS = 4096


class Predicted(Described):
    """What the metadata of predictions say on their origin, and on the files beside them."""

    model_sha256: Sha256
    queries: dict[str, Sha256]
    beside: dict[Annotated[str, Field(pattern=r"^[^/]+$")], Sha256]


def compare_predictions(
    folder: Path, queries: Mapping[str, str] | None, advance: Advance
) -> Iterator[Finding]:
    """Yield predictions that are damaged, or made from another model or query than now.

    ``queries`` are the FASTA files of the queries by name; None if they are not known.
    """
    tables = sorted((folder / FOLDER).glob("*.parquet"))
    if not tables:
        return
    model = None
    if problem(folder, MODEL) is None:
        model = checksum(folder / MODEL, advance)
    for path in tables:
        name = path.relative_to(folder).as_posix()
        if said := problem(folder, name):
            yield fault(str(path), said)
            continue
        try:
            metadata = _read(path)
        except InputError as error:
            yield fault(str(path), str(error).replace(f"{path}: ", ""))
            continue
        if model is not None and metadata.model_sha256 != model:
            yield outdated(str(path), f"was made by another model than {folder / MODEL}; {AGAIN}")
        yield from _compare_query(path, metadata, queries, advance)
        yield from _compare_beside(folder, metadata, advance)
    begins = tuple(f"{path.stem}." for path in tables)
    for path in sorted((folder / FOLDER).iterdir()):
        if not path.name.startswith((*begins, ".")):
            yield note(str(path), "belongs to no table of predictions; delete it if not needed")


def _read(path: Path) -> Predicted:
    """Read all pages of a table, whose checksums are verified; return its metadata."""
    file, metadata = open_parquet(path, "predictions")
    where = f"{path}: metadata"
    found = checked(Predicted, metadata, where, "it is of an earlier version; predict again")
    for _ in file.iter_batches(ROWS):
        pass
    return found


def _compare_query(
    path: Path, metadata: Predicted, queries: Mapping[str, str] | None, advance: Advance
) -> Iterator[Finding]:
    if queries is None:
        return
    fasta = queries.get(path.stem)
    if fasta is None:
        yield note(str(path), "its query is not in the sheet of queries")
    elif "://" not in fasta and checksum(Path(fasta), advance) not in metadata.queries.values():
        yield outdated(str(path), f"{fasta} has changed since it was predicted; {AGAIN}")


def _compare_beside(folder: Path, metadata: Predicted, advance: Advance) -> Iterator[Finding]:
    for name, expected in metadata.beside.items():
        inner = f"{FOLDER}/{name}"
        if said := problem(folder, inner):
            yield fault(str(folder / inner), said)
        elif checksum(folder / inner, advance) != expected:
            yield fault(str(folder / inner), f"has changed since it was made; {AGAIN}")
