"""``folds.parquet``: written by ``split``, read by all commands that train or test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.checked import Count, Described, checked
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import open_parquet, require_columns, same_values, write_parquet
from bioseqrnn.support.parquet import TableFile
from bioseqrnn.tables.declared.data import FOLDS
from bioseqrnn.tables.sequences import SequenceFile, SequenceTable
from bioseqrnn.tables.valid import TEXT, as_type

FORMAT = FOLDS.format
ROWS_AT_ONCE = 2**14
TRAIN, VALIDATION, TEST, EXCLUDED = "train", "validation", "test", "excluded"
ROLES = (TRAIN, VALIDATION, TEST, EXCLUDED)
Roles = npt.NDArray[np.int8]


def code(role: str) -> int:
    """Return the number of a role in ``ROLES``."""
    return ROLES.index(role)


def tested_in(roles: Roles) -> Ints:
    """Return the first fold in which each record is tested: int64 [n], -1 for none."""
    testing = roles == code(TEST)
    return np.where(testing.any(axis=1), testing.argmax(axis=1), -1)


class FoldMetadata(Described):
    """JSON under the key ``bioseqrnn`` of ``folds.parquet`` (docs/formats.md)."""

    format: Count
    folds: Annotated[int, Field(ge=1, le=10_000)]
    repeats: Annotated[int, Field(ge=1)]
    sources: dict[str, str]
    given: bool = False

    @model_validator(mode="after")
    def _check(self) -> FoldMetadata:
        if self.folds % self.repeats:
            raise ValueError(f"{self.folds} folds are not a multiple of {self.repeats} repeats")
        return self


@dataclass(frozen=True)
class FoldTable:
    """Folds of one dataset, in the order of its sequence table.

    Attributes
    ----------
    groups : int64 [n]
        Group of each record (similar or identical sequences, or the user's group); the records of
        one group are in the same fold.
    fold : int64 [n]
        The first fold in which a record is tested; -1 if a given split never tests it.
    roles : str [n, folds]
        ``train``, ``validation``, ``test`` or ``excluded``. An excluded record is left out of the
        fold, because it is similar to a record with another role in it.
    """

    groups: Ints
    fold: Ints
    roles: npt.NDArray[np.str_]

    @property
    def count(self) -> int:
        """Number of folds in all repeats."""
        return int(self.roles.shape[1])

    def indices(self, fold: int, role: str) -> Ints:
        """Row numbers, ascending, of the records that have a role in a fold."""
        _check_fold(fold, self.count)
        return np.flatnonzero(self.roles[:, fold] == role)


def write_folds(
    path: Path, table: SequenceTable, groups: Ints, roles: Roles, about: dict[str, Any]
) -> None:
    """Write ``folds.parquet``.

    Columns: ``id``, ``group``, ``fold`` (the first in which the record is tested, -1 for none) and
    ``role_0`` … ``role_{folds - 1}``.

    Parameters
    ----------
    path : Path
    table : SequenceTable
    groups : int64 [n]
    roles : int8 [n, folds]
        Index in ``ROLES``.
    about : dict
        Entries of the metadata: ``repeats``, ``given``, ``seed``, ``grouping``, ``threshold``.
    """
    ids = pa.chunked_array(table.file.column("id"), pa.string())
    if len(pc.unique(ids)) < len(ids):
        raise InputError(f"{table.file.path}: an id appears twice; encode it again")
    columns = {"id": ids, "group": pa.array(groups), "fold": pa.array(tested_in(roles))}
    names = pa.array(ROLES)
    for k in range(roles.shape[1]):
        columns[f"role_{k}"] = pa.DictionaryArray.from_arrays(pa.array(roles[:, k]), names)
    metadata = {"format": FORMAT, "folds": roles.shape[1], "sources": table.metadata["sources"]}
    write_parquet(path, pa.table(columns), metadata | about)


@dataclass(frozen=True)
class Tested:
    """The records that are tested, and the folds that test them.

    Attributes
    ----------
    ids : list of str [n]
    groups : int64 [n]
    fold : int64 [n, repeats]
        The fold of each repeat in which a record is tested.
    count : int
        Number of folds of a repeat.
    """

    ids: list[str]
    groups: Ints
    fold: Ints
    count: int

    def repeat(self, fold: int) -> int:
        """The repeat that a fold belongs to."""
        return fold // self.count

    def by(self, fold: int) -> Ints:
        """The fold that tests each record in the repeat of this fold: int64 [n]."""
        column: Ints = self.fold[:, min(self.repeat(fold), self.fold.shape[1] - 1)]
        return column


def read_tested(path: Path) -> Tested:
    """Read the tested records, and the fold of each repeat that tests them."""
    file, metadata = open_folds(path)
    folds, repeats = int(metadata["folds"]), int(metadata["repeats"])
    count = folds // repeats
    fold = _numbers(file, "fold", -1, folds - 1)[:, None]
    if repeats > 1:
        test = ROLES.index(TEST)
        fold = np.full((len(fold), repeats), -1)
        for k in range(folds):
            fold[_codes(file, f"role_{k}") == test, k // count] = k
    tested = np.flatnonzero(fold[:, 0] >= 0)
    ids = pa.chunked_array(_column(file, "id"), pa.string()).take(pa.array(tested)).to_pylist()
    if len(set(ids)) < len(ids):
        raise InputError(f"{path}: an id appears twice; split again")
    return Tested(ids, read_groups(path)[tested], fold[tested], count)


def read_groups(path: Path) -> Ints:
    """Read the number of each record's group: int64 [n]."""
    return _numbers(open_folds(path)[0], "group", 0, None)


def read_group_of(path: Path) -> dict[str, int]:
    """Read the number of each record's group, by the id of the record."""
    ids = pa.chunked_array(_column(open_folds(path)[0], "id"), pa.string()).to_pylist()
    return dict(zip(ids, read_groups(path).tolist(), strict=True))


def read_folds(path: Path, table: SequenceTable) -> FoldTable:
    """Read ``folds.parquet``; InputError if it does not belong to the sequence table."""
    file, folds = _open(path, table.file)
    roles = np.stack([_codes(file, f"role_{k}") for k in range(folds)], axis=1)
    fold = _numbers(file, "fold", -1, folds - 1)
    return FoldTable(_numbers(file, "group", 0, None), fold, np.array(ROLES, "<U10")[roles])


def read_first_test(path: Path, table: SequenceFile) -> Ints:
    """Read the first fold in which each record of a table is tested: int64 [n], -1 for none."""
    file, folds = _open(path, table)
    return _numbers(file, "fold", -1, folds - 1)


def read_roles(path: Path, table: SequenceTable, fold: int) -> tuple[Ints, Ints, Ints]:
    """Read the training, validation and test records of one fold: row numbers, ascending.

    This takes eight bytes per record. InputError if the fold does not exist or the file does not
    belong to the sequence table.
    """
    file, folds = _open(path, table.file)
    _check_fold(fold, folds)
    codes = _codes(file, f"role_{fold}")
    return _rows(codes, TRAIN), _rows(codes, VALIDATION), _rows(codes, TEST)


def _rows(codes: Roles, role: str) -> Ints:
    return np.flatnonzero(codes == ROLES.index(role))


def open_folds(path: Path) -> tuple[TableFile, dict[str, Any]]:
    """Open a fold table and return it with its JSON, both checked; InputError if it is no such."""
    file, metadata = open_parquet(path, "fold table")
    if metadata.get("format") != FORMAT or "role_0" not in file.schema_arrow.names:
        raise InputError(f"{path}: not a fold table of format {FORMAT}; split again")
    checked(FoldMetadata, metadata, f"{path}: metadata", "split again")
    roles = [name for name in file.schema_arrow.names if name.startswith("role_")]
    require_columns(file, ("id", "group", "fold", *(f"role_{k}" for k in range(len(roles)))))
    if len(roles) != metadata["folds"]:
        raise InputError(
            f"{path}: its metadata has {metadata['folds']} folds, but it has roles for "
            f"{len(roles)}; split again"
        )
    return file, metadata


def _open(path: Path, table: SequenceFile) -> tuple[TableFile, int]:
    """Open a fold table, check that it fits the records; return it and the number of folds."""
    file, metadata = open_folds(path)
    if not same_values(_column(file, "id"), table.column("id")):
        raise InputError(f"{path}: its ids differ from those of the sequence table; split again")
    if metadata["sources"] != table.metadata["sources"]:
        raise InputError(
            f"{path}: was made for other FASTA files than the sequence table; split again"
        )
    return file, int(metadata["folds"])


def _column(file: TableFile, name: str, kind: pa.DataType = TEXT) -> Iterator[pa.Array]:
    """Yield a column in parts, as a given type, and checked for missing values."""
    where = f"{file.path}: column '{name}'"
    left = file.metadata.num_rows
    for batch in file.iter_batches(ROWS_AT_ONCE, columns=[name], use_threads=False):
        part = as_type(batch.column(0), kind, where)
        if part.null_count:
            raise InputError(f"{where}: a value is missing; split again")
        left -= len(part)
        yield part
    if left:
        raise InputError(f"{where}: rows are missing; split again")
    # Arrow keeps memory that it has freed
    pa.default_memory_pool().release_unused()


def _numbers(file: TableFile, name: str, least: int, most: int | None) -> Ints:
    """Read a column of integers and check their range: int64 [n]."""
    parts = [part.to_numpy() for part in _column(file, name, pa.int64())]
    values: Ints = np.concatenate([np.empty(0, np.int64), *parts])
    if len(values) and (values.min() < least or (most is not None and values.max() > most)):
        raise InputError(
            f"{file.path}: column '{name}': a number is outside its range; split again"
        )
    return values


def _codes(file: TableFile, name: str) -> npt.NDArray[np.int8]:
    """Read a column of roles as their numbers in ``ROLES``."""
    roles = pa.array(ROLES)
    parts = [np.empty(0, np.int8)]
    for part in _column(file, name):
        codes = pc.index_in(part, roles)
        if codes.null_count:
            raise InputError(
                f"{file.path}: column '{name}': a role is not one of {', '.join(ROLES)}; split "
                "again"
            )
        parts.append(codes.to_numpy().astype(np.int8))
    return np.concatenate(parts)


def _check_fold(fold: int, count: int) -> None:
    if not 0 <= fold < count:
        raise InputError(f"fold {fold} does not exist; there are folds 0 to {count - 1}")
