"""A long record that is read in several parts, packed part by part."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np

from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.dots import INNER, Dots
from bioseqrnn.fasta.refusals import RecordError, accepted, no_residues, refusal
from bioseqrnn.fasta.strange import NUCLEIC, NUCLEIC_LETTERS
from bioseqrnn.onehot.alphabet import GAPS, Alphabet
from bioseqrnn.onehot.packing import NOTHING, Packed, pack_lines


@dataclass
class LongRecord:
    """One record joined from parts; only its packed bits are kept.

    With ``keep_refused``, a record that cannot be read is no error: ``fault`` says what is wrong
    with it, and the rest of it is only counted.
    """

    path: Path
    alphabet: Alphabet
    name: str
    title: str
    number: int
    dots: Dots
    conversions: Conversions = field(default_factory=Conversions)
    carry: str = ""
    # position of each letter in carry, and number of characters read so far
    carry_positions: list[int] = field(default_factory=list)
    position: int = 0
    length: int = 0
    data: bytearray = field(default_factory=bytearray)
    nucleic: bool = True
    keep_refused: bool = False
    fault: str = ""
    # characters that are not gaps
    letters: int = 0
    trail: _DotTrail = field(default_factory=lambda: _DotTrail())

    def add(self, residues: str, conversions: Conversions, last: bool = False) -> None:
        """Pack another part; an unpaired letter and a possible final stop wait for the next one."""
        try:
            self._add(residues, conversions, last)
        except RecordError as error:
            if not self.keep_refused:
                raise
            self._refused(error.reason)

    def _add(self, residues: str, conversions: Conversions, last: bool) -> None:
        self.conversions.add(conversions)
        kept = residues.translate(_NO_GAPS)
        self.letters += len(kept)
        if self.fault:
            return
        self.conversions.gaps += len(residues) - len(kept)
        if self.alphabet.name == "protein":
            self.trail.follow(residues)
        letters = self.carry + kept
        whole = len(letters) if last else _whole_pairs(letters)
        part = letters[:whole]
        self.nucleic = self.nucleic and not part.strip(NUCLEIC)
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

    def finish(self) -> tuple[Packed, Conversions]:
        """Return the packed record and the counts of its conversions.

        A record with a ``fault`` has no bits.
        """
        try:
            return self._finish()
        except RecordError as error:
            if not self.keep_refused:
                raise
            self._refused(error.reason)
        return NOTHING, self.conversions

    def _refused(self, reason: str) -> None:
        """Forget what was read of the record, except its text lines."""
        self.fault, self.data = reason, bytearray()
        counts = self.conversions
        self.conversions = Conversions(
            counts.comment_lines, counts.carriage_returns, counts.white_space
        )

    def _finish(self) -> tuple[Packed, Conversions]:
        counts = self.conversions
        if self.fault:
            return NOTHING, counts
        if self.alphabet.name == "protein":
            if self.carry.endswith("*"):
                self.carry = self.carry[:-1]
                counts.stops += 1
            elif self.trail.stop:
                counts.stops, counts.gaps = counts.stops + 1, counts.gaps - 1
        self.add("", Conversions(), last=True)
        if self.fault:
            return NOTHING, self.conversions
        if self.trail.inner and not self.trail.gapped:
            self.dots.refuse_inner(self.name, self.trail.inner, self.position)
        if not self.length:
            raise no_residues(self.path, self.number, self.title, self.name)
        if self._strange():
            counts.strange, counts.strange_ids = 1, [self.name]
        data = np.frombuffer(self.data, np.uint8)
        return Packed(data, np.array([0, len(data)]), np.array([self.length])), counts

    def _strange(self) -> bool:
        """Return what ``strange_records`` would return for the whole record."""
        if self.alphabet.name == "protein":
            return self.nucleic and self.length >= NUCLEIC_LETTERS
        found = self.conversions.ambiguous
        return 2 * sum(found[letter] for letter in found if letter not in "NX") > self.length

    def _refuse(self, residues: str) -> NoReturn:
        known = accepted(self.alphabet)
        place = next(i for i, c in enumerate(self.carry + residues) if c not in known)
        before = len(self.carry)
        position = (
            self.carry_positions[place] if place < before else self.position + place - before + 1
        )
        letter = (self.carry + residues)[place]
        raise refusal(self.path, self.name, position, letter, self.alphabet)


@dataclass
class _DotTrail:
    """The dots that ``Dots`` checks, found while the parts of a protein are read."""

    # position (from 1) of the first '.' between residues, and of a '.' that may be between residues
    inner: int = 0
    pending: int = 0
    count: int = 0
    position: int = 0
    last: str = ""
    gapped: bool = False
    starred: bool = False

    def follow(self, text: str) -> None:
        if not text:
            return
        self.gapped |= "-" in text
        self.starred |= "*" in text
        self.count += text.count(".")
        rest = text.lstrip(".")
        if self.pending and rest:
            if rest[0] != "*" and not self.inner:
                self.inner = self.pending
            self.pending = 0
        before = self.position - len(self.last)
        window = self.last + text
        found = INNER.search(window)
        if found and not self.inner:
            self.inner = before + found.start() + 1
        end = len(window.rstrip("."))
        if 0 < end < len(window) and not self.pending:
            self.pending = before + end + 1
        self.last, self.position = text[-1], self.position + len(text)

    @property
    def stop(self) -> bool:
        """Whether the record ends in its only '.' and has no '-' or '*'."""
        return self.count == 1 and self.last == "." and not (self.gapped or self.starred)


def _last_letters(text: str, count: int) -> list[int]:
    """Return the positions, from 1, of the last ``count`` letters that are not gaps."""
    places: list[int] = []
    end = len(text)
    for _ in range(count):
        end = len(text[:end].rstrip(GAPS))
        places.append(end)
        end -= 1
    return places[::-1]


_NO_GAPS = str.maketrans("", "", GAPS)


def _whole_pairs(text: str) -> int:
    """Return how many letters to pack now: an even number, without a stop that ends the text."""
    return (len(text) - text.endswith("*")) // 2 * 2
