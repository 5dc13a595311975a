"""Motifs and their occurrences, read from the files of the motif job."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.explanation import MATRICES, MOTIFS, OCCURRENCES, PLACED
from bioseqrnn.tables.sequences import SequenceTable

ROWS_AT_ONCE = 500_000


@dataclass(frozen=True)
class Listed:
    """A motif of ``motifs.tsv``.

    Attributes
    ----------
    name : str
    label : str
        Class that it changes the logit of.
    sign : str
        ``for`` or ``against``.
    frequencies : float64 [width, symbols]
    place : (bool, int), optional
        Where most of its sites are: whether that is counted from the end of the records, and the
        number of residues between that end and the motif. None: at no fixed place.
    """

    name: str
    label: str
    sign: str
    frequencies: Doubles
    place: tuple[bool, int] | None

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.frequencies)

    def start(self, lengths: Ints) -> Ints:
        """First position of the motif in records of these lengths, if it is at a fixed place."""
        assert self.place is not None
        from_end, distance = self.place
        return lengths - distance - self.width if from_end else np.full(len(lengths), distance)


def read_listed(path: Path, symbols: str, most: int) -> list[Listed]:
    """Read the first motifs of ``motifs.tsv``; their matrices are in the same folder.

    Raises
    ------
    InputError
        A file is missing, or a motif has no whole matrix of these symbols.
    """
    cells = MATRICES.read(path.parent / MATRICES.file)
    found = []
    for row in MOTIFS.read(path).head(most).to_dict("records"):
        own = cells[cells["motif"] == row["motif"]]
        matrix = own.pivot(index="column", columns="residue", values="frequency")
        matrix = matrix.reindex(index=range(1, int(row["width"]) + 1), columns=list(symbols))
        if not matrix.size or matrix.isna().any(axis=None):
            raise InputError(
                f"{path.parent / MATRICES.file}: has no matrix of {row['motif']} with the residues "
                f"{symbols}; find the motifs again"
            )
        fixed = row["kind"] == "position" or row["position_share"] >= PLACED
        place = (row["anchor"] == "end", max(int(row["position"]), 0)) if fixed else None
        shares = matrix.to_numpy(np.float64, copy=True)
        shares /= shares.sum(axis=1, keepdims=True)
        found.append(Listed(str(row["motif"]), str(row["class"]), str(row["sign"]), shares, place))
    return found


@dataclass(frozen=True)
class Places:
    """Occurrences of one motif, ordered by record.

    Attributes
    ----------
    rows : int64 [n]
        Row of the record in ``sequences.parquet``.
    starts, ends : int64 [n]
        First residue and the one after the last.
    """

    rows: Ints
    starts: Ints
    ends: Ints

    def held(self, records: int) -> Bools:
        """Whether each record of the table has an occurrence: bool [records]."""
        found = np.zeros(records, bool)
        found[self.rows] = True
        return found

    def of(self, row: int) -> tuple[Ints, Ints]:
        """Starts and ends in one record."""
        part = slice(*np.searchsorted(self.rows, [row, row + 1]).tolist())
        return self.starts[part], self.ends[part]


def read_places(path: Path, names: Sequence[str], table: SequenceTable) -> list[Places]:
    """Read the occurrences of some motifs from ``occurrences.tsv.gz``, a part at a time.

    Raises
    ------
    InputError
        The file is missing, damaged, or names records or places that the table does not have.
    """
    wrong = InputError(
        f"{path}: has places that {table.file.path} does not have; find the motifs again"
    )
    numbers = {name: number for number, name in enumerate(table.ids)}
    motifs = {name: number for number, name in enumerate(names)}
    parts = [np.zeros((4, 0), np.int64)]
    try:
        for chunk in pd.read_csv(
            path, sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=False,
            usecols=["id", "motif", "start", "end"], dtype={"id": "str", "motif": "str"},
            chunksize=ROWS_AT_ONCE,
        ):  # fmt: skip
            chunk = chunk[chunk["motif"].isin(motifs)]
            rows = chunk["id"].map(numbers)
            if rows.isna().any():
                raise wrong
            columns = (rows, chunk["motif"].map(motifs), chunk["start"], chunk["end"])
            parts.append(np.stack([column.to_numpy(np.int64) for column in columns]))
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as {OCCURRENCES.name}: {error}") from error
    rows, motif, starts, ends = np.concatenate(parts, axis=1)
    if ((starts < 0) | (starts >= ends) | (ends > table.lengths[rows])).any():
        raise wrong
    order = np.lexsort((starts, rows))
    order = order[np.argsort(motif[order], kind="stable")]
    found = []
    for number in range(len(names)):
        own = order[motif[order] == number]
        found.append(Places(rows[own], starts[own], ends[own]))
    return found
