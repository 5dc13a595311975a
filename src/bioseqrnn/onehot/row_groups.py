"""Parquet in row groups that depend only on the records, not on the batches they arrive in."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.parquet import WRITING, seal

GROUP_ROWS = 1 << 17
GROUP_BYTES = 1 << 23


def onehot_column(packed: Packed) -> pa.Array:
    """Return packed rows as an Arrow large-binary column, without copying them one by one."""
    buffers = [None, pa.py_buffer(packed.offsets), pa.py_buffer(packed.data)]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(packed), buffers)


def packed_column(onehot: pa.Array, lengths: Ints) -> Packed:
    """Return an Arrow column of packed rows as ``Packed``; a large-binary one is not copied."""
    column = onehot.cast(pa.large_binary())
    _, places, data = column.buffers()
    offsets = np.frombuffer(places, np.int64)[column.offset : column.offset + len(column) + 1]
    payload = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return Packed(payload[offsets[0] : offsets[-1]], offsets - offsets[0], lengths)


def _as_met(table: pa.Table) -> pa.Table:
    """Order the categories of columns by first occurrence, and drop those that do not occur.

    Otherwise they would depend on the batches in which the records arrived.
    """
    for place, field in enumerate(table.schema):
        if not pa.types.is_dictionary(field.type):
            continue
        column = table.column(place).combine_chunks()
        codes, count = column.indices.to_numpy(), len(column.dictionary)
        first = np.full(count, len(codes))
        # of several assignments, the last one counts, so the order is reversed
        first[codes[::-1]] = np.arange(len(codes))[::-1]
        met = np.argsort(first)[: np.count_nonzero(first < len(codes))]
        if len(met) == count and (met == np.arange(count)).all():
            continue
        rank = np.zeros(count, np.int32)
        rank[met] = np.arange(len(met))
        column = pa.DictionaryArray.from_arrays(rank[codes], column.dictionary.take(met))
        table = table.set_column(place, field, column)
    return table


class RowGroupWriter:
    """Collects batches and writes them in groups of about eight million packed bytes.

    Attributes
    ----------
    groups : int
        Row groups written.
    """

    def __init__(self, path: Path, schema: pa.Schema, alphabet: Alphabet) -> None:
        self._schema = schema
        # in proteins one bit in twenty is set: zstd takes five times as long for it as snappy
        onehot = "zstd" if alphabet.width == 4 else "snappy"
        categories = [f.name for f in schema if pa.types.is_dictionary(f.type)]
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression={f.name: onehot if f.name == "onehot" else "zstd" for f in schema},
            use_dictionary=categories,
            # with lengths stored apart, the bytes compress twice as well and faster
            column_encoding={
                "onehot": "DELTA_LENGTH_BYTE_ARRAY",
                "length": "DELTA_BINARY_PACKED",
            },
            write_statistics=False,
            # without Arrow's copy of the schema, metadata added at the end is that of the schema
            store_schema=False,
            **WRITING,
        )
        self._path = path
        self._pending: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0
        self.groups = 0

    def add(self, batch: pa.RecordBatch, packed: Packed) -> None:
        """Add records; ``packed`` are the sequences of the batch."""
        start = 0
        while start < len(packed):
            end = self._group_end(packed.offsets, start)
            part = batch.slice(start, end - start)
            self._pending.append(part)
            self._rows += end - start
            self._bytes += int(packed.offsets[end] - packed.offsets[start])
            if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
                self.flush()
            start = end

    def _group_end(self, offsets: Ints, start: int) -> int:
        """Return the end (exclusive) of the row group that ``start`` belongs to."""
        by_bytes = int(np.searchsorted(offsets, offsets[start] + GROUP_BYTES - self._bytes))
        return min(len(offsets) - 1, by_bytes, start + GROUP_ROWS - self._rows)

    def flush(self) -> None:
        """Write the collected records as a group."""
        if self._pending:
            self.groups += 1
            table = pa.Table.from_batches(self._pending, self._schema).unify_dictionaries()
            if len(self._pending) > 1:
                # few large arrays are written faster than many small ones; a single one, which can
                # be a chromosome, is not copied
                table = table.combine_chunks()
            table = _as_met(table)
            self._writer.write_table(table, row_group_size=len(table))
        self._pending, self._rows, self._bytes = [], 0, 0

    def add_metadata(self, key: bytes, value: str) -> None:
        """Write an entry of the schema's metadata."""
        self._writer.add_key_value_metadata({key: value})

    def __enter__(self) -> RowGroupWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            self.flush()
            self._writer.close()
            seal(self._path)
            return
        # on a full disk, a failing close must not hide the original error
        with suppress(OSError):
            self._writer.close()
