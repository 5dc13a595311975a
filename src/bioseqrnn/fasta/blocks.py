"""FASTA text, parsed by Biopython, in blocks of bounded size.

docs/fasta.md lists what is accepted, converted and refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.lines import (
    NEW_LINE,
    cut_inside_record,
    from_first_record,
    last_line,
    without_comments,
)
from bioseqrnn.fasta.locate import BYTE_ORDER_MARK, non_utf8, unix_lines
from bioseqrnn.fasta.opening import Reader, open_bytes
from bioseqrnn.fasta.parsing import parse
from bioseqrnn.fasta.prose import GroupedLines, check_pir
from bioseqrnn.fasta.refusals import no_residues
from bioseqrnn.fasta.unwrap import unwrap
from bioseqrnn.onehot.alphabet import GAPS
from bioseqrnn.support.errors import InputError

# Small blocks fit in the processor's cache: the strings of one are freed before the next is read
BLOCK_BYTES = 1 << 17
# A record longer than this is read in parts
PART_BYTES = 1 << 21


@dataclass(frozen=True)
class Block:
    r"""Consecutive records as Biopython's ``SimpleFastaParser`` gives them.

    Attributes
    ----------
    titles : tuple of str
        Headers without ``>``.
    residues : tuple of str
        Sequences without white space.
    headers, text : bytes
        Titles and residues in UTF-8, each ended by ``\n``.
    conversions : Conversions
        Comment lines, carriage returns and white space left out.
    continues : bool
        The first entry is a further part of the previous record, and its title is empty.
    unfinished : bool
        The last entry continues in the next block.
    """

    titles: tuple[str, ...]
    residues: tuple[str, ...]
    headers: bytes
    text: bytes
    conversions: Conversions
    continues: bool = False
    unfinished: bool = False


@dataclass(frozen=True)
class Shard:
    """Part ``index`` of ``count`` of a plain file: the records that begin in that part of it."""

    index: int = 0
    count: int = 1


WHOLE = Shard()


def read_blocks(path: Path, shard: Shard = WHOLE) -> Iterator[Block]:
    """Yield the records of a file in order, in blocks of about 130 kB of text.

    A plain file can be cut into shards. A compressed file cannot be read from the middle, so all of
    it belongs to the first shard.

    Raises
    ------
    InputError
        No such file, no record (in a whole file), text before the first ``>``, text that is not
        UTF-8, a damaged archive, a file that changes while it is read.
    """
    continues = False
    grouped = GroupedLines(path)
    for text, conversions, unfinished in read_texts(path, shard):
        # a part of a record has no header of its own
        lines = b">\n" + text if continues else text
        try:
            single_lines, ends = unwrap(lines)
        except UnicodeDecodeError as error:
            raise non_utf8(path) from error
        titles, residues, text_lines, white_space = parse(single_lines, len(lines) - ends)
        conversions.white_space += white_space
        check_pir(path, text_lines[0], titles, residues)
        grouped.check(text, white_space > 0, continues, unfinished)
        yield Block(titles, residues, *text_lines, conversions, continues, unfinished)
        continues = unfinished


class Text(NamedTuple):
    r"""Text that begins with ``>`` and ends before the next record, lines ended by ``\n``.

    Attributes
    ----------
    data : bytes
    conversions : Conversions
        Comment lines, carriage returns and white space left out of it.
    unfinished : bool
        Whether it is a part of a record longer than ``PART_BYTES``. If so, the next text continues
        it, does not begin with ``>``, and may be empty.
    """

    data: bytes
    conversions: Conversions
    unfinished: bool


def read_texts(path: Path, shard: Shard, *, comments: bool = True) -> Iterator[Text]:
    """Yield the text of a file, or of a shard of it, cut between records.

    Comment lines are left out; if ``comments`` is False, no line counts as a comment.

    Raises
    ------
    InputError
        As in ``read_blocks``.
    """
    with open_bytes(path) as reader:
        begin, end = _record_range(reader, shard)
        if begin:
            reader.seek(begin)
        position = begin
        cutter = _Cutter(path, comments, State.BETWEEN if begin else State.BEFORE)
        while not cutter.done:
            # at least as many bytes as are waiting, so that no record is searched repeatedly
            wanted = max(BLOCK_BYTES, len(cutter.rest))
            data = reader.read(wanted if end is None else min(wanted, end - position))
            position += len(data)
            yield from cutter.add(data)
        reader.check_unchanged()
    if cutter.state is State.BEFORE and shard.count == 1:
        raise InputError(f"{path}: empty FASTA file (no '>' record)")


class State(Enum):
    """The place in a file where the last yielded text ends."""

    BEFORE = "before the first record"
    BETWEEN = "between two records"
    # or at the end of a record: only the next text shows which
    INSIDE = "inside a record"


class _Cutter:
    """Cuts the bytes of a file, which are read in pieces, between records.

    Attributes
    ----------
    state : State
        Where the last yielded text ends.
    line : {"new line", "sequence", "comment"}
        Kind of the line in which this text ends; "new line" if it ends at the end of a line.
    rest : bytes
        Text that waits for the end of its record.
    done : bool
        Whether the file has ended.
    """

    def __init__(self, path: Path, comments: bool, state: State) -> None:
        self.path, self.comments, self.state = path, comments, state
        self.line, self.rest, self.done = NEW_LINE, b"", False
        # a carriage return whose line feed may follow
        self._held = b""
        self._conversions = Conversions()

    def add(self, data: bytes) -> Iterator[Text]:
        """Add a piece of the file and yield what is now complete; an empty piece is the end."""
        self.done = not data
        data, self._held = unix_lines(self._held + data, self.done, self._conversions)
        if self.state is State.BEFORE and not self.rest:
            data = data.removeprefix(BYTE_ORDER_MARK)
        text = self.rest + data
        if self.state is State.INSIDE and self.line == NEW_LINE and text.startswith(b">"):
            # the previous part was the last one of its record
            yield self._give(b"", unfinished=False)
        cut, unfinished = self._cut(text)
        text, self.rest = text[:cut], text[cut:]
        if cut or self.done:
            text = self._clean(text)
            if text or (self.state is State.INSIDE and not unfinished):
                yield self._give(text, unfinished)

    def _give(self, text: bytes, unfinished: bool) -> Text:
        self.state = State.INSIDE if unfinished else State.BETWEEN
        given, self._conversions = Text(text, self._conversions, unfinished), Conversions()
        return given

    def _cut(self, text: bytes) -> tuple[int, bool]:
        """Return where to cut a text, 0 if its record has to wait, and whether inside a record."""
        if self.done:
            return len(text), False
        # no other record begins in the waiting text
        cut = text.rfind(b"\n>", max(0, len(self.rest) - 1)) + 1
        if cut or len(text) < PART_BYTES:
            return cut, False
        started = self.state is not State.BEFORE
        return cut_inside_record(
            self.path, text, self.line, started, self.comments, PART_BYTES
        ), True

    def _clean(self, text: bytes) -> bytes:
        """Remove comment lines, and blank lines before the first record."""
        started = self.state is not State.BEFORE
        if self.comments:
            text, self.line = without_comments(
                self.path, text, self.line, started, self._conversions
            )
        else:
            self.line = last_line(text, self.line)
        if started:
            return text
        return from_first_record(self.path, text, self.comments, self._conversions, PART_BYTES)


def _record_range(reader: Reader, shard: Shard) -> tuple[int, int | None]:
    """Return the byte range of a shard: from the first record beginning in it to the next after it.

    Text before the first record of the file belongs to that record.
    """
    if shard.count == 1:
        return 0, None
    if reader.kind is not None:
        return (0, None) if shard.index == 0 else (0, 0)
    size = reader.path.stat().st_size
    reader.seek(0)
    head = reader.read(len(BYTE_ORDER_MARK) + 1).removeprefix(BYTE_ORDER_MARK)
    first = 0 if head.startswith(b">") else _next_record(reader, 1, size)
    if first == size:
        # no record: the first shard reads what is there and raises the error
        return (0, size) if shard.index == 0 else (size, size)
    bounds = [size * i // shard.count for i in (shard.index, shard.index + 1)]
    begin, end = (_next_record(reader, bound, size) for bound in bounds)
    reader.seek(0)
    return (0 if begin <= first else begin), (0 if end <= first else end)


def _next_record(reader: Reader, bound: int, size: int) -> int:
    """Return the start of the first record at or after a byte, ``size`` if there is none."""
    if bound == 0:
        return 0
    # a record begins with '>' after a line end, so the search starts one byte earlier
    position = bound - 1
    reader.seek(position)
    before = b""
    while data := reader.read(BLOCK_BYTES):
        found = re.search(rb"[\r\n]>", before + data)
        if found:
            return position - len(before) + found.start() + 1
        position += len(data)
        before = data[-1:]
    return size


def sample_residues(path: Path, residues: int = 100_000, *, empty: bool = False) -> bytes:
    """Return about the first ``residues`` letters of a file, from which to guess its alphabet.

    Raises
    ------
    InputError
        As in ``read_blocks``; also for a record without residues, unless ``empty`` is true.
    """
    parts: list[str] = []
    size = number = 0
    for block in read_blocks(path):
        number += len(block.titles) - block.continues
        for place, sequence in enumerate(block.residues):
            whole = (place or not block.continues) and (
                place < len(block.titles) - 1 or not block.unfinished
            )
            if whole and not empty and not sequence.strip(GAPS):
                raise no_residues(path, number - len(block.titles) + place + 1, block.titles[place])
            parts.append(sequence[: residues - size])
            size += len(parts[-1])
            if size >= residues:
                return "".join(parts).encode()
    return "".join(parts).encode()
