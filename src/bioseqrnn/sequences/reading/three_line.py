"""FASTA with a third line a record: one label character for each residue."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from bioseqrnn.errors import InputError
from bioseqrnn.sequences.alphabet import Alphabet
from bioseqrnn.sequences.reading.blocks import WHOLE, Shard, non_utf8, read_texts
from bioseqrnn.sequences.reading.records import Records, pack_records

# A record and its labels are held whole
LONGEST = 1 << 30


def read_three_line(
    path: Path, alphabet: Alphabet, *, whole_headers: bool = False, shard: Shard = WHOLE
) -> Iterator[tuple[Records, list[str]]]:
    """Yield records, and their labels as text with one character a residue.

    A record is three lines: header, residues, labels; blank lines are left out, comments are not
    known. Any character but white space is a label.

    Raises
    ------
    InputError
        As ``read_records``; a record with another number of lines, or with labels that are not as
        many as its residues.
    """
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    number = 0
    for text, conversions, _ in read_texts(path, shard, longest=LONGEST, comments=False):
        try:
            lines = [line for line in text.decode().split("\n") if line.strip()]
        except UnicodeDecodeError as error:
            raise non_utf8(path) from error
        _check_pattern(path, lines, number)
        two_lines = [line for pair in zip(lines[::3], lines[1::3], strict=True) for line in pair]
        entries = list(SimpleFastaParser(iter(two_lines)))  # type: ignore[no-untyped-call]
        ids = []
        for place, (title, _) in enumerate(entries, start=number + 1):
            words = [title.strip()] if whole_headers else title.split(None, 1)
            if not words or not words[0]:
                raise InputError(f"{path}: record {place} has no id after '>'; give it one")
            ids.append(words[0])
        records = pack_records(path, ids, [residues for _, residues in entries], alphabet)
        labels = [line.strip() for line in lines[2::3]]
        for name, length, characters in zip(ids, records.packed.lengths, labels, strict=True):
            if length != len(characters):
                raise InputError(
                    f"{path}: record '{name}' has {length:,} residues (gaps and a final '*' do not "
                    f"count) but {len(characters):,} labels; there must be one for each"
                )
            if len(characters.split()) > 1:
                raise InputError(
                    f"{path}: record '{name}' has white space among its labels; give each residue "
                    "a character"
                )
        records.conversions.add(conversions)
        yield records, labels
        number += len(entries)


def sample_three_line(path: Path, residues: int = 100_000) -> bytes:
    """Return about the first ``residues`` letters of a file without labels, as a sample."""
    sample = b""
    for text, _, _ in read_texts(path, WHOLE, longest=LONGEST, comments=False):
        lines = [line for line in text.split(b"\n") if line.strip()]
        sample += b"".join(line for head, line in pairwise(lines) if head.startswith(b">"))
        if len(sample) >= residues:
            break
    return sample[:residues]


def _check_pattern(path: Path, lines: list[str], number: int) -> None:
    """Refuse a record that is not header, residues, labels."""
    headers = [place for place, line in enumerate(lines) if line.startswith(">")]
    for count, (place, end) in enumerate(zip(headers, [*headers[1:], len(lines)], strict=True)):
        if end - place != 3:
            raise InputError(
                f"{path}: record {number + count + 1} ('{lines[place][1:31].strip()}') has "
                f"{end - place} lines; with labels for each residue it must have three: header, "
                "residues, labels"
            )
