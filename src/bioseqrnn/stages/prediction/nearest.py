"""The training record that is most similar to each new record (docs/domain.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.similarity.mmseqs import SimilarityError
from bioseqrnn.similarity.nearest import NearestSearch
from bioseqrnn.stages.prediction.seen import trained_on
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

NEAREST, IDENTITY, COVERAGE = "nearest", "nearest_identity", "nearest_coverage"


class NearestRecords:
    """The training records as a database to search, with their ids.

    Parameters
    ----------
    path : Path
        ``sequences.parquet``.
    card : mapping
        Card of the model that was trained on it.
    folder : Path
        Empty folder for the database.
    threads : int

    Raises
    ------
    InputError
        MMseqs2 is missing, or the table was made from other files than those of the training.
    """

    def __init__(self, path: Path, card: Mapping[str, Any], folder: Path, threads: int) -> None:
        table = trained_on(path, card)
        self._ids = pa.chunked_array([*table.column("id")], pa.string())
        try:
            self._search = NearestSearch(table.packed(), table.alphabet, folder, threads)
        except SimilarityError as error:
            raise InputError(f"--nearest: {error}") from error

    def columns(self, part: Predicted) -> dict[str, pa.Array]:
        """Id, identity and coverage of the nearest record of each record; null if none is found."""
        found = self._search.find(part.source.packed)
        none = found.rows < 0
        ids = self._ids.take(pa.array(np.where(none, 0, found.rows), mask=none))
        return {
            NEAREST: ids.combine_chunks(),
            IDENTITY: pa.array(found.identity, mask=none),
            COVERAGE: pa.array(found.coverage, mask=none),
        }


class NearestColumns:
    """The columns ``nearest``, ``nearest_identity`` and ``nearest_coverage``; see ``Added``."""

    def __init__(self, records: NearestRecords) -> None:
        self.fields = [
            (NEAREST, pa.string()), (IDENTITY, pa.float64()), (COVERAGE, pa.float64())
        ]  # fmt: skip
        self._records = records
        self._without = 0
        # kept for later parts of the same record
        self._columns: dict[str, pa.Array] = {}

    def columns(self, part: Predicted) -> dict[str, pa.Array]:
        """See ``Added``; every part of a long record has the values of the whole record."""
        if part.begins:
            self._columns = self._records.columns(part)
            self._without += self._columns[NEAREST].null_count
        return self._columns

    def report(self, name: str) -> None:
        """Log how many records are like no training record."""
        if self._without:
            say(f"{name}: {self._without:,} of them are similar to no training record")
