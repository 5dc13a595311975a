"""``folds.parquet``: written by ``split``, read by everything that trains or tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bioseqrnn.console import say
from bioseqrnn.errors import InputError
from bioseqrnn.folds.assign import TEST, TRAIN, VALIDATION, assign_roles, given_roles
from bioseqrnn.folds.groups import merge_groups, sequence_keys
from bioseqrnn.io import open_parquet, same_values, write_parquet
from bioseqrnn.sequences.packing import Ints
from bioseqrnn.sequences.table import SequenceTable

FORMAT = 1
ROLES = (TRAIN, VALIDATION, TEST)
ROWS_AT_ONCE = 2**14


@dataclass(frozen=True)
class FoldTable:
    """Folds of one dataset, in the order of its sequence table.

    Attributes
    ----------
    groups : int64 [n]
        Records of a group share sequence (or the user's group) and never straddle a fold.
    fold : int64 [n]
        The fold in which a record is tested; -1 where a given split tests it never.
    roles : str [n, folds]
        ``train``, ``validation`` or ``test``.
    """

    groups: Ints
    fold: Ints
    roles: npt.NDArray[np.str_]

    @property
    def count(self) -> int:
        """Number of folds."""
        return int(self.roles.shape[1])

    def indices(self, fold: int, role: str) -> Ints:
        """Row numbers of the records that have a role in a fold, ascending."""
        _check_fold(fold, self.count)
        return np.flatnonzero(self.roles[:, fold] == role)


def split_table(
    table: SequenceTable,
    output: Path,
    *,
    folds: int,
    validation_fraction: float,
    seed: int,
    where: str = "dataset",
) -> None:
    """Assign folds to a sequence table and write ``folds.parquet``.

    Columns: ``id``, ``group``, ``fold`` and ``role_0`` … ``role_{folds - 1}``. Where the user gave
    a split, it is the one fold there is.
    """
    keys = [sequence_keys(table.packed, table.metadata["strands"] == "both")]
    if table.groups is not None:
        numbers = {
            name: i for i, name in enumerate(dict.fromkeys(table.groups)) if name is not None
        }
        keys.append(np.array([-1 if g is None else numbers[g] for g in table.groups], np.int64))
    groups = merge_groups(*keys)
    strata, kinds = _strata(table)
    if table.splits is not None:
        folds = 1
        fold, roles = given_roles(
            table.splits,
            strata,
            groups,
            kinds,
            validation_fraction=validation_fraction,
            seed=seed,
            where=where,
        )
    else:
        fold, roles = assign_roles(
            strata,
            groups,
            kinds,
            folds=folds,
            validation_fraction=validation_fraction,
            seed=seed,
            where=where,
        )
    ids = pa.chunked_array(table.file.column("id"))
    columns = {"id": ids, "group": pa.array(groups), "fold": pa.array(fold)}
    for k in range(folds):
        columns[f"role_{k}"] = pa.array(roles[:, k]).dictionary_encode()
    metadata = {
        "format": FORMAT,
        "folds": folds,
        "seed": seed,
        "given": table.splits is not None,
        "sources": table.metadata["sources"],
    }
    write_parquet(output, pa.table(columns), metadata)
    count = "the given split" if table.splits is not None else f"{folds} folds"
    say(f"{where}: {len(groups):,} records in {len(np.unique(groups)):,} groups, {count}")


def _strata(table: SequenceTable) -> tuple[Ints, list[str]]:
    """What folds are balanced by: the kind that a record has most of, numbered, and its names."""
    counts = table.task.counts(table.targets, table.classes)
    present, strata = np.unique(counts.argmax(axis=1), return_inverse=True)
    names = table.classes if table.task.probabilistic else []
    return strata, [names[k] if k < len(names) else f"part {k}" for k in present]


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
    train, validation, test = (np.flatnonzero(codes == code) for code in range(len(ROLES)))
    return train, validation, test


def _open(path: Path, table: SequenceTable) -> tuple[pq.ParquetFile, int]:
    """Open a fold table and return it with the number of folds, when it is that of the records."""
    file, metadata = open_parquet(path, "fold table")
    if metadata.get("format") != FORMAT or "role_0" not in file.schema_arrow.names:
        raise InputError(f"{path}: not a fold table of format {FORMAT}; split again")
    if not same_values(_column(file, "id"), table.file.column("id")):
        raise InputError(f"{path}: its ids are not those of the sequence table; split again")
    if metadata["sources"] != table.metadata["sources"]:
        raise InputError(f"{path}: made for other FASTA files than the sequence table; split again")
    return file, int(metadata["folds"])


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
