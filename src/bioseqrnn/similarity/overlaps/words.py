"""Words of fixed length that occur at several places, found by hashes in parts of bounded size.

A hash is a rolling polynomial of the letters. A DNA word gets the lower of the hashes of its two
strands, so it is found from either strand; it is read in the direction of that strand. Hash
collisions do no harm, because the letters are compared afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bioseqrnn.similarity.overlaps.texts import AMBIGUOUS, Texts
from bioseqrnn.support.arrays import Bools, Bytes, Ints
from bioseqrnn.support.compiled import compiled

Hashes = npt.NDArray[np.uint64]

BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 2**64)
MIX = 0xD6E8FEB86659FD93
# Words that are sorted at once, and the most parts that are read. Further parts are left out, so
# only some words of a long stretch are compared
AT_ONCE, MOST_PARTS = 2**22, 64


@dataclass(frozen=True)
class Occurrences:
    """Places of the words that occur more than once, word by word.

    Attributes
    ----------
    places : int64 [occurrences]
        First letter of the word in the text.
    turned : bool [occurrences]
        Whether the word is on the other strand at that place.
    bounds : int64 [words + 1]
        Occurrences of word ``i`` are ``bounds[i]`` to ``bounds[i + 1]``, in the order of places.
    """

    places: Ints
    turned: Bools
    bounds: Ints

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def counts(self) -> Ints:
        """Number of occurrences of each word: int64 [words]."""
        return np.diff(self.bounds)

    def chosen(self, words: Bools) -> Occurrences:
        """Keep only some words."""
        counts = self.counts
        inside = np.repeat(words, counts)
        bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[words])])
        return Occurrences(self.places[inside], self.turned[inside], bounds)


def repeated_words(texts: Texts, length: int) -> Iterator[Occurrences]:
    """Yield, in parts, the words of ``length`` letters that occur at two places or more."""
    text = texts.codes, texts.starts, length, texts.both_strands
    parts = max(1, -(-len(texts.codes) // AT_ONCE))
    sizes = np.zeros(parts, np.int64)
    _hash_words(*text, sizes, -1, np.empty(0, np.uint64), np.empty(0, np.int64))
    for part in range(min(parts, MOST_PARTS)):
        hashes, places = np.empty(sizes[part], np.uint64), np.empty(sizes[part], np.int64)
        _hash_words(*text, sizes, part, hashes, places)
        yield _grouped(hashes, places >> 1, (places & 1).astype(np.bool_))


def _grouped(hashes: Hashes, places: Ints, turned: Bools) -> Occurrences:
    """Keep hashes that occur more than once, in an order that does not depend on the sort."""
    order = np.argsort(hashes)
    ordered = hashes[order]
    same = ordered[1:] == ordered[:-1]
    several = np.zeros(len(hashes), np.bool_)
    several[1:] |= same
    several[:-1] |= same
    kept = order[several]
    kept = kept[np.lexsort((places[kept], hashes[kept]))]
    ordered = hashes[kept]
    new = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    ends = [len(kept)] if len(kept) else []
    bounds = np.concatenate([np.zeros(1, np.int64), new, np.array(ends, np.int64)])
    return Occurrences(places[kept], turned[kept], bounds)


@compiled
def _hash_words(
    codes: Bytes,
    starts: Ints,
    length: int,
    both: bool,
    sizes: Ints,
    part: int,
    hashes: Hashes,
    places: Ints,
) -> None:
    """Write the hashes of one part and their places: twice the place, plus one if it is turned.

    Part -1 writes nothing but counts the words of every part in ``sizes``.
    """
    base, inverse, mix = np.uint64(BASE), np.uint64(INVERSE), np.uint64(MIX)
    one = np.uint64(1)
    top = one
    for _ in range(length - 1):
        top *= base
    parts, found = np.uint64(len(sizes)), 0
    for i in range(len(starts) - 1):
        ahead, back, power, run = np.uint64(0), np.uint64(0), one, 0
        for j in range(starts[i], starts[i + 1]):
            if codes[j] == AMBIGUOUS:
                ahead, back, power, run = np.uint64(0), np.uint64(0), one, 0
                continue
            letter = np.uint64(codes[j])
            if run >= length:
                leaving = np.uint64(codes[j - length])
                ahead -= (leaving + one) * top
                back = (back - (np.uint64(4) - leaving)) * inverse
                power = top
            ahead = ahead * base + letter + one
            back += (np.uint64(4) - letter) * power
            power *= base
            run += 1
            if run < length:
                continue
            turned = both and back < ahead
            value = (back if turned else ahead) * mix
            value ^= value >> np.uint64(32)
            own = np.int64((value >> np.uint64(16)) % parts)
            if part < 0:
                sizes[own] += 1
            elif own == part:
                hashes[found] = value
                places[found] = 2 * (j - length + 1) + (1 if turned else 0)
                found += 1
