"""Residues of FASTA files in stretches, read once from the beginning to the end.

A residue has the place that a FASTA index gives it: gaps are residues too, and are read as unknown.
Memory is that of one stretch and of one block of the parser, whatever the length of a record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bioseqrnn.fasta.blocks import read_blocks
from bioseqrnn.fasta.refusals import no_id, no_residues, refusal
from bioseqrnn.onehot.alphabet import DNA_CODES, GAPS, REFUSED, Alphabet
from bioseqrnn.support.arrays import Bytes, Ints
from bioseqrnn.support.errors import InputError

COMPLEMENTS = bytes.maketrans(b"ACGTURYKMBVDHSWNX", b"TGCAAYRMKVBHDSWNN")


@dataclass(frozen=True)
class Stretch:
    """Some residues of a record: upper-case letters, uint8 [residues]."""

    text: Bytes

    @property
    def complement(self) -> Stretch:
        """The reverse complement."""
        turned = self.text.tobytes().translate(COMPLEMENTS)
        return Stretch(np.frombuffer(turned, np.uint8)[::-1])


def reading(alphabet: Alphabet) -> bytes:
    """How each byte of a FASTA file is read: upper case, gaps and stops as unknown residues."""
    table = bytearray(range(256))
    for letter in alphabet.letters:
        table[ord(letter.lower())] = ord(letter)
    unknown = "N" if alphabet.codes == DNA_CODES else "X"
    for letter in GAPS + "*" * (unknown == "X"):
        table[ord(letter)] = ord(unknown)
    return bytes(table)


def _pieces(
    paths: Sequence[Path], whole_headers: bool
) -> Iterator[tuple[Path, int, str | None, bytes]]:
    """Yield file, number of the record in it, name if the record begins here, and residues."""
    for path in paths:
        number = 0
        for block in read_blocks(path):
            for place, residues in enumerate(block.residues):
                name = None
                if place or not block.continues:
                    number += 1
                    words = block.titles[place].split(None, 0 if whole_headers else 1)
                    if not words:
                        raise no_id(path, number)
                    name = words[0].strip()
                yield path, number, name, residues.encode()


def survey(
    paths: Sequence[Path], alphabet: Alphabet, whole_headers: bool
) -> tuple[list[str], Ints]:
    """Read the files once: return the names and the lengths (int64) of all records.

    Raises
    ------
    InputError
        As in ``read_blocks``; a record without an id or residues, or with a letter that is none;
        two records with the same id.
    """
    names: list[str] = []
    lengths: list[int] = []
    where: list[tuple[Path, int]] = []
    table = reading(alphabet)
    for path, number, name, text in _pieces(paths, whole_headers):
        if name is not None:
            names.append(name)
            lengths.append(0)
            where.append((path, number))
        letters = np.frombuffer(text.translate(table), np.uint8)
        wrong = alphabet.numbers[letters] >= REFUSED
        if wrong.any():
            place = int(wrong.argmax())
            raise refusal(path, names[-1], lengths[-1] + place + 1, chr(text[place]), alphabet)
        lengths[-1] += len(text)
    if 0 in lengths:
        place = lengths.index(0)
        raise no_residues(*where[place], names[place])
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise InputError(
            f"{where[-1][0]}: duplicate id '{twice}': two records have it, so that a place would "
            "have two meanings; rename one of them"
        )
    return names, np.array(lengths, np.int64)


def stretches(
    paths: Sequence[Path],
    alphabet: Alphabet,
    wanted: Iterable[tuple[int, int, int]],
) -> Iterator[Stretch]:
    """Yield stretches of the records, in the order in which they are asked for.

    Parameters
    ----------
    paths : sequence of Path
    alphabet : Alphabet
    wanted : iterable of (int, int, int)
        Record (counted over all files), first residue and end of each stretch; neither records nor
        beginnings may go back.
    """
    asked = iter(wanted)
    now = next(asked, None)
    table = reading(alphabet)
    record, begin, kept = -1, 0, bytearray()
    for _, _, name, text in _pieces(paths, whole_headers=True):
        if now is None:
            return
        if name is not None:
            record, begin, kept = record + 1, 0, bytearray()
        if record < now[0]:
            continue
        kept += text.translate(table)
        while now is not None and now[0] == record and begin + len(kept) >= now[2]:
            # what no later stretch can need
            del kept[: now[1] - begin]
            begin = now[1]
            yield Stretch(np.frombuffer(bytes(kept[: now[2] - begin]), np.uint8))
            now = next(asked, None)
        needed = len(kept) if now is None or now[0] != record else now[1] - begin
        drop = min(max(0, needed), len(kept))
        del kept[:drop]
        begin += drop
    if now is not None:
        raise InputError(f"{paths[0]}: changed while it was read; run again when it is complete")
