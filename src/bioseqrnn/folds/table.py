"""``folds.parquet``: written by ``split``, read by everything that trains or tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bioseqrnn.console import say
from bioseqrnn.errors import InputError
from bioseqrnn.folds.assign import assign_roles, given_roles
from bioseqrnn.folds.groups import merge_groups, sequence_keys
from bioseqrnn.io import read_parquet, write_parquet
from bioseqrnn.sequences.packing import Ints
from bioseqrnn.sequences.table import SequenceTable, require_classes

FORMAT = 1


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
        if not 0 <= fold < self.count:
            raise InputError(f"fold {fold} does not exist; there are folds 0 to {self.count - 1}")
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
    require_classes(table, where)
    if table.splits is not None:
        folds = 1
        fold, roles = given_roles(
            table.splits,
            table.targets,
            groups,
            table.classes,
            validation_fraction=validation_fraction,
            seed=seed,
            where=where,
        )
    else:
        fold, roles = assign_roles(
            table.targets,
            groups,
            table.classes,
            folds=folds,
            validation_fraction=validation_fraction,
            seed=seed,
            where=where,
        )
    columns = {"id": pa.array(table.ids), "group": pa.array(groups), "fold": pa.array(fold)}
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


def read_folds(path: Path, table: SequenceTable) -> FoldTable:
    """Read ``folds.parquet``; InputError where it does not belong to the sequence table."""
    columns, metadata = read_parquet(path, "fold table")
    if metadata.get("format") != FORMAT or "role_0" not in columns.column_names:
        raise InputError(f"{path}: not a fold table of format {FORMAT}; split again")
    if columns.column("id").to_pylist() != table.ids:
        raise InputError(f"{path}: its ids are not those of the sequence table; split again")
    if metadata["sources"] != table.metadata["sources"]:
        raise InputError(f"{path}: made for other FASTA files than the sequence table; split again")
    roles = np.stack(
        [
            np.array(columns.column(f"role_{k}").to_pylist(), dtype="<U10")
            for k in range(metadata["folds"])
        ],
        axis=1,
    )
    return FoldTable(columns.column("group").to_numpy(), columns.column("fold").to_numpy(), roles)
