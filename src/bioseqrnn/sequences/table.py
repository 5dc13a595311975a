"""``sequences.parquet``, read back: whole, or a batch at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bioseqrnn.errors import InputError
from bioseqrnn.io import METADATA_KEY, read_parquet, require_file
from bioseqrnn.sequences.alphabet import ALPHABETS, Alphabet
from bioseqrnn.sequences.packing import Floats, Ints, Packed, unpack
from bioseqrnn.sequences.row_groups import packed_column
from bioseqrnn.sequences.writer import FORMAT

CLASS_TASKS = ("binary", "multiclass")


@dataclass(frozen=True)
class SequenceTable:
    """The records of one dataset; sequences stay packed in memory (0.5 or 2.5 bytes a residue).

    Attributes
    ----------
    ids : list of str [n]
    packed : Packed
    targets : int64 [n]
        Index of each record's class in ``classes``; -1 for tasks whose labels are no single class.
    classes : list of str
        In a binary task the second one is the positive class.
    alphabet : Alphabet
    groups : list of (str or None) [n], or None
        Where the user gave groups.
    metadata : dict
        As in the file: format, alphabet, symbols, strands, ids, task, classes, records, sources.
    splits : list of str [n], or None
        Where the user gave a split: train, validation or test.
    """

    ids: list[str]
    packed: Packed
    targets: Ints
    classes: list[str]
    alphabet: Alphabet
    groups: list[str | None] | None
    metadata: dict[str, Any]
    splits: list[str] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> Ints:
        """Residues per record, int64 [n]."""
        return self.packed.lengths

    def dense(self, indices: Ints) -> tuple[Floats, Ints]:
        """Return the one-hot batch of some records.

        Parameters
        ----------
        indices : int64 [batch]

        Returns
        -------
        onehot : float32 [batch, longest, symbols]
            Rows sum to 1, and to 0 past a sequence's end.
        lengths : int64 [batch]
        """
        return unpack(self.packed, indices, self.alphabet)


def read_sequences(path: Path) -> SequenceTable:
    """Read ``sequences.parquet``; InputError where it is missing, damaged or of another format."""
    table, metadata = read_parquet(path, "sequence table")
    _check_format(path, metadata)
    columns = table.combine_chunks()
    parts = [
        packed_column(batch.column("onehot"), batch.column("length").to_numpy())
        for batch in columns.to_batches()
    ]
    classes = list(metadata["classes"])
    targets = np.full(len(table), -1, np.int64)
    if metadata["task"] in CLASS_TASKS:
        code_of = {label: code for code, label in enumerate(classes)}
        labels = table.column("label").to_pylist()
        targets[:] = [code_of[label] for label in labels]
    return SequenceTable(
        ids=table.column("id").to_pylist(),
        packed=parts[0] if len(parts) == 1 else Packed.join(parts),
        targets=targets,
        classes=classes,
        alphabet=ALPHABETS[metadata["alphabet"]],
        groups=table.column("group").to_pylist() if "group" in table.column_names else None,
        metadata=metadata,
        splits=table.column("split").to_pylist() if "split" in table.column_names else None,
    )


def require_classes(table: SequenceTable, where: str) -> None:
    """Raise InputError where the labels are no classes, which is all that is trained so far."""
    if table.metadata["task"] not in CLASS_TASKS:
        raise InputError(
            f"{where}: the task is {table.metadata['task']}; so far such a dataset is encoded and "
            "audited, but only classification is trained"
        )


class SequenceFile:
    """An open ``sequences.parquet``; nothing but its footer is read until batches are asked for.

    Attributes
    ----------
    metadata : dict
        As of ``SequenceTable``.
    alphabet : Alphabet
    """

    def __init__(self, path: Path) -> None:
        require_file(path, "sequence table")
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{path}: not a readable Parquet file ({error})") from error
        blob = (self._file.metadata.metadata or {}).get(METADATA_KEY, b"{}")
        self.metadata: dict[str, Any] = json.loads(blob)
        _check_format(path, self.metadata)
        self.alphabet = ALPHABETS[self.metadata["alphabet"]]

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def packed(self) -> Iterator[Packed]:
        """Yield the packed sequences of one row group after the other."""
        for group in range(self._file.num_row_groups):
            rows = self._file.read_row_group(group, ["length", "onehot"], use_threads=False)
            for batch in rows.combine_chunks().to_batches():
                yield packed_column(batch.column("onehot"), batch.column("length").to_numpy())

    def batches(self, size: int, *, reuse: bool = False) -> Iterator[tuple[Floats, Ints]]:
        """Yield dense batches of all records, in order; memory is that of a row group and a batch.

        Parameters
        ----------
        size : int
            Records a batch; the last one has fewer.
        reuse : bool
            Write every batch into the same memory: faster, but a batch is gone with the next.

        Yields
        ------
        onehot : float32 [size, longest, symbols]
            Rows sum to 1, and to 0 past a sequence's end.
        lengths : int64 [size]
        """
        buffer: Floats | None = None
        rest: Packed | None = None
        for group in self.packed():
            packed = Packed.join([rest, group]) if rest is not None and len(rest) else group
            whole = len(packed) // size * size
            for start in range(0, whole, size):
                if reuse:
                    buffer = _at_least(buffer, packed.lengths[start : start + size], self.alphabet)
                yield unpack(packed, np.arange(start, start + size), self.alphabet, buffer)
            rest = packed.slice(whole, len(packed))
        if rest is not None and len(rest):
            yield unpack(rest, np.arange(len(rest)), self.alphabet)


def open_sequences(path: Path) -> SequenceFile:
    """Open ``sequences.parquet`` for streaming; InputError where it is none."""
    return SequenceFile(path)


def _at_least(buffer: Floats | None, lengths: Ints, alphabet: Alphabet) -> Floats:
    needed = len(lengths) * int(lengths.max(initial=0)) * alphabet.width
    if buffer is None or buffer.size < needed:
        return np.empty(needed, np.float32)
    return buffer


def _check_format(path: Path, metadata: dict[str, Any]) -> None:
    if metadata.get("format") != FORMAT or "symbols" not in metadata:
        raise InputError(f"{path}: not a sequence table of format {FORMAT}; encode it again")
