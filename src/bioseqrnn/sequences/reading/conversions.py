"""What was left out of FASTA, or read as something else, in counts."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from bioseqrnn.sequences.alphabet import Alphabet


@dataclass
class Conversions:
    """Counts of one block, file or dataset.

    Attributes
    ----------
    comment_lines : int
        Lines that begin with ``;``, ``#`` or ``!``.
    carriage_returns : int
        Of Windows and old Macintosh line ends.
    white_space : int
        Blanks inside sequences and at the ends of lines.
    gaps : int
        ``-`` and ``.``, left out.
    stops : int
        ``*`` at the end of proteins, left out.
    lower_case : int
        Letters read as upper case.
    u_as_t : int
        U of RNA, read as T.
    ambiguous : dict of str to int
        Letters that stand for several residues, each with its count.
    """

    comment_lines: int = 0
    carriage_returns: int = 0
    white_space: int = 0
    gaps: int = 0
    stops: int = 0
    lower_case: int = 0
    u_as_t: int = 0
    ambiguous: dict[str, int] = field(default_factory=dict)

    def add(self, other: Conversions) -> None:
        """Add the counts of another block or file."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for letter, count in other.ambiguous.items():
            self.ambiguous[letter] = self.ambiguous.get(letter, 0) + count

    def count_letters(self, text: bytes, alphabet: Alphabet) -> None:
        """Count the unusual letters of accepted residues."""
        counts = np.bincount(np.frombuffer(text, np.uint8), minlength=256)
        self.lower_case += int(counts[ord("a") : ord("z") + 1].sum())
        both = {letter: int(counts[ord(letter)] + counts[ord(letter.lower())])
                for letter in alphabet.letters}  # fmt: skip
        if alphabet.name == "dna":
            self.u_as_t += both["U"]
        for letter in alphabet.ambiguous:
            if both[letter]:
                self.ambiguous[letter] = self.ambiguous.get(letter, 0) + both[letter]


COUNTS = tuple(entry.name for entry in fields(Conversions) if entry.name != "ambiguous")
