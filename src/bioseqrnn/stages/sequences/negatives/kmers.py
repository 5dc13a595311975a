"""The 24-mers of DNA sequences, to find out whether a window contains any of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.support.arrays import Bytes
from bioseqrnn.support.compiled import compiled

Keys = npt.NDArray[np.uint64]

WORD = 24
# A key has the bases of a word in its lower 48 bits, and the length of the word above them. A base
# has two bits (A 0, C 1, G 2, T 3); the last base is lowest. Of the keys of a word and its
# reverse complement, the lower one is used.
LENGTH_BIT = 2 * WORD
MERGE_AT = 4_000_000


class KmerSet:
    """The 24-mers of DNA sequences; both strands count as the same, case is ignored, U is T.

    A stretch of unambiguous bases that is shorter than 24 is kept whole. Memory is eight bytes per
    distinct 24-mer, and the same again for every shorter word length that is requested.
    """

    def __init__(self) -> None:
        self._keys: Keys = np.empty(0, np.uint64)
        self._waiting: list[Keys] = []
        self._shorter: dict[int, Keys] = {}

    def add(self, sequences: list[str]) -> None:
        """Add the words of some sequences."""
        self._waiting.append(_distinct(_keys(" ".join(sequences))))
        self._shorter.clear()
        if sum(map(len, self._waiting)) > max(len(self._keys), MERGE_AT):
            self._merge()

    def shares(self, sequence: str) -> bool:
        """Return whether a sequence has a word in common with the set, on either strand.

        Words have 24 bases; a shorter sequence is one word as a whole.
        """
        self._merge()
        keys = _keys(sequence)
        reference = self._keys if len(sequence) >= WORD else self._words(len(sequence))
        if not len(keys) or not len(reference):
            return False
        places = np.searchsorted(reference, keys)
        places[places == len(reference)] = 0
        return bool((reference[places] == keys).any())

    def _merge(self) -> None:
        if self._waiting:
            self._keys = _distinct(np.concatenate([self._keys, *self._waiting]))
            self._waiting = []

    def _words(self, size: int) -> Keys:
        """Return all words of ``size`` < 24 bases in the set, as sorted keys.

        They are inside the 24-mers and the shorter stretches, so nothing more need be kept.
        """
        if size not in self._shorter:
            words = np.empty(0, np.uint64)
            lengths = self._keys >> np.uint64(LENGTH_BIT)
            for back in range(WORD - size + 1):
                inside = self._keys[lengths >= size + back] >> np.uint64(2 * back)
                words = _distinct(np.concatenate([words, _canonical(inside, size)]))
            self._shorter[size] = words | np.uint64(size << LENGTH_BIT)
        return self._shorter[size]


def _base_numbers() -> Bytes:
    table = np.full(256, 4, np.uint8)
    for number, base in enumerate(DNA.symbols):
        table[ord(base)] = table[ord(base.lower())] = number
    table[ord("U")] = table[ord("u")] = DNA.symbols.index("T")
    return table


BASE_NUMBERS = _base_numbers()


def _keys(text: str) -> Keys:
    return _stretch_keys(np.frombuffer(text.encode("ascii", "replace"), np.uint8), BASE_NUMBERS)


@compiled
def _stretch_keys(text: Bytes, base_numbers: Bytes) -> Keys:
    """Return the keys of all 24-mers, and of whole shorter stretches, of unambiguous bases."""
    keys = np.empty(len(text), np.uint64)
    count = 0
    forward, reverse = np.uint64(0), np.uint64(0)
    mask = (np.uint64(1) << np.uint64(LENGTH_BIT)) - np.uint64(1)
    length = 0
    for i in range(len(text) + 1):
        base = base_numbers[text[i]] if i < len(text) else np.uint8(4)
        if base < 4:
            forward = ((forward << np.uint64(2)) | np.uint64(base)) & mask
            # the complement of the newest base is the first base of the other strand
            reverse = (reverse >> np.uint64(2)) | (np.uint64(3 - base) << np.uint64(LENGTH_BIT - 2))
            length += 1
        if length >= WORD and base < 4:
            keys[count] = min(forward, reverse) | np.uint64(WORD << LENGTH_BIT)
            count += 1
        elif 0 < length < WORD and base == 4:
            other = reverse >> np.uint64(LENGTH_BIT - 2 * length)
            keys[count] = min(forward, other) | np.uint64(length << LENGTH_BIT)
            count += 1
        if base == 4:
            forward, reverse, length = np.uint64(0), np.uint64(0), 0
    return keys[:count]


def _distinct(keys: Keys) -> Keys:
    """Return the distinct keys, sorted; ``numpy.unique`` takes many times as long (NumPy 2.4)."""
    keys = np.sort(keys)
    new = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    return keys[new]


def _canonical(words: Keys, size: int) -> Keys:
    """Cut words to their last ``size`` bases and take the lower number of the two strands."""
    forward = words & np.uint64((1 << 2 * size) - 1)
    rest = forward.copy()
    reverse = np.zeros_like(forward)
    for _ in range(size):
        reverse = (reverse << np.uint64(2)) | (np.uint64(3) - (rest & np.uint64(3)))
        rest >>= np.uint64(2)
    canonical: Keys = np.minimum(forward, reverse)
    return canonical
