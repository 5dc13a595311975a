"""Comparison of two occurrences of a word: how far the two sequences agree around it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bioseqrnn.similarity.overlaps.texts import AMBIGUOUS, Texts
from bioseqrnn.similarity.overlaps.words import Hashes, Occurrences
from bioseqrnn.support.arrays import Bools, Bytes, Ints
from bioseqrnn.support.compiled import compiled, frozen

# Two sequences overlap if at most this fraction of letters differs on each side of the identical
# stretch, up to where one of them ends. Windows of one genome differ by variants and sequencing
# errors, two copies of a repeat by more; versions of a protein count as one protein.
MOST_DIFFERENT = {"dna": 0.05, "protein": 0.1}
# Letters that are compared on either side of a word
REACH = 5000
# For a word with many occurrences: the number of others that an occurrence at the end of a sequence
# is compared to, for each end
NEAREST = 16
# Pairs of occurrences that are compared at once, and slots for pairs that were compared before
AT_ONCE, REMEMBERED = 2**20, 2**20


@dataclass(frozen=True)
class Matches:
    """Stretches that two sequences share when aligned without gaps.

    Attributes
    ----------
    first, second : int64 [n]
        Numbers of the two sequences, the lower one first.
    start : int64 [n]
        Place in the text where the stretch begins in the first sequence.
    letters : int64 [n]
        Length of the longest identical stretch.
    overlap : bool [n]
        Whether the flanks also agree on both sides, as far as both sequences reach.
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
        """Join several, keeping the best match of each pair: overlaps first, then the longest."""
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


def remembered() -> Hashes:
    """Memory for pairs that were compared, so that another of their words does not repeat it."""
    return np.zeros(REMEMBERED, np.uint64)


