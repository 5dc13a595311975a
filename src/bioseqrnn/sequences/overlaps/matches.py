"""Occurrences of one word compared: how far the two sequences are the same around it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bioseqrnn.compiled import compiled, frozen
from bioseqrnn.sequences.alphabet import Bytes
from bioseqrnn.sequences.overlaps.texts import AMBIGUOUS, Texts
from bioseqrnn.sequences.overlaps.words import Hashes, Occurrences
from bioseqrnn.sequences.packing import Bools, Ints

# Two sequences overlap where, all the way to an end of either, no more than this share differs
MOST_DIFFERENT = 0.1
# Letters on either side of a word that are looked at
REACH = 5000
# Pairs of occurrences that are compared at once, and what is remembered of those before
PAIRS_AT_ONCE, REMEMBERED = 2**20, 2**20


@dataclass(frozen=True)
class Matches:
    """Stretches that two sequences share, laid side by side without gaps.

    Attributes
    ----------
    first, second : int64 [n]
        Numbers of the two, the lower one first.
    start : int64 [n]
        Where the stretch begins in the text, in the first sequence.
    letters : int64 [n]
        Of the longest stretch that is the same.
    overlap : bool [n]
        Whether the two are the same on both sides, as far as both of them reach.
    """

    first: Ints
    second: Ints
    start: Ints
    letters: Ints
    overlap: Bools

    def __len__(self) -> int:
        return len(self.first)

    def chosen(self, rows: Bools | Ints) -> Matches:
        """Some of the matches."""
        return Matches(*(getattr(self, field.name)[rows] for field in fields(self)))

    @staticmethod
    def join(parts: list[Matches]) -> Matches:
        """Put several together; of a pair of sequences only the best: overlaps, then long ones."""
        names = [field.name for field in fields(Matches)]
        if not parts:
            none = np.empty(0, np.int64)
            return Matches(none, none, none, none, np.empty(0, np.bool_))
        whole = Matches(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))
        order = np.lexsort((whole.start, -whole.letters, ~whole.overlap, whole.second, whole.first))
        ordered = whole.chosen(order)
        best = np.ones(len(ordered), np.bool_)
        best[1:] = (ordered.first[1:] != ordered.first[:-1]) | (
            ordered.second[1:] != ordered.second[:-1]
        )
        return ordered.chosen(best)


def compare(texts: Texts, words: Occurrences, length: int) -> Matches:
    """Compare every two occurrences of each word, in different sequences.

    Parameters
    ----------
    texts : Texts
    words : Occurrences
        Of few occurrences each: all pairs are looked at.
    length : int
        Letters of the words, and the least that a match must have.
    """
    pairs = np.cumsum(words.counts * (words.counts - 1) // 2)
    seen = np.zeros(REMEMBERED, np.uint64)
    parts, done = [], 0
    while done < len(words):
        before = pairs[done - 1] if done else 0
        end = max(done + 1, int(np.searchsorted(pairs, before + PAIRS_AT_ONCE, side="right")))
        most = int(pairs[end - 1] - before)
        numbers = np.empty((most, 4), np.int64)
        overlap = np.empty(most, np.bool_)
        count = _compare(
            texts.codes, texts.starts, frozen(words.places),
            frozen(words.turned), frozen(words.bounds[done : end + 1]), length, seen, numbers,
            overlap,
        )  # fmt: skip
        first, second, start, letters = numbers[:count].T.copy()
        parts.append(Matches.join([Matches(first, second, start, letters, overlap[:count])]))
        done = end
    return Matches.join(parts)


@compiled
def _compare(
    codes: Bytes,
    starts: Ints,
    places: Ints,
    turned: Bools,
    bounds: Ints,
    length: int,
    seen: Hashes,
    numbers: Ints,
    overlap: Bools,
) -> int:
    """Write first, second, start and letters of each match; return how many there are."""
    mix, spread = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
    size = np.uint64(len(seen))
    found = 0
    owners = np.empty(0, np.int64)
    for word in range(len(bounds) - 1):
        begin, end = bounds[word], bounds[word + 1]
        if end - begin > len(owners):
            owners = np.empty(end - begin, np.int64)
        for a in range(begin, end):
            owners[a - begin] = np.searchsorted(starts, places[a], side="right") - 1
        for a in range(begin, end):
            for b in range(a + 1, end):
                i, j = owners[a - begin], owners[b - begin]
                if i == j:
                    continue
                same = turned[a] == turned[b]
                # place x of the first lies beside place shift + x of the second, or shift - x
                shift = places[b] - places[a]
                if not same:
                    shift = places[b] + places[a] + length - 1
                key = (np.uint64(i) * mix) ^ np.uint64(j)
                key = (key * spread) ^ np.uint64(2 * shift + (1 if same else 0))
                key *= mix
                key ^= key >> np.uint64(32)
                slot = key % size
                # the same two, laid side by side in the same way, by another of their words
                if seen[slot] == key:
                    continue
                seen[slot] = key
                low, high = _beside(starts, i, j, same, shift)
                low, high = max(low, places[a] - REACH), min(high, places[a] + length + REACH)
                start, letters, different = _walk(codes, low, high, same, shift)
                if letters >= length:
                    numbers[found, 0], numbers[found, 1] = i, j
                    numbers[found, 2], numbers[found, 3] = start, letters
                    overlap[found] = different <= MOST_DIFFERENT * (high - low)
                    found += 1
    return found


@compiled
def _beside(starts: Ints, i: int, j: int, same: bool, shift: int) -> tuple[int, int]:
    """Places of the first sequence that have a place of the second one beside them."""
    low, high = starts[j] - shift, starts[j + 1] - shift
    if not same:
        low, high = shift - starts[j + 1] + 1, shift - starts[j] + 1
    return max(low, starts[i]), min(high, starts[i + 1])


@compiled
def _walk(codes: Bytes, low: int, high: int, same: bool, shift: int) -> tuple[int, int, int]:
    """Where the longest stretch of the same letters begins, its letters, and how many differ."""
    best, letters, run, different = low, 0, 0, 0
    for x in range(low, high):
        one = codes[x]
        other = codes[shift + x] if same else codes[shift - x]
        if one == AMBIGUOUS or other == AMBIGUOUS:
            run = 0
            continue
        if (one == other) if same else (one + other == 3):
            run += 1
            if run > letters:
                best, letters = x - run + 1, run
        else:
            run = 0
            different += 1
    return best, letters, different
