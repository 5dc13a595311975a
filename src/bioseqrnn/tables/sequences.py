"""Reading of ``sequences.parquet``: whole, or one batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bioseqrnn.onehot.alphabet import ALPHABETS, Alphabet
from bioseqrnn.onehot.packing import Packed, unpack
from bioseqrnn.onehot.row_groups import packed_column
from bioseqrnn.support.arrays import Floats, Ints
from bioseqrnn.support.checked import checked
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import open_parquet, require_columns
from bioseqrnn.support.scratch import Column
from bioseqrnn.tables.declared.data import SEQUENCES
from bioseqrnn.tables.genome_windows import GenomeWindows
from bioseqrnn.tables.valid import NEEDED, TableMetadata, check_rows
from bioseqrnn.tasks import Task, task_of

FORMAT = SEQUENCES.format
CLASS_TASKS = ("binary", "multiclass")
# per process: with fewer row groups, some processes would have much more work than others
LEAST_ROW_GROUPS = 8


@dataclass(frozen=True)
class SequenceTable:
    """The records of one dataset; sequences stay packed (0.5 or 2.5 bytes per residue).

    Attributes
    ----------
    file : SequenceFile
        File from which ids, groups and splits are read when they are first used.
    packed : Packed
    targets : Truth
        int64 [n], the index of each record's class in ``classes``; bool [n, labels] in multilabel,
        float64 [n] in regression, a PositionTruth in per_position.
    """

    file: SequenceFile
    packed: Packed
    # the type of the array depends on the task
    targets: Any

    @property
    def task(self) -> Task:
        """The task: what kind of label the records have."""
        return task_of(self.metadata["task"])

    @property
    def metadata(self) -> dict[str, Any]:
        """Metadata: format, alphabet, symbols, strands, ids, task, classes, …, sources."""
        return self.file.metadata

    @property
    def classes(self) -> list[str]:
        """Names of the classes; in a binary task the second one is the positive class."""
        return list(self.metadata["classes"])

    @property
    def alphabet(self) -> Alphabet:
        """Alphabet of the sequences."""
        return self.file.alphabet

    @cached_property
    def ids(self) -> list[str]:
        """Ids of all records, as a list; ``file.column("id")`` does not hold them all in memory."""
        return self.file.strings("id")

    @cached_property
    def groups(self) -> list[str | None] | None:
        """Group of each record if the user gave groups."""
        return self.file.strings("group") if "group" in self.file.names else None

    @cached_property
    def splits(self) -> list[str] | None:
        """Part of each record (train, validation or test) if the user gave a split."""
        return self.file.strings("split") if "split" in self.file.names else None

    @cached_property
    def places(self) -> tuple[Ints, Ints] | None:
        """Number of the chromosome, and first base, of each window of a genome: int64 [n] each.

        The number is -1 for a record that is no such window. None if there are no windows at all.
        """
        return None if self._chroms is None else self._chroms[1:]

    @cached_property
    def _chroms(self) -> tuple[list[str], Ints, Ints] | None:
        """Names of the chromosomes by number, and the columns of ``places``."""
        if "chrom" not in self.file.names:
            return None
        numbers: dict[str, int] = {}
        chroms, starts = [], []
        for rows in self.file.row_groups(["chrom", "start"]):
            names = rows.column("chrom").dictionary_encode()
            known = [numbers.setdefault(n, len(numbers)) for n in names.dictionary.to_pylist()]
            codes = names.indices.fill_null(-1).to_numpy()
            # the last entry is that of records without a chromosome
            chroms.append(np.array([*known, -1], np.int64)[codes])
            starts.append(rows.column("start").fill_null(0).to_numpy())
        return list(numbers), np.concatenate(chroms), np.concatenate(starts)

    @cached_property
    def windows(self) -> GenomeWindows | None:
        """Where the windows of a genome are on it; None if there are none, or no strands."""
        if self._chroms is None or "strand" not in self.file.names:
            return None
        reverse = [
            pc.equal(part, "-").fill_null(False).to_numpy(zero_copy_only=False)
            for part in self.file.column("strand")
        ]
        return GenomeWindows(*self._chroms, np.concatenate(reverse))

    def __len__(self) -> int:
        return len(self.packed)

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
            Rows sum to 1, and to 0 after a sequence's end.
        lengths : int64 [batch]
        """
        return unpack(self.packed, indices, self.alphabet)