def compare_all(texts: Texts, words: Occurrences, length: int, seen: Hashes) -> Matches:
    """Compare every two occurrences of each word that are in different sequences.

    Parameters
    ----------
    texts : Texts
    words : Occurrences
        Words with few occurrences each.
    length : int
        Letters of the words, and minimum length of a match.
    seen : uint64 array
        As from ``remembered``.
    """
    pairs = np.cumsum(words.counts * (words.counts - 1) // 2)
    parts, done = [], 0
    while done < len(words):
        before = int(pairs[done - 1]) if done else 0
        end = max(done + 1, int(np.searchsorted(pairs, before + AT_ONCE, side="right")))
        chosen = np.empty((2, int(pairs[end - 1]) - before), np.int64)
        _pair_all(frozen(words.bounds[done : end + 1]), chosen)
        parts.append(_matches(texts, words, length, chosen, seen))
        done = end
    return Matches.join(parts)


def compare_ends(texts: Texts, words: Occurrences, length: int, seen: Hashes) -> Matches:
    """Compare sequences that end with a word to those that extend least beyond it.

    This is for words with many occurrences. Where two sequences overlap, one of them begins, and
    one ends, with a word of the other. The other sequences are compared in the order of the letters
    that they have beyond the word, so that the nearest of many overlapping windows are compared.
    """
    owners = texts.owners(words.places)
    before = words.places - texts.starts[owners]
    after = texts.starts[owners + 1] - words.places - length
    word = np.repeat(np.arange(len(words)), words.counts)
    parts = []
    # before and after in the reading direction of the word
    for beyond in (np.where(words.turned, after, before), np.where(words.turned, before, after)):
        order = np.lexsort((words.places, beyond, word))
        ends = np.flatnonzero(beyond[order] == 0)
        for step in range(1, NEAREST + 1):
            ends = ends[ends + step < len(order)]
            ends = ends[word[order[ends]] == word[order[ends + step]]]
            for start in range(0, len(ends), AT_ONCE):
                some = ends[start : start + AT_ONCE]
                chosen = np.stack([order[some], order[some + step]])
                parts.append(_matches(texts, words, length, chosen, seen))
    return Matches.join(parts)


def _matches(texts: Texts, words: Occurrences, length: int, chosen: Ints, seen: Hashes) -> Matches:
    """Compare pairs of occurrences, ``chosen``: int64 [2, pairs]."""
    numbers = np.empty((4, chosen.shape[1]), np.int64)
    overlap = np.empty(chosen.shape[1], np.bool_)
    count = _compare(
        texts.codes, texts.starts, frozen(words.places), frozen(words.turned), frozen(chosen),
        length, MOST_DIFFERENT[texts.alphabet.name], seen, numbers, overlap,
    )  # fmt: skip
    first, second, start, letters = numbers[:, :count]
    return Matches.join([Matches(first, second, start, letters, overlap[:count])])


@compiled
def _pair_all(bounds: Ints, chosen: Ints) -> None:
    found = 0
    for word in range(len(bounds) - 1):
        for a in range(bounds[word], bounds[word + 1]):
            for b in range(a + 1, bounds[word + 1]):
                chosen[0, found], chosen[1, found] = a, b
                found += 1


@compiled
def _compare(
    codes: Bytes,
    starts: Ints,
    places: Ints,
    turned: Bools,
    chosen: Ints,
    length: int,
    most: float,
    seen: Hashes,
    numbers: Ints,
    overlap: Bools,
) -> int:
    """Write first, second, start and letters of each match; return the number of matches."""
    mix, spread = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
    size = np.uint64(len(seen))
    found = 0
    for pair in range(chosen.shape[1]):
        a, b = chosen[0, pair], chosen[1, pair]
        if places[a] > places[b]:
            a, b = b, a
        i = np.searchsorted(starts, places[a], side="right") - 1
        if places[b] < starts[i + 1]:
            continue
        same = turned[a] == turned[b]
        # place x of the first is aligned with place shift + x of the second, or shift - x
        shift = places[b] - places[a]
        if not same:
            shift = places[b] + places[a] + length - 1
        j = np.searchsorted(starts, places[b], side="right") - 1
        key = (np.uint64(i) * mix) ^ np.uint64(j)
        key = (key * spread) ^ np.uint64(2 * shift + (1 if same else 0))
        key *= mix
        key ^= key >> np.uint64(32)
        slot = key % size
        # the same two, aligned in the same way, were compared at another of their words
        if seen[slot] == key:
            continue
        seen[slot] = key
        low, high = _beside(starts, i, j, same, shift)
        low, high = max(low, places[a] - REACH), min(high, places[a] + length + REACH)
        start, letters = _longest(codes, low, high, same, shift)
        if letters >= length:
            numbers[0, found], numbers[1, found] = i, j
            numbers[2, found], numbers[3, found] = start, letters
            overlap[found] = _alike(codes, low, start, same, shift, most)
            overlap[found] &= _alike(codes, start + letters, high, same, shift, most)
            found += 1
    return found


@compiled
def _beside(starts: Ints, i: int, j: int, same: bool, shift: int) -> tuple[int, int]:
    """Range of places of the first sequence that are aligned with a place of the second one."""
    low, high = starts[j] - shift, starts[j + 1] - shift
    if not same:
        low, high = shift - starts[j + 1] + 1, shift - starts[j] + 1
    return max(low, starts[i]), min(high, starts[i + 1])


@compiled
def _differ(codes: Bytes, x: int, same: bool, shift: int) -> int:
    """0 if a letter equals the one aligned with it, 1 if not, -1 if either is ambiguous."""
    one = codes[x]
    other = codes[shift + x] if same else codes[shift - x]
    if one == AMBIGUOUS or other == AMBIGUOUS:
        return -1
    return 0 if (one == other if same else one + other == 3) else 1


@compiled
def _longest(codes: Bytes, low: int, high: int, same: bool, shift: int) -> tuple[int, int]:
    """Start and length of the longest stretch of identical letters."""
    best, letters, run = low, 0, 0
    for x in range(low, high):
        run = run + 1 if _differ(codes, x, same, shift) == 0 else 0
        if run > letters:
            best, letters = x - run + 1, run
    return best, letters


@compiled
def _alike(codes: Bytes, low: int, high: int, same: bool, shift: int, share: float) -> bool:
    """Whether few enough letters of a flank differ; in a short flank, none may differ."""
    different, most = 0, np.int64(share * (high - low))
    for x in range(low, high):
        different += max(0, _differ(codes, x, same, shift))
        if different > most:
            return False
    return True
