"""Records that look like those of the other alphabet, though every letter can be read."""

from __future__ import annotations

import numpy as np

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.support.arrays import Bools, Bytes
from bioseqrnn.support.compiled import compiled

# A sequence of so many letters, all of them A C G T U N, is most likely not a peptide
NUCLEIC_LETTERS = 10


def _table(letters: str) -> Bytes:
    table = np.ones(256, np.uint8)
    table[list(letters.encode())] = 0
    table[ord("\n")] = 2
    return table


NUCLEIC = "ACGTUNacgtun"
NO_NUCLEIC, CODES = _table(NUCLEIC), _table(NUCLEIC + "Xx")


def strange_records(text: bytes, count: int, alphabet: Alphabet) -> Bools:
    r"""Say which sequences, each ended by ``\n``, look like those of the other alphabet.

    Among proteins: sequences of at least ten letters, all of them A C G T U N. Among DNA: sequences
    with ambiguity codes other than N and X for most letters.
    """
    found = np.zeros(count, np.bool_)
    letters = np.frombuffer(text, np.uint8)
    if alphabet.name == "protein":
        _nucleic(letters, NO_NUCLEIC, found)
    else:
        _mostly_codes(letters, CODES, found)
    return found


@compiled
def _nucleic(text: Bytes, kinds: Bytes, found: Bools) -> None:
    record, length, nucleic = 0, 0, True
    for i in range(text.size):
        kind = kinds[text[i]]
        if kind == 2:
            found[record] = nucleic and length >= NUCLEIC_LETTERS
            record, length, nucleic = record + 1, 0, True
        else:
            length += 1
            nucleic &= kind == 0


@compiled
def _mostly_codes(text: Bytes, kinds: Bytes, found: Bools) -> None:
    record, length, codes = 0, 0, 0
    for i in range(text.size):
        kind = kinds[text[i]]
        if kind == 2:
            found[record] = 2 * codes > length
            record, length, codes = record + 1, 0, 0
        else:
            length += 1
            codes += kind
