"""Motifs and their occurrences, read from the files of the motif job."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.stages.explanation.units import Units, inside
from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.explanation import BOUNDARY, MATRICES, MOTIFS, OCCURRENCES, PLACED

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
        Where most of its sites are: whether that is counted from the end of the records (or of the
        windows around boundaries), and the number of residues between that end and the motif.
        None: at no fixed place.
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


def read_listed(path: Path, symbols: str, most: int, flank: int | None = None) -> list[Listed]:
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
        if (row["anchor"] == BOUNDARY) != (flank is not None):
            raise InputError(f"{path}: motifs of records with other labels; find the motifs again")
        position = int(row["position"]) + (flank or 0)
        place = (row["anchor"] == "end", max(position, 0)) if fixed else None
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
        Number of the record, or of the window, among the units.
    starts, ends : int64 [n]
        First residue and the one after the last, in the unit as far as it is in its record.
    """

    rows: Ints
    starts: Ints
    ends: Ints

    def held(self, records: int) -> Bools:
        """Whether each of so many units has an occurrence: bool [records]."""
        found = np.zeros(records, bool)
        found[self.rows] = True
        return found

    def of(self, row: int) -> tuple[Ints, Ints]:
        """Starts and ends in one record."""
        part = slice(*np.searchsorted(self.rows, [row, row + 1]).tolist())
        return self.starts[part], self.ends[part]


def read_places(path: Path, names: Sequence[str], units: Units) -> list[Places]:
    """Read the occurrences of some motifs from ``occurrences.tsv.gz``, a part at a time.

    Raises
    ------
    InputError
        The file is missing, damaged, or names records or places that the table does not have.
    """
    wrong = InputError(
        f"{path}: has places that {units.whole.file.path} does not have; find the motifs again"
    )
    numbers = {name: number for number, name in enumerate(units.names)}
    more = [] if units.flank is None else ["position"]
    motifs = {name: number for number, name in enumerate(names)}
    parts = [np.zeros((4, 0), np.int64)]
    try:
        for chunk in pd.read_csv(
            path, sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=False,
            usecols=["id", *more, "motif", "start", "end"], dtype={"id": "str", "motif": "str"},
            chunksize=ROWS_AT_ONCE,
        ):  # fmt: skip
            chunk = chunk[chunk["motif"].isin(motifs)]
            positions = chunk["position"] if more else [None] * len(chunk)
            keys = pd.Series(list(zip(chunk["id"], positions, strict=True)), chunk.index, object)
            rows = keys.map(numbers)
            if rows.isna().any():
                raise wrong
            columns = (rows, chunk["motif"].map(motifs), chunk["start"], chunk["end"])
            parts.append(np.stack([column.to_numpy(np.int64) for column in columns]))
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as {OCCURRENCES.name}: {error}") from error
    rows, motif, starts, ends = np.concatenate(parts, axis=1)
    begins = np.maximum(units.first, 0)[rows]
    starts, ends = starts - begins, ends - begins
    if ((starts < 0) | (starts >= ends) | (ends > inside(units)[rows])).any():
        raise wrong
    order = np.lexsort((starts, rows))
    order = order[np.argsort(motif[order], kind="stable")]
    found = []
    for number in range(len(names)):
        own = order[motif[order] == number]
        found.append(Places(rows[own], starts[own], ends[own]))
    return found
