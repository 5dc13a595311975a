"""FASTA text, parsed by Biopython, in blocks of bounded size.

What is accepted, converted and refused stands in one table: docs/fasta.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.locate import BYTE_ORDER_MARK, COMMENT_MARKS, no_header, non_utf8, unix_lines
from bioseqrnn.fasta.opening import Reader, open_bytes
from bioseqrnn.fasta.prose import GroupedLines, check_marked_lines, check_pir
from bioseqrnn.fasta.refusals import no_residues
from bioseqrnn.fasta.unwrap import unwrap
from bioseqrnn.onehot.alphabet import GAPS
from bioseqrnn.support.errors import InputError

# Small blocks stay in the processor's cache: the strings of one are gone before the next begins
BLOCK_BYTES = 1 << 17
# A record longer than this comes in parts
PART_BYTES = 1 << 21

COMMENT = re.compile(rb"^[;#!][^\n]*\n?", re.MULTILINE)
BLANK_LINES = re.compile(rb"(?:[ \t\v\f]*\n)*")
# Text up to a letter behind which a line can be cut: one that is not '>' follows it
LAST_LETTERS = re.compile(rb"(?s).*[!-~] *(?=[!-=?-~])")
# Where a text ends: at a line's end, or inside a line
NEW_LINE, SEQUENCE_LINE, COMMENT_LINE = "new line", "sequence", "comment"


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
        The first entry is a further part of the record before, and its title is empty.
    unfinished : bool
        The last entry goes on in the next block.
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
    """Yield the records of a file in order, about 130 kB of text a block.

    A plain file can be cut into shards; a compressed one cannot be entered in the middle and
    belongs to the first.

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
        titles, residues, text_lines, white_space = _parse(single_lines, len(lines) - ends)
        conversions.white_space += white_space
        check_pir(path, text_lines[0], titles, residues)
        grouped.check(text, white_space > 0, continues, unfinished)
        yield Block(titles, residues, *text_lines, conversions, continues, unfinished)
        continues = unfinished


def _parse(
    lines: list[str], size: int
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[bytes, bytes], int]:
    """Return titles and sequences by Biopython, both also as joined text, and the white space gone.

    Most text has two lines a record, which ``FastaTwoLineParser`` reads faster. It keeps blanks
    inside sequences: where there is any white space, the result is that of ``SimpleFastaParser``.
    """
    from Bio.SeqIO.FastaIO import FastaTwoLineParser, SimpleFastaParser

    try:
        parser = FastaTwoLineParser(iter(lines))  # type: ignore[no-untyped-call]
        parsed = _collect(parser, size)
        if parsed[3] == 0 and b" " not in parsed[2][1]:
            return parsed
    except ValueError:
        pass
    return _collect(SimpleFastaParser(iter(lines)), size)  # type: ignore[no-untyped-call]


def _collect(
    parser: Iterator[tuple[str, str]], size: int
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[bytes, bytes], int]:
    titles, residues = zip(*parser, strict=True)
    joined = _joined(titles), _joined(residues)
    # what is neither '>', header nor residue was white space
    return titles, residues, joined, size - len(joined[0]) - len(joined[1]) + len(titles)


