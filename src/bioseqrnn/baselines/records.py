"""What a baseline reads: packed sequences of a table or of a FASTA file, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.decoding import dense_chunks
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Codes, Floats, Ints
from bioseqrnn.tables.sequences import SequenceTable
from bioseqrnn.tasks import Task

# residues whose features are computed at once when records are scored
CHUNK_RESIDUES = 2**20
# longest part of a record that is decoded at once; even, since two residues of either alphabet are
# whole bytes
STRETCH = 2**18


@dataclass(frozen=True)
class Form:
    """What a model predicts, and from what.

    Attributes
    ----------
    task : Task
    classes : list of str
    alphabet : Alphabet
    both_strands : bool
        Whether a sequence and its reverse complement are equivalent.
    """

    task: Task
    classes: list[str]
    alphabet: Alphabet
    both_strands: bool

    @staticmethod
    def of(table: SequenceTable) -> Form:
        """Return the form of the models of a table."""
        both = table.metadata["strands"] == "both"
        return Form(table.task, table.classes, table.alphabet, both)

    @property
    def outputs(self) -> int:
        """Number of scores of a unit."""
        return self.task.outputs(self.classes)

    def records(self, packed: Packed, rows: Ints | None = None) -> Records:
        """Return some packed sequences (default: all) as records that a model scores."""
        rows = np.arange(len(packed)) if rows is None else rows
        return Records(packed, self.alphabet, self.both_strands, rows)

    def units(self, records: Records) -> int:
        """Return the number of units of records: the records, or their residues."""
        return int(records.lengths.sum()) if self.task.per_position else len(records)


@dataclass(frozen=True)
class Records:
    """Some records of a sequence table, or of a block of a FASTA file.

    Attributes
    ----------
    packed : Packed
        ``SequenceTable.packed`` or ``PackedRecords.packed``.
    alphabet : Alphabet
    both_strands : bool
        Whether a sequence and its reverse complement are equivalent.
    rows : int64 [n]
        Numbers of the records in ``packed``.
    """

    packed: Packed
    alphabet: Alphabet
    both_strands: bool
    rows: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice | npt.NDArray[np.generic]) -> Records:
        """Return some of the records, by a slice, their places or a mask."""
        return Records(self.packed, self.alphabet, self.both_strands, self.rows[part])

    @property
    def lengths(self) -> Ints:
        """Residues of each record: int64 [n]."""
        return self.packed.lengths[self.rows]

    def chunks(self, residues: int = CHUNK_RESIDUES) -> Iterator[Records]:
        """Cut the records into parts of at most ``residues`` residues, or of one longer record."""
        ends = np.cumsum(self.lengths)
        start = 0
        while start < len(self):
            before = int(ends[start - 1]) if start else 0
            end = max(start + 1, int(np.searchsorted(ends, before + residues, side="right")))
            yield self[start:end]
            start = end

    def codes(self) -> tuple[Codes, Ints]:
        """Code of each residue, record after record, and the start of each record.

        Returns
        -------
        codes : uint8 [residues]
            Index of the residue in the alphabet's symbols; for an ambiguous one, the number of
            symbols.
        offsets : int64 [n + 1]
        """
        width = self.alphabet.width
        parts = [np.zeros(0, np.uint8)]
        for onehot, lengths in self._dense():
            codes = np.where(onehot.max(axis=2) == 1, onehot.argmax(axis=2), width).astype(np.uint8)
            parts.append(codes[np.arange(codes.shape[1]) < lengths[:, None]])
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.lengths)])
        return np.concatenate(parts), offsets

    def _dense(self) -> Iterator[tuple[Floats, Ints]]:
        """Yield one-hot batches and their lengths, in order; long records in several parts."""
        start = 0
        for place in [*np.flatnonzero(self.lengths > STRETCH).tolist(), len(self)]:
            yield from dense_chunks(self.packed, self.rows[start:place], self.alphabet)
            if place < len(self):
                parts = _stretches(self.packed, int(self.rows[place]), self.alphabet)
                yield from dense_chunks(parts, np.arange(len(parts)), self.alphabet)
            start = place + 1


def _stretches(packed: Packed, row: int, alphabet: Alphabet) -> Packed:
    """Cut one sequence into stretches; no bytes are copied."""
    starts = np.arange(0, packed.lengths[row], STRETCH)
    begin, end = packed.offsets[row : row + 2].tolist()
    offsets = np.append(starts * alphabet.width // 8, end - begin)
    lengths = np.diff(np.append(starts, packed.lengths[row]))
    return Packed(packed.data[begin:end], offsets, lengths)
