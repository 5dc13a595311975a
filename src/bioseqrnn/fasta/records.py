"""Records with ids and packed sequences, from FASTA files of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from bioseqrnn.fasta.blocks import WHOLE, Block, Shard, read_blocks
from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.dots import Dots
from bioseqrnn.fasta.long_record import LongRecord
from bioseqrnn.fasta.names import ids_of
from bioseqrnn.fasta.refusals import bad_letter, no_residues
from bioseqrnn.fasta.strange import strange_records
from bioseqrnn.onehot.alphabet import GAPS, Alphabet
from bioseqrnn.onehot.packing import Packed, pack_lines
from bioseqrnn.support.errors import InputError


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
    """

    ids: pa.StringArray
    packed: Packed
    conversions: Conversions
    titles: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def read_records(
    path: Path,
    alphabet: Alphabet,
    *,
    whole_headers: bool = False,
    keep_titles: bool = False,
    shard: Shard = WHOLE,
) -> Iterator[PackedRecords]:
    """Yield the packed records of a FASTA file in order, one or more at a time.

    Memory is that of a block of about 130 kB, or of the packed bits of one record if they are more.

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
            ids = _checked_ids(path, block, end, end + 1, number, whole_headers)
            name, place = ids[0].as_py(), number + end - start + 1
            long = LongRecord(path, alphabet, name, block.titles[end], place, dots)
            long.add(block.residues[end], conversions if end == start else Conversions())
        if end > start:
            block = replace(block, conversions=conversions)
            records = _pack_block(path, block, start, end, number, alphabet, whole_headers, dots)
            yield records if keep_titles else replace(records, titles=())
        number += len(block.titles) - start


def finished(long: LongRecord) -> PackedRecords:
    """Return a record that was read in parts, in the form of any other record."""
    packed, conversions = long.finish()
    return PackedRecords(pa.array([long.name], pa.string()), packed, conversions, (long.title,))


def pack_records(
    path: Path, ids: list[str], sequences: list[str], alphabet: Alphabet
) -> PackedRecords:
    """Pack sequences that were not read by ``read_records``; ``path`` names their origin."""
    conversions = Conversions()
    names = pa.array(ids, pa.string())
    dots = Dots(path, aligned=False)
    packed = _pack(path, names, tuple(sequences), alphabet, conversions, dots)
    for name, length in zip(ids, packed.lengths, strict=True):
        if not length:
            raise InputError(f"{path}: record '{name}' has no residues; remove it")
    return PackedRecords(names, packed, conversions, tuple(ids))


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
        own = int(block.packed.lengths.sum())
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
    for block in blocks:
        conversions.add(block.conversions)
    return PackedRecords(
        pa.concat_arrays([block.ids for block in blocks]),
        Packed.join([block.packed for block in blocks]),
        conversions,
        tuple(chain.from_iterable(block.titles for block in blocks)),
    )


def _checked_ids(
    path: Path, block: Block, start: int, end: int, number: int, whole: bool
) -> pa.StringArray:
    ids = ids_of(block.headers, block.titles, whole)[start:end]
    if not _all_filled(ids):
        first = next(i for i, name in enumerate(ids.to_pylist()) if not name)
        raise InputError(f"{path}: record {number + first + 1} has no id after '>'; give it one")
    return ids


def _all_filled(ids: pa.StringArray) -> bool:
    offsets = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset : ids.offset + len(ids) + 1]
    return bool((np.diff(offsets) > 0).all())


def _pack_block(
    path: Path,
    block: Block,
    start: int,
    end: int,
    number: int,
    alphabet: Alphabet,
    whole: bool,
    dots: Dots,
) -> PackedRecords:
    ids = _checked_ids(path, block, start, end, number, whole)
    text = block.text if end - start == len(block.titles) else None
    packed = _pack(path, ids, block.residues[start:end], alphabet, block.conversions, dots, text)
    if not packed.lengths.all():
        first = int(np.flatnonzero(packed.lengths == 0)[0])
        title = block.titles[start + first]
        raise no_residues(path, number + first + 1, title, ids[first].as_py())
    return PackedRecords(ids, packed, block.conversions, block.titles[start:end])


def _pack(
    path: Path,
    ids: pa.StringArray,
    sequences: tuple[str, ...],
    alphabet: Alphabet,
    conversions: Conversions,
    dots: Dots,
    text: bytes | None = None,
) -> Packed:
    if text is None:
        text = ("\n".join(sequences) + "\n").encode()
    result = pack_lines(text, len(sequences), alphabet)
    if result is None:
        if alphabet.name == "protein" and b"." in text:
            stops = dots.count_stops(ids.to_pylist(), sequences)
            conversions.stops += stops
            conversions.gaps -= stops
        text = _without_gaps(text, alphabet, conversions)
        result = pack_lines(text, len(sequences), alphabet)
    if result is None:
        raise bad_letter(path, ids.to_pylist(), sequences, alphabet)
    packed, unusual = result
    if unusual:
        conversions.count_letters(text, alphabet)
    if alphabet.name == "protein" or conversions.ambiguous:
        conversions.note_strange(ids, strange_records(text, len(sequences), alphabet))
    return packed


def _without_gaps(text: bytes, alphabet: Alphabet, conversions: Conversions) -> bytes:
    """Remove gaps, and the stop at the end of a protein."""
    kept = text.translate(None, GAPS.encode())
    conversions.gaps += len(text) - len(kept)
    if alphabet.name == "protein":
        conversions.stops += kept.count(b"*\n")
        kept = kept.replace(b"*\n", b"\n")
    return kept
