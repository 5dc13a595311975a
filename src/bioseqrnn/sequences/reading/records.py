"""Records with ids and packed sequences, from FASTA files of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import NoReturn

import numpy as np
import pyarrow as pa

from bioseqrnn.errors import InputError
from bioseqrnn.sequences.alphabet import PROTEIN, Alphabet
from bioseqrnn.sequences.packing import Packed, pack_lines
from bioseqrnn.sequences.reading.blocks import WHOLE, Block, Shard, read_blocks
from bioseqrnn.sequences.reading.conversions import Conversions
from bioseqrnn.sequences.reading.names import ids_of

GAPS = b"-."


@dataclass(frozen=True)
class Records:
    """Some consecutive records of one source.

    Attributes
    ----------
    ids : pyarrow string array [n]
    packed : Packed
    conversions : Conversions
        What was converted on the way.
    titles : tuple of str
        Their headers, or none where they are not needed.
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
) -> Iterator[Records]:
    """Yield the records of a FASTA file, packed, in order; at least one a block.

    Memory is that of a block of about 130 kB, or the packed bits of one record where that is more.

    Raises
    ------
    InputError
        As ``read_blocks``; a record without an id or without residues; a letter that the alphabet
        does not have, with file, record and position.
    """
    number = 0
    long: LongRecord | None = None
    for block in read_blocks(path, shard):
        start, conversions = 0, block.conversions
        if block.continues:
            assert long is not None
            long.add(block.residues[0], conversions)
            # counted once, with the first record of the block
            start, conversions = 1, Conversions()
            if len(block.titles) > 1 or not block.unfinished:
                yield long.finish()
                long = None
        end = len(block.titles)
        if block.unfinished and (end > 1 or not block.continues):
            end -= 1
            ids = _checked_ids(path, block, end, end + 1, number, whole_headers)
            long = LongRecord(path, alphabet, ids, block.titles[end], number + end - start + 1)
            long.add(block.residues[end], conversions if end == start else Conversions())
        if end > start:
            block = replace(block, conversions=conversions)
            records = _pack_block(path, block, start, end, number, alphabet, whole_headers)
            yield records if keep_titles else replace(records, titles=())
        number += len(block.titles) - start


def pack_records(path: Path, ids: list[str], sequences: list[str], alphabet: Alphabet) -> Records:
    """Pack sequences that were not read by ``read_records``; ``path`` names their origin."""
    conversions = Conversions()
    names = pa.array(ids, pa.string())
    packed = _pack(path, names, tuple(sequences), alphabet, conversions)
    for name, length in zip(ids, packed.lengths, strict=True):
        if not length:
            raise InputError(f"{path}: record '{name}' has no residues; remove it")
    return Records(names, packed, conversions, tuple(ids))


def in_larger_blocks(blocks: Iterable[Records], residues: int) -> Iterator[Records]:
    """Put consecutive records together to blocks of at least so many residues."""
    waiting: list[Records] = []
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


def _join(blocks: list[Records]) -> Records:
    if len(blocks) == 1:
        return blocks[0]
    conversions = Conversions()
    for block in blocks:
        conversions.add(block.conversions)
    return Records(
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
    path: Path, block: Block, start: int, end: int, number: int, alphabet: Alphabet, whole: bool
) -> Records:
    ids = _checked_ids(path, block, start, end, number, whole)
    text = block.text if end - start == len(block.titles) else None
    packed = _pack(path, ids, block.residues[start:end], alphabet, block.conversions, text)
    if not packed.lengths.all():
        first = int(np.flatnonzero(packed.lengths == 0)[0])
        raise _no_residues(path, number + first + 1, ids[first].as_py())
    return Records(ids, packed, block.conversions, block.titles[start:end])


def _no_residues(path: Path, number: int, name: str) -> InputError:
    return InputError(
        f"{path}: record {number} ('{name}') has no residues; remove it or give it a sequence"
    )


def _pack(
    path: Path,
    ids: pa.StringArray,
    sequences: tuple[str, ...],
    alphabet: Alphabet,
    conversions: Conversions,
    text: bytes | None = None,
) -> Packed:
    if text is None:
        text = ("\n".join(sequences) + "\n").encode()
    result = pack_lines(text, len(sequences), alphabet)
    if result is None:
        text = _without_gaps(text, alphabet, conversions)
        result = pack_lines(text, len(sequences), alphabet)
    if result is None:
        raise _bad_letter(path, ids, sequences, alphabet)
    packed, unusual = result
    if unusual:
        conversions.count_letters(text, alphabet)
    return packed


