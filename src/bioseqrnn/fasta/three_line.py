"""FASTA with three lines per record; the third has one label character for each residue."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from bioseqrnn.fasta.blocks import WHOLE, Shard, read_texts
from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.dots import Dots
from bioseqrnn.fasta.locate import COMMENT_MARKS, non_utf8
from bioseqrnn.fasta.long_record import LongRecord
from bioseqrnn.fasta.records import PackedRecords, finished, pack_records
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.support.errors import InputError


def read_three_line(
    path: Path, alphabet: Alphabet, *, whole_headers: bool = False, shard: Shard = WHOLE
) -> Iterator[tuple[PackedRecords, list[str]]]:
    """Yield records, and their labels as text with one character per residue.

    A record has three lines: header, residues, labels. Blank lines are left out; comments are not
    recognized. Any character except white space is a label. For a record longer than
    ``PART_BYTES``, the packed bits and the labels are kept in memory.

    Raises
    ------
    InputError
        As in ``read_records``; also for a record with another number of lines, or with different
        numbers of labels and residues.
    """
    number = 0
    long: _LongThreeLines | None = None
    for data, conversions, unfinished in read_texts(path, shard, comments=False):
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise non_utf8(path) from error
        if long is not None:
            rest, mark, following = text.partition("\n>")
            long.add(rest + "\n" * bool(mark), conversions)
            conversions = Conversions()
            if unfinished:
                continue
            yield long.finish()
            long, number, text = None, number + 1, (mark + following)[1:]
        if unfinished:
            long = _LongThreeLines(path, alphabet, whole_headers, number + 1)
            long.add(text, conversions)
        elif text:
            records, labels = _whole_records(path, text, alphabet, whole_headers, number)
            records.conversions.add(conversions)
            yield records, labels
            number += len(labels)


def _whole_records(
    path: Path, text: str, alphabet: Alphabet, whole_headers: bool, number: int
) -> tuple[PackedRecords, list[str]]:
    """Return the records of a text; the first is number ``number + 1`` of the file."""
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    lines = [line for line in text.split("\n") if line.strip()]
    _check_pattern(path, lines, number)
    two_lines = [line for pair in zip(lines[::3], lines[1::3], strict=True) for line in pair]
    entries = list(SimpleFastaParser(iter(two_lines)))  # type: ignore[no-untyped-call]
    ids = [
        _id(path, title, whole_headers, place)
        for place, (title, _) in enumerate(entries, start=number + 1)
    ]
    records = pack_records(path, ids, [residues for _, residues in entries], alphabet)
    labels = [line.strip() for line in lines[2::3]]
    for name, length, line in zip(ids, records.packed.lengths, lines[2::3], strict=True):
        _check_labels(path, name, int(length), line.strip(), line[:1].isspace())
    return records, labels


def _id(path: Path, title: str, whole_headers: bool, number: int) -> str:
    words = [title.strip()] if whole_headers else title.split(None, 1)
    if not words or not words[0]:
        raise InputError(f"{path}: record {number} has no id after '>'; give it one")
    return words[0]


def _check_labels(path: Path, name: str, length: int, labels: str, spaced: bool) -> None:
    if length != len(labels):
        hint = (
            "; its label line begins with a space, which is not a label: write another character, "
            "like '-'"
        )
        raise InputError(
            f"{path}: record '{name}' has {length:,} residues (gaps and a final '*' do not count) "
            f"but {len(labels):,} labels; each residue must have one{hint if spaced else ''}"
        )
    if len(labels.split()) > 1:
        raise InputError(
            f"{path}: record '{name}' has white space among its labels; give one character for "
            "each residue"
        )


class _LongThreeLines:
    """One record of three lines, joined from parts: its packed bits and its labels."""

    def __init__(self, path: Path, alphabet: Alphabet, whole_headers: bool, number: int) -> None:
        self._path, self._alphabet = path, alphabet
        self._whole_headers, self._number = whole_headers, number
        self._title = ""
        self._record: LongRecord | None = None
        self._labels: list[str] = []
        # lines that have begun, and whether the last one has ended
        self._lines, self._ended = 0, True

    def add(self, text: str, conversions: Conversions) -> None:
        """Add another part; its last line may continue in the next part."""
        for place, letters in enumerate(text.split("\n")):
            self._ended |= place > 0
            if letters.strip():
                self._lines += self._ended
                self._ended = False
                self._take(letters)
        if self._record is not None:
            self._record.conversions.add(conversions)

    def _take(self, letters: str) -> None:
        if self._lines == 1:
            self._title = letters[1:]
            name = _id(self._path, self._title, self._whole_headers, self._number)
            self._record = LongRecord(
                self._path, self._alphabet, name, self._title, self._number,
                Dots(self._path, aligned=False),
            )  # fmt: skip
        elif self._lines == 2:
            assert self._record is not None
            self._record.add("".join(letters.split()), Conversions())
        elif self._lines == 3:
            self._labels.append(letters)

    def finish(self) -> tuple[PackedRecords, list[str]]:
        """Return the record."""
        if self._lines != 3 or self._record is None:
            raise _line_count(self._path, self._number, self._title, self._lines)
        line = "".join(self._labels)
        self._labels.clear()
        labels, spaced = line.strip(), line[:1].isspace()
        name = self._record.name
        records = finished(self._record)
        _check_labels(self._path, name, int(records.packed.lengths[0]), labels, spaced)
        return records, [labels]


def sample_three_line(path: Path, residues: int = 100_000) -> bytes:
    """Return about the first ``residues`` residues of a file, without labels, as a sample."""
    sample = b""
    for text, _, _ in read_texts(path, WHOLE, comments=False):
        lines = [line for line in text.split(b"\n") if line.strip()]
        sample += b"".join(line for head, line in pairwise(lines) if head.startswith(b">"))
        if len(sample) >= residues:
            break
    return sample[:residues]


def _check_pattern(path: Path, lines: list[str], number: int) -> None:
    """Refuse a record that does not consist of three lines: header, residues, labels."""
    headers = [place for place, line in enumerate(lines) if line.startswith(">")]
    for count, (place, end) in enumerate(zip(headers, [*headers[1:], len(lines)], strict=True)):
        if end - place != 3:
            comment = next(
                (x for x in lines[place:end] if x.encode().startswith(COMMENT_MARKS)), ""
            )
            if comment:
                raise InputError(
                    f"{path}: record {number + count + 1} ('{lines[place][1:31].strip()}') has the "
                    f"line '{comment[:30].rstrip()}': comments are not allowed if records have "
                    "three lines; remove it"
                )
            raise _line_count(path, number + count + 1, lines[place][1:], end - place)


def _line_count(path: Path, number: int, title: str, lines: int) -> InputError:
    return InputError(
        f"{path}: record {number} ('{title[:30].strip()}') has {lines} lines; a record with a "
        "label for each residue must have three: header, residues, labels"
    )
