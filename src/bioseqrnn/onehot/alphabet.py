"""Residue alphabets and their packed one-hot encoding.

A residue is a row of bits, one per symbol; an ambiguity code sets the bit of every residue it
stands for (IUPAC-IUB, Nucleic Acids Res. 13:3021, 1985; IUPAC-IUB amino-acid codes, Eur. J.
Biochem. 138:9, 1984). The rows of a sequence are joined end to end and packed eight bits per byte,
most significant bit first, padded with zero bits to a whole byte, as by ``numpy.packbits``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bioseqrnn.support.arrays import Bytes

# Flags in the bits above the number of a letter
UNUSUAL, REFUSED = 1 << 6, 1 << 7

# Characters that are left out of sequences
GAPS = "-."
# Some programs mask DNA with X
DNA_CODES = {
    "A": "A", "C": "C", "G": "G", "T": "T", "U": "T",
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
    "X": "ACGT",
}  # fmt: skip
PROTEIN_SYMBOLS = "ACDEFGHIKLMNPQRSTVWY"
# Selenocysteine (U) and pyrrolysine (O) have no column of their own: like X they can be any residue
PROTEIN_CODES = {symbol: symbol for symbol in PROTEIN_SYMBOLS} | {
    "B": "DN", "Z": "EQ", "J": "IL",
    "U": PROTEIN_SYMBOLS, "O": PROTEIN_SYMBOLS, "X": PROTEIN_SYMBOLS,
}  # fmt: skip


@dataclass(frozen=True)
class Alphabet:
    """Symbols in column order, and the symbols that every accepted letter stands for.

    Attributes
    ----------
    name : {"dna", "protein"}
    symbols : str
        One letter per one-hot column. Bits per position = ``len(symbols)``.
    codes : dict of str to str
        Accepted upper-case letter → the symbols whose bits it sets. Lower case is read the same.
    """

    name: str
    symbols: str
    codes: dict[str, str] = field(hash=False)

    @property
    def width(self) -> int:
        """Bits per position."""
        return len(self.symbols)

    def packed_size(self, length: int) -> int:
        """Bytes that a sequence of ``length`` residues takes."""
        return (length * self.width + 7) // 8

    @property
    def letters(self) -> str:
        """Accepted upper-case letters."""
        return "".join(self.codes)

    @property
    def ambiguous(self) -> str:
        """Accepted upper-case letters that stand for more than one residue."""
        return "".join(letter for letter, symbols in self.codes.items() if len(symbols) > 1)

    @cached_property
    def numbers(self) -> Bytes:
        """uint8 [256]: byte of a FASTA file → number of the letter (below 32) and flags.

        The number of a DNA letter is its one-hot row as four bits; that of a protein letter is its
        place in ``letters``. ``UNUSUAL`` is set for letters that the audit counts (lower case,
        ambiguity codes, U in DNA), ``REFUSED`` for every byte that is not a letter, except the end
        of a line.
        """
        table = np.full(256, REFUSED, np.uint8)
        for place, letter in enumerate(self.letters):
            number = self._bits(letter) if self.width == 4 else place
            table[ord(letter)] = number | (0 if letter in self.symbols else UNUSUAL)
            table[ord(letter.lower())] = number | UNUSUAL
        table[ord("\n")] = 0
        return table

    @cached_property
    def pairs(self) -> Bytes:
        """uint8 [1024, bytes]: packed rows of two letters, at index 32 × first + second number."""
        table = np.zeros((32, 32, 2 * self.width // 8), np.uint8)
        for i, first in enumerate(self.letters):
            for j, second in enumerate(self.letters):
                both = self._bits(first) << self.width | self._bits(second)
                table[i, j] = list(both.to_bytes(2 * self.width // 8, "big"))
            table[i, -1] = list((self._bits(first) << self.width).to_bytes(table.shape[2], "big"))
        return table.reshape(1024, -1)

    def _bits(self, letter: str) -> int:
        """One-hot row of a letter as a number, the first column highest."""
        return sum(1 << (self.width - 1 - self.symbols.index(s)) for s in self.codes[letter])


DNA = Alphabet("dna", "ACGT", DNA_CODES)
PROTEIN = Alphabet("protein", PROTEIN_SYMBOLS, PROTEIN_CODES)
ALPHABETS = {alphabet.name: alphabet for alphabet in (DNA, PROTEIN)}

# A sample counts as DNA if at least this fraction of its letters is A, C, G, T, U or N; in proteins
# these six are about a third.
DNA_SHARE = 0.9
# The limit if there is no letter that only proteins have (E F I L P Q Z J O), not counting masked
# letters: for DNA that is masked with X or has many ambiguity codes.
LEAST_DNA_SHARE = 0.5


@dataclass(frozen=True)
class Guess:
    """Guessed alphabet of a sample.

    Attributes
    ----------
    alphabet : Alphabet
    sure : bool
        False if there is no letter that only proteins have, but many letters are not A C G T U N.
    share : float
        Fraction of A C G T U N among the letters.
    """

    alphabet: Alphabet
    sure: bool
    share: float


def guess_alphabet(sample: bytes) -> Guess:
    """Guess from its letters alone whether a sample is DNA or protein."""
    counts = np.bincount(np.frombuffer(sample.upper(), np.uint8), minlength=256)
    letters = int(counts[ord("A") : ord("Z") + 1].sum())
    share = counts[list(b"ACGTUN")].sum() / max(letters, 1)
    if share >= DNA_SHARE:
        return Guess(DNA, True, share)
    if counts[list(DNA.letters.encode())].sum() < letters:
        return Guess(PROTEIN, True, share)
    masked = int(counts[list(b"NX")].sum())
    dna = counts[list(b"ACGTU")].sum() >= LEAST_DNA_SHARE * (letters - masked)
    return Guess(DNA if dna else PROTEIN, letters == 0, share)
