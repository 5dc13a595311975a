"""Records with ids and packed sequences, from FASTA files of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from bioseqrnn.fasta.blocks import WHOLE, Block, Shard, read_blocks
from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.dots import Dots
from bioseqrnn.fasta.long_record import LongRecord
from bioseqrnn.fasta.names import ids_of
from bioseqrnn.fasta.pack_text import pack_text
from bioseqrnn.fasta.refusals import NO_ID, NO_RESIDUES, RecordError, no_id, no_residues
from bioseqrnn.onehot.alphabet import GAPS, Alphabet
from bioseqrnn.onehot.packing import NOTHING, Packed
from bioseqrnn.support.errors import InputError


@dataclass(frozen=True)
class Refused:
    """A record that cannot be read.

    Attributes
    ----------
    place : int
        Number of records before it, of those that come with it and can be read.
    name : str
        Its id.
    length : int
        Characters of its sequence, without gaps.
    reason : str
        What is wrong with it.
    """

    place: int
    name: str
    length: int
    reason: str


@dataclass(frozen=True)
class PackedRecords:
    """Some consecutive records of one source.

    Attributes
    ----------
    ids : pyarrow string array [n]
    packed : Packed
    conversions : Conversions
        Counts of what was converted during reading.
    titles : tuple of str
        Headers of the records; empty if they are not needed.
    refused : tuple of Refused
        Records among them that cannot be read, in order; they are not counted in n.
    """

    ids: pa.StringArray
    packed: Packed
    conversions: Conversions
    titles: tuple[str, ...]
    refused: tuple[Refused, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


def read_records(
    path: Path,
    alphabet: Alphabet,
    *,
    whole_headers: bool = False,
    keep_titles: bool = False,
    shard: Shard = WHOLE,
    keep_refused: bool = False,
) -> Iterator[PackedRecords]:
    """Yield the packed records of a FASTA file in order, one or more at a time.

    Memory is that of a block of about 130 kB, or of the packed bits of one record if they are more.

    Parameters
    ----------
    keep_refused : bool
        Whether records that cannot be read are listed in ``refused`` instead of being errors.

    Raises
    ------
    InputError
        As in ``read_blocks``; also for a record without an id or without residues, or a letter that
        is not in the alphabet (the message gives file, record and position).
    """
    number = 0
    dots = Dots(path)
    long: LongRecord | None = None
    for block in read_blocks(path, shard):
        start, conversions = 0, block.conversions
        if block.continues:
            assert long is not None
            long.add(block.residues[0], conversions)
            # the conversions of a block are counted once, with its first record
            start, conversions = 1, Conversions()
            if len(block.titles) > 1 or not block.unfinished:
                yield finished(long)
                long = None
        end = len(block.titles)
        if block.unfinished and (end > 1 or not block.continues):
            end -= 1
            place = number + end - start + 1
            name = ids_of(block.headers, block.titles, whole_headers)[end].as_py()
            if not name and not keep_refused:
                raise no_id(path, place)
            long = LongRecord(path, alphabet, name, block.titles[end], place, dots)
            long.keep_refused, long.fault = keep_refused, "" if name else NO_ID
            long.add(block.residues[end], conversions if end == start else Conversions())
        if end > start:
            block = replace(block, conversions=conversions)
            part = _Part(path, block, start, end, number, alphabet, whole_headers, dots)
            records = part.some() if keep_refused else part.all()
            yield records if keep_titles else replace(records, titles=())
        number += len(block.titles) - start


def finished(long: LongRecord) -> PackedRecords:
    """Return a record that was read in parts, in the form of any other record."""
    packed, conversions = long.finish()
    if long.fault:
        refused = Refused(0, long.name, long.letters, long.fault)
        return PackedRecords(NO_IDS, NOTHING, conversions, (), (refused,))
    return PackedRecords(pa.array([long.name], pa.string()), packed, conversions, (long.title,))


def pack_records(
    path: Path, ids: list[str], sequences: list[str], alphabet: Alphabet
) -> PackedRecords:
    """Pack sequences that were not read by ``read_records``; ``path`` names their origin."""
    conversions = Conversions()
    names = pa.array(ids, pa.string())
    dots = Dots(path, aligned=False)
    packed = pack_text(path, names, tuple(sequences), alphabet, conversions, dots)
    for name, length in zip(ids, packed.lengths, strict=True):
        if not length:
            raise InputError(f"{path}: record '{name}' has no residues; remove it")
    return PackedRecords(names, packed, conversions, tuple(ids))


def pack_given(
    where: Path, ids: Sequence[str], sequences: Sequence[str], alphabet: Alphabet
) -> PackedRecords:
    """Pack sequences from memory; those that cannot be read are listed in ``refused``.

    Parameters
    ----------
    where : Path
        Their origin, for messages.
    ids, sequences : sequence of str
        White space in a sequence is left out and counted.
    """
    conversions = Conversions()
    texts = ["".join(text.split()) for text in sequences]
    conversions.white_space = sum(map(len, sequences)) - sum(map(len, texts))
    block = Block(tuple(ids), tuple(texts), b"", b"", conversions)
    names = pa.array(ids, pa.string())
    return _Part(where, block, 0, len(texts), 0, alphabet, True, Dots(where, False), names).some()


def counted(blocks: Iterable[PackedRecords], total: Conversions) -> Iterator[PackedRecords]:
    """Yield the blocks; add the conversions of each one to ``total``."""
    for block in blocks:
        total.add(block.conversions)
        yield block


def in_larger_blocks(blocks: Iterable[PackedRecords], residues: int) -> Iterator[PackedRecords]:
    """Join consecutive records into blocks of at least ``residues`` residues."""
    waiting: list[PackedRecords] = []
    size = 0
    for block in blocks:
        own = int(block.packed.lengths.sum()) + sum(one.length for one in block.refused)
        if waiting and own >= residues:
            # a long record is not copied
            yield _join(waiting)
            waiting, size = [], 0
        waiting.append(block)
        size += own
        if size >= residues:
            yield _join(waiting)
            waiting, size = [], 0
    if waiting:
        yield _join(waiting)


def _join(blocks: list[PackedRecords]) -> PackedRecords:
    if len(blocks) == 1:
        return blocks[0]
    conversions = Conversions()
    refused: list[Refused] = []
    before = 0
    for block in blocks:
        conversions.add(block.conversions)
        refused += [replace(one, place=before + one.place) for one in block.refused]
        before += len(block)
    return PackedRecords(
        pa.concat_arrays([block.ids for block in blocks]),
        Packed.join([block.packed for block in blocks]),
        conversions,
        tuple(chain.from_iterable(block.titles for block in blocks)),
        tuple(refused),
    )


NO_IDS = pa.array([], pa.string())


@dataclass(frozen=True)
class _Part:
    """Records ``start`` to before ``end`` of a block; ``number`` records are before them."""

    path: Path
    block: Block
    start: int
    end: int
    number: int
    alphabet: Alphabet
    whole_headers: bool
    dots: Dots
    given: pa.StringArray | None = None

    @cached_property
    def ids(self) -> pa.StringArray:
        if self.given is not None:
            return self.given
        block = self.block
        return ids_of(block.headers, block.titles, self.whole_headers)[self.start : self.end]

    @property
    def titles(self) -> tuple[str, ...]:
        return self.block.titles[self.start : self.end]

    @property
    def residues(self) -> tuple[str, ...]:
        return self.block.residues[self.start : self.end]

    def all(self) -> PackedRecords:
        """Pack all records; RecordError for the first one that cannot be read."""
        ids, block = self.ids, self.block
        if not _all_filled(ids):
            first = next(i for i, name in enumerate(ids.to_pylist()) if not name)
            raise no_id(self.path, self.number + first + 1)
        text = block.text if block.text and len(ids) == len(block.titles) else None
        packed = self._pack(ids, self.residues, block.conversions, text)
        if not packed.lengths.all():
            first = int(np.flatnonzero(packed.lengths == 0)[0])
            number, name = self.number + first + 1, ids[first].as_py()
            raise no_residues(self.path, number, self.titles[first], name)
        return PackedRecords(ids, packed, block.conversions, self.titles)

    def some(self) -> PackedRecords:
        """Pack the records that can be read, and list the others."""
        counts = Conversions()
        counts.add(self.block.conversions)
        try:
            return replace(self, block=replace(self.block, conversions=counts)).all()
        except RecordError:
            # one by one, to tell which
            pass
        kept: list[int] = []
        refused: list[Refused] = []
        plain = self.alphabet.letters + self.alphabet.letters.lower()
        names = self.ids.to_pylist()
        for place, (name, text) in enumerate(zip(names, self.residues, strict=True)):
            reason = self._reason(place, name, text, plain)
            if reason:
                length = len(text) - sum(map(text.count, GAPS))
                refused.append(Refused(len(kept), name, length, reason))
            else:
                kept.append(place)
        packed, counts = NOTHING, self.block.conversions
        ids = self.ids.take(pa.array(kept, pa.int64()))
        if kept:
            packed = self._pack(ids, tuple(self.residues[place] for place in kept), counts)
        titles = tuple(self.titles[place] for place in kept)
        return PackedRecords(ids, packed, counts, titles, tuple(refused))

    def _reason(self, place: int, name: str, text: str, plain: str) -> str:
        """What is wrong with a record; empty if it can be read."""
        if not name:
            return NO_ID
        if text and not text.strip(plain):
            return ""
        try:
            packed = self._pack(self.ids[place : place + 1], (text,), Conversions())
        except RecordError as error:
            return error.reason
        return "" if packed.lengths[0] else NO_RESIDUES

    def _pack(
        self,
        ids: pa.StringArray,
        sequences: tuple[str, ...],
        conversions: Conversions,
        text: bytes | None = None,
    ) -> Packed:
        return pack_text(self.path, ids, sequences, self.alphabet, conversions, self.dots, text)


def _all_filled(ids: pa.StringArray) -> bool:
    offsets = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset : ids.offset + len(ids) + 1]
    return bool((np.diff(offsets) > 0).all())