def read_sequences(
    path: Path, scratch: Path | None = None, part: tuple[int, int] = (0, 1)
) -> SequenceTable:
    """Read ``sequences.parquet``; InputError if it is missing, damaged or of another format.

    Parameters
    ----------
    path : Path
    scratch : Path, optional
        Folder for unnamed files that hold the packed sequences and 24 bytes per record while the
        table is used; it then needs only the memory of a row group. None holds them in memory.
    part : (int, int)
        Rank of this process, and the number of processes that read the table to train together.
        Each process reads labels and lengths of all records, but the sequences of only every
        ``count``-th row group (``packed.held``). A table with fewer than eight row groups per
        process is read whole by all.

    Raises
    ------
    OSError
        There is no room in ``scratch``.
    """
    file = open_sequences(path)
    data, offsets = Column(np.uint8, scratch), Column(np.int64, scratch)
    task, classes = task_of(file.metadata["task"]), list(file.metadata["classes"])
    lengths, targets = Column(np.int64, scratch), Column(task.dtype, scratch)
    rank, count = part
    shared = count > 1 and file.row_group_count >= LEAST_ROW_GROUPS * count
    held = Column(np.bool_, scratch)
    done = 0
    offsets.add(np.zeros(1, np.int64))
    for number in range(file.row_group_count):
        own = not shared or number % count == rank
        for rows in file.row_group(number, ["length", "label", *(["onehot"] if own else [])]):
            sizes = rows.column("length").to_numpy()
            ends = np.zeros(len(rows), np.int64)
            if own:
                packed = packed_column(rows.column("onehot"), sizes)
                data.add(packed.data)
                ends = packed.offsets[1:]
            offsets.add(ends + done)
            lengths.add(sizes)
            targets.add(task.targets(rows.column("label"), classes))
            held.add(np.full(len(rows), own))
            done += int(ends[-1])
    _release_memory()
    columns = Packed(
        data.finish(), offsets.finish(), lengths.finish(), held.finish() if shared else None
    )
    return SequenceTable(file, columns, task.whole(targets.finish(), columns.lengths, classes))


class SequenceFile:
    """An open ``sequences.parquet``; only its footer is read until batches are requested.

    Attributes
    ----------
    path : Path
    metadata : dict
        Format, alphabet, symbols, strands, ids, task, classes, records and sources.
    alphabet : Alphabet
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file, self.metadata = open_parquet(path, "sequence table", columns_whole=True)
        _check_format(path, self.metadata)
        checked(TableMetadata, self.metadata, f"{path}: metadata", "encode it again")
        require_columns(self._file, NEEDED)
        if self.metadata["records"] != len(self):
            raise InputError(
                f"{path}: has {len(self):,} rows, but its metadata has "
                f"{self.metadata['records']:,} records; encode it again"
            )
        self.alphabet = ALPHABETS[self.metadata["alphabet"]]

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self._file.schema_arrow.names)

    @property
    def row_group_count(self) -> int:
        """Number of row groups of the file."""
        return int(self._file.num_row_groups)

    @cached_property
    def _starts(self) -> Ints:
        """Number of the first row of each row group: int64 [groups + 1]."""
        about = self._file.metadata
        sizes = [about.row_group(number).num_rows for number in range(self.row_group_count)]
        return np.cumsum([0, *sizes])

    def row_group(self, number: int, columns: list[str]) -> list[pa.RecordBatch]:
        """Return some columns of a row group, checked: one batch, or none if it has no rows.

        Raises
        ------
        InputError
            The file is damaged, or has values that no table can have (``tables.valid``).
        """
        rows = self._file.read_row_group(number, columns, use_threads=False)
        start, end = self._starts[number : number + 2].tolist()
        if len(rows) != end - start:
            raise InputError(f"{self.path}: row group {number} is cut short; encode it again")
        rows = check_rows(rows, start, self.path, self.alphabet, self.metadata)
        batches: list[pa.RecordBatch] = rows.to_batches()
        return batches

    def row_groups(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield some columns, one row group after the other, as ``row_group`` returns them."""
        for number in range(self.row_group_count):
            yield from self.row_group(number, columns)
        _release_memory()

    def column(self, name: str) -> Iterator[pa.Array]:
        """Yield the values of one column, one row group at a time."""
        return (rows.column(name) for rows in self.row_groups([name]))

    def strings(self, name: str) -> list[Any]:
        """Return one column as a list of str; None stands for a missing value."""
        return [value for part in self.column(name) for value in part.to_pylist()]

    def packed(self) -> Iterator[Packed]:
        """Yield the packed sequences, one row group after the other."""
        for rows in self.row_groups(["length", "onehot"]):
            yield packed_column(rows.column("onehot"), rows.column("length").to_numpy())

    def batches(self, size: int, *, reuse: bool = False) -> Iterator[tuple[Floats, Ints]]:
        """Yield dense batches of all records, in order; needs memory for a row group and a batch.

        Parameters
        ----------
        size : int
            Records per batch; the last batch can have fewer.
        reuse : bool
            Write every batch into the same memory: faster, but each batch overwrites the last.

        Yields
        ------
        onehot : float32 [size, longest, symbols]
            Rows sum to 1, and to 0 after a sequence's end.
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
    """Open ``sequences.parquet`` for streaming; InputError if it is no such file."""
    return SequenceFile(path)


def _release_memory() -> None:
    """Return the memory that Arrow has freed but still keeps."""
    pa.default_memory_pool().release_unused()


def _at_least(buffer: Floats | None, lengths: Ints, alphabet: Alphabet) -> Floats:
    needed = len(lengths) * int(lengths.max(initial=0)) * alphabet.width
    if buffer is None or buffer.size < needed:
        return np.empty(needed, np.float32)
    return buffer


def _check_format(path: Path, metadata: dict[str, Any]) -> None:
    if metadata.get("format") != FORMAT or "symbols" not in metadata:
        raise InputError(f"{path}: not a sequence table of format {FORMAT}; encode it again")
