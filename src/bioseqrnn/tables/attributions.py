"""``attributions.parquet``: written and read in parts, so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, model_validator

from bioseqrnn.support.arrays import Floats, Ints
from bioseqrnn.support.checked import Count, Described, checked
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import open_parquet, parquet_writer, require_columns
from bioseqrnn.tables.declared.explanation import ATTRIBUTIONS
from bioseqrnn.tables.valid import TEXT, RowCheck, check_symbols

FORMAT = ATTRIBUTIONS.format
# numbers in a row group; a longer record has a row group of its own
NUMBERS_AT_ONCE = 2**21
NUMBERS = pa.list_(pa.float32())


class AttributionMetadata(Described):
    """JSON under the key ``bioseqrnn`` of ``attributions.parquet`` (docs/formats.md)."""

    format: Count
    alphabet: Literal["dna", "protein"]
    symbols: str
    strands: Literal["single", "both"]
    task: Literal["binary", "multiclass", "multilabel", "regression", "per_position"]
    classes: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
    method: Literal["mutagenesis", "gradients"]
    background: list[Annotated[float, Field(ge=0, le=1)]]
    records: Count
    eligible: Count
    effects: bool
    flank: Count | None = None

    @model_validator(mode="after")
    def _check(self) -> AttributionMetadata:
        check_symbols(self.alphabet, self.symbols)
        if len(self.background) != len(self.symbols):
            raise ValueError("background: there must be one fraction for each symbol")
        if (self.flank is None) == (self.task == "per_position"):
            raise ValueError("flank: must be given for per_position, and for no other task")
        return self

    @property
    def more(self) -> list[str]:
        """Columns that not every such file has."""
        position = [] if self.flank is None else ["position"]
        return [*position, *(["effects"] if self.effects else [])]


@dataclass(frozen=True)
class Attributed:
    """Attributions of some records, networks and classes: n rows of the file.

    Attributes
    ----------
    ids, models, classes : list of str [n]
    folds, seeds : int64 [n]
    positions : list of int [n], or of None
        The residue, from 1, whose logit is explained; None: that of the record is.
    logits : float64 [n]
        The calibrated logit of each record; NaN without an attribution.
    offsets : int64 [n + 1]
        Row i has the numbers ``offsets[i]:offsets[i + 1]``, one for each residue; none without an
        attribution.
    contribution : float32 [numbers]
        Contribution of the observed residue to the logit.
    effects : float32 [numbers, symbols], optional
        Contribution that each possible residue would have at this position; None if the file was
        written without, or they are not asked for.
    reasons : list of str [n]
        Why there is no attribution; empty if there is one.
    """

    ids: list[str]
    models: list[str]
    folds: Ints
    seeds: Ints
    positions: list[int] | list[None]
    classes: list[str]
    logits: npt.NDArray[np.float64]
    offsets: Ints
    contribution: Floats
    effects: Floats | None
    reasons: list[str]

    def __len__(self) -> int:
        return len(self.ids)


class AttributionFile:
    """An open ``attributions.parquet``; only its footer is read until rows are requested.

    Attributes
    ----------
    path : Path
    metadata : AttributionMetadata
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file, metadata = open_parquet(path, "attributions", columns_whole=True)
        if metadata.get("format") != FORMAT or "method" not in metadata:
            raise InputError(
                f"{path}: not a table of attributions of format {FORMAT}; make it again"
            )
        self.metadata = checked(AttributionMetadata, metadata, f"{path}: metadata", "make it again")
        require_columns(self._file, [*ATTRIBUTIONS.names, *self.metadata.more])

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def parts(self, *, effects: bool = True) -> Iterator[Attributed]:
        """Yield all rows, a row group at a time: about 2**21 numbers, or one longer record.

        Parameters
        ----------
        effects : bool
            Whether to read the effects, if the file has them.

        Raises
        ------
        InputError
            The file is damaged, or has values that no such table can have.
        """
        wanted = effects and self.metadata.effects
        more = [name for name in self.metadata.more if wanted or name != "effects"]
        names = [*ATTRIBUTIONS.names, *more]
        first = 0
        for number in range(self._file.num_row_groups):
            rows = self._file.read_row_group(number, names, use_threads=False)
            yield self._checked(rows, first, wanted)
            first += len(rows)

    def _checked(self, rows: pa.Table, first: int, effects: bool) -> Attributed:
        check = RowCheck(self.path, first)

        def text(name: str) -> list[str]:
            values: list[str] = check.column(name, rows.column(name), TEXT).to_pylist()
            return values

        def counts(name: str) -> Ints:
            numbers: Ints = check.column(name, rows.column(name), pa.int64()).to_numpy()
            return numbers

        ids, classes, reasons = text("id"), text("class"), text("reason")
        positions: list[int] | list[None] = [None] * len(ids)
        if self.metadata.flank is not None:
            positions = counts("position").tolist()
        known = np.isin(classes, self.metadata.classes) if classes else np.ones(0, bool)
        check.all("class", known, "is not one of the classes")
        offsets, contribution = _ragged(check, rows, "contribution")
        sizes = np.diff(offsets)
        empty = np.array([bool(reason) for reason in reasons], bool)
        check.all("contribution", (sizes == 0) == empty, "does not fit its reason")
        logits = check.column("logit", rows.column("logit"), pa.float64()).to_numpy()
        check.all("logit", np.isfinite(logits) | empty, "is not a finite number")
        table = None
        if effects:
            symbols = len(self.metadata.symbols)
            starts, table = _ragged(check, rows, "effects")
            check.all(
                "effects", np.diff(starts) == sizes * symbols,
                f"needs {symbols} numbers for each residue",
            )  # fmt: skip
            table = table.reshape(-1, symbols)
        return Attributed(
            ids, text("model"), counts("fold"), counts("seed"), positions, classes, logits, offsets,
            contribution, table, reasons,
        )  # fmt: skip