def _joined(lines: tuple[str, ...]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def read_texts(
    path: Path, shard: Shard, *, comments: bool = True
) -> Iterator[tuple[bytes, Conversions, bool]]:
    r"""Yield text that begins with ``>`` and ends before the next one, and its conversions.

    Lines end in ``\n``, comment lines are gone. The last value says whether the text is a part of
    a record, longer than ``PART_BYTES``: then the next text goes on with it,
    does not begin with ``>``, and may be empty.
    """
    with open_bytes(path) as reader:
        begin, end = _record_range(reader, shard)
        left = end - begin if end is not None else None
        reader.seek(begin) if begin else None
        rest = held = b""
        started, part, line = begin > 0, False, NEW_LINE
        conversions = Conversions()
        while True:
            wanted = max(BLOCK_BYTES, len(rest))
            data = reader.read(wanted if left is None else min(wanted, left))
            if left is not None:
                left -= len(data)
            last = not data
            data, held = unix_lines(held + data, last, conversions)
            if not started and not rest and data.startswith(BYTE_ORDER_MARK):
                data = data[len(BYTE_ORDER_MARK) :]
            text = rest + data
            if part and line == NEW_LINE and text.startswith(b">"):
                # the part before was the last one, which nobody knew
                yield b"", conversions, False
                part, conversions = False, Conversions()
            unfinished = False
            if last:
                rest = b""
            elif (cut := text.rfind(b"\n>", max(0, len(rest) - 1))) >= 0:
                text, rest = text[: cut + 1], text[cut + 1 :]
            elif len(text) < PART_BYTES:
                rest = text
                continue
            else:
                cut = _cut_inside_record(path, text, line, started, comments)
                text, rest = text[:cut], text[cut:]
                unfinished = True
            if comments:
                text, line = _without_comments(path, text, line, started, conversions)
            else:
                line = _last_line(text, line)
            if not started:
                text = _from_first_record(path, text, comments, conversions)
                started = bool(text)
            if text or (part and not unfinished):
                yield text, conversions, unfinished
                part, conversions = unfinished, Conversions()
            if last:
                break
        reader.check_unchanged()
    if not started and shard.count == 1:
        raise InputError(f"{path}: empty FASTA file (no '>' record)")


def _cut_inside_record(path: Path, text: bytes, line: str, started: bool, comments: bool) -> int:
    """Return where to cut a long text: at a line's end, or inside a line so that nobody can tell.

    Inside a line the cut stands between two letters (blanks, which the parser drops, may follow
    the first): it strips other white space from ends only, and takes a ``>`` for a header.
    """
    if cut := text.rfind(b"\n") + 1:
        return cut
    if line == COMMENT_LINE or (line == NEW_LINE and comments and text.startswith(COMMENT_MARKS)):
        return len(text)
    if line == NEW_LINE and text.startswith(b">"):
        raise InputError(f"{path}: a header line is longer than {len(text):,} bytes; is it FASTA?")
    if not started:
        raise no_header(path, PART_BYTES, comments)
    found = LAST_LETTERS.match(text)
    if not found:
        raise InputError(
            f"{path}: {len(text):,} bytes of a sequence line without two letters side by side; "
            "is it FASTA?"
        )
    return found.end()


def _last_line(text: bytes, before: str) -> str:
    """Say which line a text ends inside of, if it does; ``before`` is the one it began in."""
    begin = text.rfind(b"\n") + 1
    if begin == len(text):
        return NEW_LINE if text else before
    if begin == 0 and before != NEW_LINE:
        return before
    return COMMENT_LINE if text.startswith(COMMENT_MARKS, begin) else SEQUENCE_LINE


def _without_comments(
    path: Path, text: bytes, line: str, started: bool, conversions: Conversions
) -> tuple[bytes, str]:
    """Leave out lines that begin with a comment mark; ``line`` is the one the text begins in.

    The second value says which one it ends in.
    """
    found = line == COMMENT_LINE or any(
        mark in text and (text.startswith(mark) or b"\n" + mark in text) for mark in COMMENT_MARKS
    )
    if not found:
        return text, _last_line(text, line)
    after = _last_line(text, line)
    begun = 0 if line == NEW_LINE else text.find(b"\n") + 1 or len(text)
    check_marked_lines(path, text[begun:], started)
    kept, count = COMMENT.subn(b"", text[begun:])
    conversions.comment_lines += count
    return (b"" if line == COMMENT_LINE else text[:begun]) + kept, after


def _from_first_record(path: Path, text: bytes, comments: bool, conversions: Conversions) -> bytes:
    """Leave out blank lines before the first record."""
    blank = BLANK_LINES.match(text).end()  # type: ignore[union-attr]
    if not text.startswith(b">", blank):
        if text[blank:].strip():
            raise no_header(path, PART_BYTES, comments)
        blank = len(text)
    conversions.white_space += blank - text.count(b"\n", 0, blank)
    return text[blank:]


def _record_range(reader: Reader, shard: Shard) -> tuple[int, int | None]:
    """Bytes of a shard: from the first record that begins in its part to the first behind it.

    What stands before the first record of the file belongs to that record.
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
        # no record: the first shard finds out what there is instead
        return (0, size) if shard.index == 0 else (size, size)
    bounds = [size * i // shard.count for i in (shard.index, shard.index + 1)]
    begin, end = (_next_record(reader, bound, size) for bound in bounds)
    reader.seek(0)
    return (0 if begin <= first else begin), (0 if end <= first else end)


def _next_record(reader: Reader, bound: int, size: int) -> int:
    """Return where the first record at or behind a byte begins, ``size`` where there is none."""
    if bound == 0:
        return 0
    # a record begins with '>' behind a line's end: look one byte back
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


def sample_residues(path: Path, residues: int = 100_000) -> bytes:
    """Return about the first ``residues`` letters of a file, to judge its alphabet by.

    Raises
    ------
    InputError
        As ``read_blocks``; a record without residues, which would be no sample.
    """
    parts: list[str] = []
    size = number = 0
    for block in read_blocks(path):
        number += len(block.titles) - block.continues
        for place, sequence in enumerate(block.residues):
            whole = (place or not block.continues) and (
                place < len(block.titles) - 1 or not block.unfinished
            )
            if whole and not sequence.strip(GAPS):
                raise no_residues(path, number - len(block.titles) + place + 1, block.titles[place])
            parts.append(sequence[: residues - size])
            size += len(parts[-1])
            if size >= residues:
                return "".join(parts).encode()
    return "".join(parts).encode()
