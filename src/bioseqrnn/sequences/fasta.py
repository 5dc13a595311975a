"""FASTA text, parsed by Biopython, in blocks of bounded size.

What is accepted, converted and refused stands in one table: docs/fasta.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.errors import InputError
from bioseqrnn.sequences.conversions import Conversions
from bioseqrnn.sequences.opening import Reader, open_bytes
from bioseqrnn.sequences.unwrap import unwrap

# Small blocks stay in the processor's cache: the strings of one are gone before the next begins
BLOCK_BYTES = 1 << 17
# A record longer than this comes in parts
PART_BYTES = 1 << 21

COMMENT_MARKS = (b";", b"#", b"!")
COMMENT = re.compile(rb"^[;#!][^\n]*\n?", re.MULTILINE)
BLANK_LINES = re.compile(rb"(?:[ \t\v\f]*\n)*")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


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
    for text, conversions, unfinished in read_texts(path, shard):
        # a part of a record has no header of its own
        lines = b">\n" + text if continues else text
        try:
            unwrapped_lines, ends = unwrap(lines)
            titles, residues = _parse(unwrapped_lines)
        except UnicodeDecodeError as error:
            raise non_utf8(path) from error
        block = Block(titles, residues, _joined(titles), _joined(residues), conversions,
                      continues, unfinished)  # fmt: skip
        # what is neither '>', header, residue nor line end was white space
        kept = len(block.headers) + len(block.text) - len(titles)
        conversions.white_space = len(lines) - kept - ends
        yield block
        continues = unfinished


def _parse(lines: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return titles and sequences, by Biopython's parser."""
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    records = SimpleFastaParser(iter(lines))  # type: ignore[no-untyped-call]
    titles, residues = zip(*records, strict=True)
    return titles, residues


def _joined(lines: tuple[str, ...]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def read_texts(
    path: Path, shard: Shard, *, longest: int = PART_BYTES, comments: bool = True
) -> Iterator[tuple[bytes, Conversions, bool]]:
    r"""Yield text that begins with ``>`` and ends before the next one, and its conversions.

    Lines end in ``\n``, comment lines are gone. The last value says whether the text is a part of
    a record, longer than ``longest`` bytes: then the next text goes on with it and does not begin
    with ``>``.
    """
    with open_bytes(path) as reader:
        begin, end = _record_range(reader, shard)
        left = end - begin if end is not None else None
        reader.seek(begin) if begin else None
        rest = held = b""
        started, part, inside_line = begin > 0, False, False
        while True:
            wanted = max(BLOCK_BYTES, len(rest))
            data = reader.read(wanted if left is None else min(wanted, left))
            if left is not None:
                left -= len(data)
            last = not data
            conversions = Conversions()
            data, held = _unix_lines(held + data, last, conversions)
            if not started and not rest and data.startswith(BYTE_ORDER_MARK):
                data = data[len(BYTE_ORDER_MARK) :]
            text = rest + data
            unfinished = False
            if last:
                rest = b""
            elif (cut := text.rfind(b"\n>", max(0, len(rest) - 1))) >= 0:
                text, rest = text[: cut + 1], text[cut + 1 :]
            elif len(text) < longest:
                rest = text
                continue
            else:
                text, rest = _cut_inside_record(path, text, part)
                unfinished = True
            ends_inside_line = unfinished and not text.endswith(b"\n")
            if comments:
                text = _without_comments(text, inside_line, conversions)
            inside_line = ends_inside_line
            if not started:
                text = text[BLANK_LINES.match(text).end() :]  # type: ignore[union-attr]
                if text and not text.startswith(b">"):
                    if text.strip():
                        raise _no_header(path)
                    text = b""
                started = bool(text)
            if text or (part and last):
                yield text, conversions, unfinished
                part = unfinished
            if last:
                break
        reader.check_unchanged()
    if not started and shard.count == 1:
        raise InputError(f"{path}: empty FASTA file (no '>' record)")


def _unix_lines(data: bytes, last: bool, conversions: Conversions) -> tuple[bytes, bytes]:
    r"""Return data with line ends as ``\n``, and a ``\r`` held back whose ``\n`` may follow."""
    held = b""
    if data.endswith(b"\r") and not last:
        data, held = data[:-1], b"\r"
    if b"\r" in data:
        conversions.carriage_returns = data.count(b"\r")
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data, held


def _cut_inside_record(path: Path, text: bytes, part: bool) -> tuple[bytes, bytes]:
    """Cut a long record's text at a line's end, or inside a line but never at white space."""
    cut = text.rfind(b"\n") + 1
    if cut == 0 and not part:
        raise InputError(f"{path}: a header line is longer than {PART_BYTES:,} bytes; is it FASTA?")
    if cut == 0:
        # the parser strips the ends of lines: white space must meet what stands behind it
        cut = len(text.rstrip()) or len(text)
    return text[:cut], text[cut:]


def _without_comments(text: bytes, inside_line: bool, conversions: Conversions) -> bytes:
    """Leave out lines that begin with a comment mark; the first may be the middle of a line."""
    found = any(
        mark in text and (text.startswith(mark) or b"\n" + mark in text) for mark in COMMENT_MARKS
    )
    if not found:
        return text
    start = text.find(b"\n") + 1 if inside_line else 0
    kept, conversions.comment_lines = COMMENT.subn(b"", text[start:])
    return text[:start] + kept


def _record_range(reader: Reader, shard: Shard) -> tuple[int, int | None]:
    """Bytes of a shard: from the first record that begins in its part to the first behind it."""
    if shard.count == 1:
        return 0, None
    if reader.kind is not None:
        return (0, None) if shard.index == 0 else (0, 0)
    size = reader.path.stat().st_size
    bounds = [size * i // shard.count for i in (shard.index, shard.index + 1)]
    begin, end = (_next_record(reader, bound, size) for bound in bounds)
    reader.seek(0)
    return begin, end


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


def _no_header(path: Path) -> InputError:
    """Name the first line of a file that begins with something else than a record."""
    with open_bytes(path) as reader:
        start = reader.read(PART_BYTES).removeprefix(BYTE_ORDER_MARK)
    for number, line in enumerate(start.splitlines(), start=1):
        if line.strip() and not line.startswith(COMMENT_MARKS):
            shown = line[:30].decode("utf-8", "replace").rstrip()
            return InputError(
                f"{path}: line {number} is '{shown}', not a '>' header at the start of a line; "
                "is it FASTA?"
            )
    return InputError(f"{path}: no '>' header in its first lines; is it FASTA?")


def non_utf8(path: Path) -> InputError:
    """Find the first byte that is not UTF-8 and say where it stands."""
    record, number, rest = "", 0, b""
    with open_bytes(path) as reader:
        while data := reader.read(PART_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            for line in [*lines, rest] if len(data) < PART_BYTES else lines:
                number += 1
                if line.startswith(b">"):
                    record = (line[1:].split() or [b""])[0].decode("utf-8", "replace")
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as error:
                    return InputError(
                        f"{path}: line {number}, byte {error.start + 1} (record '{record}'): "
                        "not UTF-8 text; save the file as UTF-8 or plain ASCII"
                    )
    return InputError(f"{path}: not UTF-8 text; save the file as UTF-8 or plain ASCII")


def sample_residues(path: Path, residues: int = 100_000) -> bytes:
    """Return about the first ``residues`` letters of a file, to judge its alphabet by."""
    parts: list[str] = []
    size = 0
    for block in read_blocks(path):
        for sequence in block.residues:
            parts.append(sequence[: residues - size])
            size += len(parts[-1])
            if size >= residues:
                return "".join(parts).encode()
    return "".join(parts).encode()
