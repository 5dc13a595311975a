"""``folds.parquet``: written by ``split``, read by everything that trains or tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bioseqrnn.errors import InputError
from bioseqrnn.folds.assign import ROLES, TEST, TRAIN, VALIDATION, Roles, tested_in
from bioseqrnn.io import open_parquet, same_values, write_parquet
from bioseqrnn.sequences.packing import Ints
from bioseqrnn.sequences.table import SequenceTable

FORMAT = 2
ROWS_AT_ONCE = 2**14


@dataclass(frozen=True)
class FoldTable:
    """Folds of one dataset, in the order of its sequence table.

    Attributes
    ----------
    groups : int64 [n]
        Records of a group share sequence (or the user's group) and never straddle a fold.
    fold : int64 [n]
        The first fold in which a record is tested; -1 where a given split tests it never.
    roles : str [n, folds]
        ``train``, ``validation``, ``test`` or ``excluded``: a record alike one that the fold
        tests or validates, which it leaves out.
    """

    groups: Ints
    fold: Ints
    roles: npt.NDArray[np.str_]

    @property
    def count(self) -> int:
        """Number of folds, those of all repeats."""
        return int(self.roles.shape[1])

    def indices(self, fold: int, role: str) -> Ints:
        """Row numbers of the records that have a role in a fold, ascending."""
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
        For the metadata: ``repeats``, ``given``, ``seed``, ``grouping``, ``threshold``.
    """
    ids = pa.chunked_array(table.file.column("id"))
    columns = {"id": ids, "group": pa.array(groups), "fold": pa.array(tested_in(roles))}
    names = pa.array(ROLES)
    for k in range(roles.shape[1]):
        columns[f"role_{k}"] = pa.DictionaryArray.from_arrays(pa.array(roles[:, k]), names)
    metadata = {"format": FORMAT, "folds": roles.shape[1], "sources": table.metadata["sources"]}
    write_parquet(path, pa.table(columns), metadata | about)


@dataclass(frozen=True)
class Tested:
    """The records that are tested, and where.

    Attributes
    ----------
    ids : list of str [n]
    groups : int64 [n]
    fold : int64 [n, repeats]
        The fold of each repeat in which a record is tested.
    count : int
        Folds of a repeat.
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
    """Read which fold of each repeat tests a record, of those that are tested."""
    file, metadata = open_parquet(path, "fold table")
    _check_format(path, file, metadata)
    folds, repeats = int(metadata["folds"]), int(metadata["repeats"])
    count = folds // repeats
    fold = file.read(["fold"]).column("fold").to_numpy()[:, None]
    if repeats > 1:
        test = ROLES.index(TEST)
        fold = np.full((len(fold), repeats), -1)
        for k in range(folds):
            fold[_codes(file, f"role_{k}") == test, k // count] = k
    tested = np.flatnonzero(fold[:, 0] >= 0)
    columns = file.read(["id", "group"]).take(pa.array(tested))
    ids, groups = columns.column("id").to_pylist(), columns.column("group").to_numpy()
    return Tested(ids, groups, fold[tested], count)


def read_folds(path: Path, table: SequenceTable) -> FoldTable:
    """Read ``folds.parquet``; InputError where it does not belong to the sequence table."""
    file, folds = _open(path, table)
    roles = np.stack([_codes(file, f"role_{k}") for k in range(folds)], axis=1)
    groups, fold = (file.read([name]).column(name).to_numpy() for name in ("group", "fold"))
    return FoldTable(groups, fold, np.array(ROLES, "<U10")[roles])


def read_roles(path: Path, table: SequenceTable, fold: int) -> tuple[Ints, Ints, Ints]:
    """Read who trains, validates and tests in one fold: row numbers, ascending.

    Takes eight bytes a record. InputError where the fold does not exist or the file does not belong
    to the sequence table.
    """
    file, folds = _open(path, table)
    _check_fold(fold, folds)
    codes = _codes(file, f"role_{fold}")
    return _rows(codes, TRAIN), _rows(codes, VALIDATION), _rows(codes, TEST)


def _rows(codes: Roles, role: str) -> Ints:
    return np.flatnonzero(codes == ROLES.index(role))


def _open(path: Path, table: SequenceTable) -> tuple[pq.ParquetFile, int]:
    """Open a fold table and return it with the number of folds, when it is that of the records."""
    file, metadata = open_parquet(path, "fold table")
    _check_format(path, file, metadata)
    if not same_values(_column(file, "id"), table.file.column("id")):
        raise InputError(f"{path}: its ids are not those of the sequence table; split again")
    if metadata["sources"] != table.metadata["sources"]:
        raise InputError(f"{path}: made for other FASTA files than the sequence table; split again")
    return file, int(metadata["folds"])


def _check_format(path: Path, file: pq.ParquetFile, metadata: dict[str, Any]) -> None:
    if metadata.get("format") != FORMAT or "role_0" not in file.schema_arrow.names:
        raise InputError(f"{path}: not a fold table of format {FORMAT}; split again")


def _column(file: pq.ParquetFile, name: str) -> Iterator[pa.Array]:
    """Yield a column in parts."""
    for batch in file.iter_batches(ROWS_AT_ONCE, columns=[name], use_threads=False):
        yield batch.column(0)
    # Arrow keeps what it has freed
    pa.default_memory_pool().release_unused()


def _codes(file: pq.ParquetFile, name: str) -> npt.NDArray[np.int8]:
    """Read a column of roles as their numbers in ``ROLES``."""
    roles = pa.array(ROLES)
    parts = []
    for part in _column(file, name):
        words = part.dictionary_decode() if pa.types.is_dictionary(part.type) else part
        parts.append(pc.index_in(words, roles).to_numpy().astype(np.int8))
    return np.concatenate(parts)


def _check_fold(fold: int, count: int) -> None:
    if not 0 <= fold < count:
        raise InputError(f"fold {fold} does not exist; there are folds 0 to {count - 1}")