def _without_gaps(text: bytes, alphabet: Alphabet, conversions: Conversions) -> bytes:
    """Leave out gaps, and the stop at a protein's end."""
    kept = text.translate(None, GAPS)
    conversions.gaps += len(text) - len(kept)
    if alphabet.name == "protein":
        conversions.stops += kept.count(b"*\n")
        kept = kept.replace(b"*\n", b"\n")
    return kept


def _bad_letter(
    path: Path, ids: pa.StringArray, sequences: tuple[str, ...], alphabet: Alphabet
) -> InputError:
    """Name the first letter of a block that cannot be read."""
    accepted = _accepted(alphabet)
    for name, sequence in zip(ids.to_pylist(), sequences, strict=True):
        residues = len(sequence.rstrip(GAPS.decode()))
        for position, letter in enumerate(sequence, start=1):
            final_stop = letter == "*" and alphabet.name == "protein" and position == residues
            if letter not in accepted and not final_stop:
                return refusal(path, name, position, letter, alphabet)
    raise AssertionError("every letter is accepted")


def _accepted(alphabet: Alphabet) -> set[str]:
    return set(alphabet.letters) | set(alphabet.letters.lower()) | set(GAPS.decode())


def refusal(path: Path, name: str, position: int, letter: str, alphabet: Alphabet) -> InputError:
    """Return the error for a letter that is no residue; positions count from 1, gaps included."""
    hint = ""
    if letter == "*":
        hint = " (a stop is accepted at the end of a protein only)"
    elif alphabet.name == "dna" and letter.upper() in PROTEIN.codes:
        hint = " (a protein in a DNA dataset?)"
    shown = letter if letter.isprintable() else ascii(letter)[1:-1]
    return InputError(
        f"{path}: record '{name}', position {position}: '{shown}' is not a "
        f"{alphabet.name.replace('dna', 'DNA')} letter{hint}; accepted: {alphabet.letters}"
    )


@dataclass
class LongRecord:
    """One record put together from parts; only its packed bits are kept."""

    path: Path
    alphabet: Alphabet
    ids: pa.StringArray
    title: str
    number: int
    conversions: Conversions = field(default_factory=Conversions)
    carry: str = ""
    # of each letter of the carry, and of the letters met
    carry_positions: list[int] = field(default_factory=list)
    position: int = 0
    length: int = 0
    data: bytearray = field(default_factory=bytearray)

    def add(self, residues: str, conversions: Conversions, last: bool = False) -> None:
        """Pack a further part; an odd letter, and a stop that may be the end, wait for the next."""
        self.conversions.add(conversions)
        kept = residues.translate(_NO_GAPS)
        self.conversions.gaps += len(residues) - len(kept)
        letters = self.carry + kept
        whole = len(letters) if last else _whole_pairs(letters)
        part = letters[:whole]
        result = pack_lines(f"{part}\n".encode(), 1, self.alphabet)
        if result is None:
            self._refuse(residues)
        packed, unusual = result
        if unusual:
            self.conversions.count_letters(part.encode(), self.alphabet)
        self.data += packed.data.data
        self.length += int(packed.lengths[0])
        waiting = len(letters) - whole
        new = [self.position + place for place in _last_letters(residues, min(waiting, len(kept)))]
        self.carry = letters[whole:]
        self.carry_positions = ([*self.carry_positions, *new])[-waiting:] if waiting else []
        self.position += len(residues)

    def finish(self) -> Records:
        """Return the record."""
        if self.alphabet.name == "protein" and self.carry.endswith("*"):
            self.carry = self.carry[:-1]
            self.conversions.stops += 1
        self.add("", Conversions(), last=True)
        if not self.length:
            raise _no_residues(self.path, self.number, self.ids[0].as_py())
        data = np.frombuffer(self.data, np.uint8)
        packed = Packed(data, np.array([0, len(data)]), np.array([self.length]))
        return Records(self.ids, packed, self.conversions, (self.title,))

    def _refuse(self, residues: str) -> NoReturn:
        accepted = _accepted(self.alphabet)
        place = next(i for i, c in enumerate(self.carry + residues) if c not in accepted)
        before = len(self.carry)
        position = (
            self.carry_positions[place] if place < before else self.position + place - before + 1
        )
        letter = (self.carry + residues)[place]
        raise refusal(self.path, self.ids[0].as_py(), position, letter, self.alphabet)


def _last_letters(text: str, count: int) -> list[int]:
    """Positions, from 1, of the last so many letters of a text that are no gaps."""
    places: list[int] = []
    end = len(text)
    for _ in range(count):
        end = len(text[:end].rstrip(GAPS.decode()))
        places.append(end)
        end -= 1
    return places[::-1]


_NO_GAPS = str.maketrans("", "", GAPS.decode())


def _whole_pairs(text: str) -> int:
    """Letters to pack now: an even number, and none of a stop that ends the text."""
    return (len(text) - text.endswith("*")) // 2 * 2
