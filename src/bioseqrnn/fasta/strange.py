"""Records that seem to be of the other alphabet (DNA or protein), though all letters are valid."""

from __future__ import annotations

import numpy as np

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.support.arrays import Bools, Bytes
from bioseqrnn.support.compiled import compiled

# From this length on, a sequence of A C G T U N only is most likely not a peptide
NUCLEIC_LETTERS = 10


def _table(letters: str) -> Bytes:
    table = np.ones(256, np.uint8)
    table[list(letters.encode())] = 0
    table[ord("\n")] = 2
    return table


NUCLEIC = "ACGTUNacgtun"
NO_NUCLEIC, CODES = _table(NUCLEIC), _table(NUCLEIC + "Xx")


def strange_records(text: bytes, count: int, alphabet: Alphabet) -> Bools:
    r"""Return which sequences, each ended by ``\n``, seem to be of the other alphabet.

    Among proteins: sequences of at least ten letters, all of them A C G T U N. Among DNA: sequences
    in which most letters are ambiguity codes other than N and X.
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