def _ragged(check: RowCheck, rows: pa.Table, name: str) -> tuple[Ints, Floats]:
    """Return offsets, int64 [rows + 1], and the finite numbers of a column of lists."""
    column = check.column(name, rows.column(name), NUMBERS)
    offsets = column.offsets.to_numpy().astype(np.int64)
    numbers = column.flatten().to_numpy(zero_copy_only=False)
    offsets -= offsets[0]
    if not np.isfinite(numbers).all():
        bad = np.searchsorted(offsets, np.flatnonzero(~np.isfinite(numbers))[0], side="right") - 1
        check.all(name, np.arange(len(column)) != bad, "has a number that is not finite")
    return offsets, numbers


class AttributionWriter:
    """Writes rows as they come; rows of about 2**21 numbers are held in memory.

    Parameters
    ----------
    writer : ParquetWriter
    schema : Schema
    """

    def __init__(self, writer: Any, schema: pa.Schema) -> None:
        self._writer, self._schema = writer, schema
        self._effects = "effects" in schema.names
        self._rows: list[dict[str, Any]] = []
        self._numbers = 0

    def add(
        self,
        run: tuple[str, int, int],
        record: str,
        name: str,
        logit: float,
        contribution: Floats,
        effects: Floats,
        position: int | None = None,
    ) -> None:
        """Add one row.

        Parameters
        ----------
        run : (str, int, int)
            Model, fold and seed.
        record, name : str
            Id of the record, and class.
        logit : float
        contribution : float32 [residues]
        effects : float32 [residues, symbols]
            Not written if the file has no such column.
        position : int, optional
            As in ``Attributed.positions``.
        """
        row = {"id": record, "class": name, "logit": logit, "contribution": contribution}
        row |= {"position": position}
        self._add(run, row | {"effects": effects.reshape(-1), "reason": ""})

    def refuse(
        self,
        run: tuple[str, int, int],
        record: str,
        name: str,
        reason: str,
        position: int | None = None,
    ) -> None:
        """Add a row of a record without an attribution; ``reason`` says why, in one line."""
        none = np.zeros(0, np.float32)
        row = {"id": record, "class": name, "logit": np.nan, "contribution": none}
        row |= {"position": position}
        self._add(run, row | {"effects": none, "reason": reason})

    def _add(self, run: tuple[str, int, int], row: dict[str, Any]) -> None:
        self._rows.append(row | dict(zip(("model", "fold", "seed"), run, strict=True)))
        self._numbers += len(row["contribution"]) + len(row["effects"]) * self._effects
        if self._numbers >= NUMBERS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are held in memory."""
        if not self._rows:
            return
        columns = [
            pa.array([row[field.name] for row in self._rows], field.type) for field in self._schema
        ]
        table = pa.table(columns, schema=self._schema)
        self._writer.write_table(table, row_group_size=len(table))
        self._rows, self._numbers = [], 0


@contextmanager
def attribution_writer(path: Path, metadata: Mapping[str, Any]) -> Iterator[AttributionWriter]:
    """Open ``attributions.parquet`` for writing; it appears whole or not at all.

    Parameters
    ----------
    path : Path
    metadata : mapping
        The fields of ``AttributionMetadata`` without ``format``.
    """
    about = AttributionMetadata(**{"format": FORMAT, **metadata})
    types = {
        "fold": pa.int64(), "seed": pa.int64(), "position": pa.int64(), "logit": pa.float64(),
        "contribution": NUMBERS, "effects": NUMBERS,
    }  # fmt: skip
    schema = pa.schema(
        (column.name, types.get(column.name, pa.string()))
        for column in ATTRIBUTIONS.columns
        if not column.optional or column.name in about.more
    )
    with parquet_writer(path, schema, about.model_dump(exclude_none=True)) as file:
        writer = AttributionWriter(file, schema)
        yield writer
        writer.flush()
