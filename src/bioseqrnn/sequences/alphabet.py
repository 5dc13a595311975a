"""Residue alphabets and their packed one-hot encoding.

A residue is a row of bits, one a symbol; an ambiguity code sets the bit of every residue it stands
for (IUPAC-IUB, Nucleic Acids Res. 13:3021, 1985; IUPAC-IUB amino-acid codes, Eur. J. Biochem.
138:9, 1984). The rows of a sequence are laid end to end and packed eight bits a byte, most
significant bit first, padded with zero bits to a whole byte: what ``numpy.packbits`` makes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

DNA_CODES = {
    "A": "A", "C": "C", "G": "G", "T": "T", "U": "T",
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
PROTEIN_SYMBOLS = "ACDEFGHIKLMNPQRSTVWY"
# Selenocysteine and pyrrolysine have no column of their own: like X they may be anything
PROTEIN_CODES = {symbol: symbol for symbol in PROTEIN_SYMBOLS} | {
    "B": "DN", "Z": "EQ", "J": "IL",
    "U": PROTEIN_SYMBOLS, "O": PROTEIN_SYMBOLS, "X": PROTEIN_SYMBOLS,
}  # fmt: skip


@dataclass(frozen=True)
class Alphabet:
    """Symbols in column order, and for every accepted letter the symbols it stands for.

    Attributes
    ----------
    name : {"dna", "protein"}
    symbols : str
        One letter per one-hot column. Bits per position = ``len(symbols)``.
    codes : dict of str to str
        Accepted upper-case letter → the symbols whose bits it sets. Lower case is read alike.
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

    @cached_property
    def letters(self) -> str:
        """Accepted upper-case letters; a letter's number is its place here plus one."""
        return "".join(self.codes)

    @cached_property
    def letter_numbers(self) -> Bytes:
        """uint8 [256]: byte of a FASTA file → letter number, 0 where it is not accepted."""
        table = np.zeros(256, np.uint8)
        for number, letter in enumerate(self.letters, start=1):
            table[ord(letter)] = table[ord(letter.lower())] = number
        return table

    @cached_property
    def unambiguous(self) -> npt.NDArray[np.bool_]:
        """Bool [letters + 1]: whether a letter number stands for exactly one residue."""
        return np.array([False] + [len(self.codes[letter]) == 1 for letter in self.letters])

    @cached_property
    def pair_table(self) -> Bytes:
        """uint8 [(letters + 1)², bytes]: packed bits of two neighbouring letters.

        Two positions fill whole bytes in both alphabets (8 and 40 bits), so a sequence is packed
        by looking its letters up two at a time. Letter number 0 has no bits: it pads odd lengths.
        """
        bits = np.zeros((len(self.letters) + 1, self.width), np.uint8)
        for number, letter in enumerate(self.letters, start=1):
            bits[number, [self.symbols.index(symbol) for symbol in self.codes[letter]]] = 1
        count = len(bits)
        pairs = np.concatenate([np.repeat(bits, count, axis=0), np.tile(bits, (count, 1))], axis=1)
        return np.packbits(pairs, axis=1)


DNA = Alphabet("dna", "ACGT", DNA_CODES)
PROTEIN = Alphabet("protein", PROTEIN_SYMBOLS, PROTEIN_CODES)
ALPHABETS = {alphabet.name: alphabet for alphabet in (DNA, PROTEIN)}

# A file is taken for DNA where at least this share of its letters is A, C, G, T, U or N; in
# proteins those six make up about a third.
DNA_SHARE = 0.9


def guess_alphabet(sample: bytes) -> Alphabet:
    """Say whether a sample looks like DNA or protein, by its letters alone."""
    letters = bytes(character for character in sample.upper() if 65 <= character <= 90)
    nucleotides = sum(letters.count(letter) for letter in b"ACGTUN")
    return DNA if nucleotides >= DNA_SHARE * len(letters) else PROTEIN
