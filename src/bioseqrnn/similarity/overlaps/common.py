"""Stretches between differing flanks: what remains without words that many sequences contain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bioseqrnn.similarity.overlaps import chance
from bioseqrnn.similarity.overlaps.matches import Matches
from bioseqrnn.similarity.overlaps.texts import AMBIGUOUS, Texts
from bioseqrnn.similarity.overlaps.words import BASE, INVERSE, Hashes
from bioseqrnn.support.arrays import Bools, Bytes, Ints
from bioseqrnn.support.compiled import compiled, frozen

Counts = npt.NDArray[np.int32]

# A word is common if more sequences than this contain it
MOST_HOLDERS = 3
# Letters of the stretches whose words are counted at once; each takes 32 bytes
AT_ONCE = 2**22


def enough_beside_common(texts: Texts, matches: Matches, match: float) -> Bools:
    """Whether a stretch has enough letters outside its common words: bool [matches].

    If many sequences contain a word (for example the motif of the positives), some of them also
    share the letters next to it by chance. Enough letters are more than chance explains among that
    many sequences.
    """
    size = chance.word_length(len(texts.codes), texts.strands, match)
    enough = np.ones(len(matches), np.bool_)
    ends = np.cumsum(matches.letters)
    done = 0
    while done < len(matches):
        before = int(ends[done - 1]) if done else 0
        end = max(done + 1, int(np.searchsorted(ends, before + AT_ONCE, side="right")))
        begins, letters = frozen(matches.start[done:end]), frozen(matches.letters[done:end])
        table = np.zeros(2 ** int(2 * letters.sum()).bit_length(), np.uint64)
        holders = np.zeros(len(table), np.int32)
        last = np.full(len(table), -1, np.int32)
        codes, both = texts.codes, texts.both_strands
        bounds = np.stack([begins, begins + letters], axis=1)
        _visit(codes, frozen(bounds), size, both, 0, table, holders, last)
        whole = np.stack([texts.starts[:-1], texts.starts[1:]], axis=1)
        _visit(codes, frozen(whole), size, both, 1, table, holders, last)
        beside = np.empty((end - done, 2), np.int64)
        _beside_common(codes, frozen(bounds), size, both, table, holders, beside)
        kinds, which = np.unique(beside[:, 1], return_inverse=True)
        needed = np.array([chance.least_beside(int(kind), match) for kind in kinds])
        enough[done:end] = (beside[:, 1] == 0) | (beside[:, 0] >= needed[which])
        done = end
    return enough


@compiled
def _slot(table: Hashes, value: np.uint64) -> int:
    """Return the slot of a value in an open-addressing hash table, or the slot it would get."""
    mask = np.uint64(len(table) - 1)
    slot = (value >> np.uint64(16)) & mask
    while table[slot] != 0 and table[slot] != value:
        slot = (slot + np.uint64(1)) & mask
    return int(slot)


@compiled
def _word(codes: Bytes, first: int, size: int, both: bool) -> np.uint64:
    """Hash of a word, with ``both`` also of its reverse complement; 0 if a letter is ambiguous."""
    base, one = np.uint64(BASE), np.uint64(1)
    ahead, back, power = np.uint64(0), np.uint64(0), one
    for j in range(first, first + size):
        if codes[j] == AMBIGUOUS:
            return np.uint64(0)
        letter = np.uint64(codes[j])
        ahead = ahead * base + letter + one
        back += (np.uint64(4) - letter) * power
        power *= base
    value = min(ahead, back) if both else ahead
    value *= np.uint64(INVERSE)
    return (value ^ (value >> np.uint64(29))) | one


@compiled
def _visit(
    codes: Bytes,
    bounds: Ints,
    size: int,
    both: bool,
    counting: int,
    table: Hashes,
    holders: Counts,
    last: Counts,
) -> None:
    """Put the words of stretches into the table, or count the sequences that contain each word."""
    for i in range(len(bounds)):
        for first in range(bounds[i, 0], bounds[i, 1] - size + 1):
            value = _word(codes, first, size, both)
            if value == 0:
                continue
            slot = _slot(table, value)
            if not counting:
                table[slot] = value
            elif table[slot] == value and last[slot] != i:
                last[slot] = i
                holders[slot] += 1


@compiled
def _beside_common(
    codes: Bytes,
    bounds: Ints,
    size: int,
    both: bool,
    table: Hashes,
    holders: Counts,
    beside: Ints,
) -> None:
    """Write, for each stretch, its letters outside common words and the highest count of a word."""
    for i in range(len(bounds)):
        left, most, done = bounds[i, 1] - bounds[i, 0], 0, bounds[i, 0]
        for first in range(bounds[i, 0], bounds[i, 1] - size + 1):
            value = _word(codes, first, size, both)
            if value == 0:
                continue
            count = holders[_slot(table, value)]
            if count > MOST_HOLDERS:
                left -= first + size - max(done, first)
                done = first + size
                most = max(most, count)
        beside[i, 0], beside[i, 1] = left, most
