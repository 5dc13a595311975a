"""All pairs of sequences that share a stretch, found through the words they have in common.

Two sequences share a stretch where they hold the same letters, of DNA on either strand, over at
least as many residues as chance does not explain (``chance.py``), and either

- they *overlap*: on either side, all the way to an end of either, at most 5 % of the letters differ
  (10 % of proteins), as between windows of one genome or between a fragment and the whole; or
- the stretch lies between differing flanks, and holds enough letters beside the words that many
  sequences hold (a motif, a repeat); of proteins it must span half of the shorter one.

A word of low complexity links nothing. One that stands at many places (a transposon, an adapter)
links only what overlaps, each sequence with those nearest to it. So neither a repeat nor a constant
region joins all that hold it, and windows that overlap many deep are found.

Time grows as n log n with the residues. Memory is two bytes a residue, some 150 bytes a word for at
most 4 million words at once, and 100 bytes a pair. Of more than 268 million residues some words are
compared, not all: an overlap must then be a few letters longer to be found with certainty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.onehot.twins import number, sequence_digests
from bioseqrnn.similarity.mmseqs import SimilarityError
from bioseqrnn.similarity.overlaps import chance
from bioseqrnn.similarity.overlaps.common import enough_beside_common
from bioseqrnn.similarity.overlaps.matches import Matches, compare_all, compare_ends, remembered
from bioseqrnn.similarity.overlaps.texts import Texts, low_complexity, read_texts
from bioseqrnn.similarity.overlaps.words import Occurrences, repeated_words
from bioseqrnn.support.arrays import Bools, Ints

# A word at more places than these links only where sequences end
FEW = 32
# two bytes of memory each
MOST_RESIDUES = 4 * 10**9
# Between differing flanks, proteins are alike by descent as well; a fragment spans more than this
LEAST_SHARE = {"dna": 0.0, "protein": 0.5}
# Share of a word's occurrences that stand at one distance from an end, from which it is constant
CONSTANT = 0.9


@dataclass(frozen=True)
class Overlaps:
    """Pairs of different sequences that share a stretch.

    Attributes
    ----------
    sequence : int64 [n]
        Number of each record's sequence; of DNA the same on both strands.
    first, second : int64 [pairs]
        Numbers of two sequences, the lower one first; each pair once.
    letters : int64 [pairs]
        Residues of the longest stretch that is the same.
    least : int
        Residues from which a stretch counts.
    common, constant, simple : bool [sequences]
        Whether the sequence holds a stretch of that length that many others hold too; one that
        stands at the same place of nearly all of them; one that others hold too, of low complexity.
        These link nothing.
    """

    sequence: Ints
    first: Ints
    second: Ints
    letters: Ints
    least: int
    common: Bools
    constant: Bools
    simple: Bools

    def __len__(self) -> int:
        return len(self.first)

    def not_counted(self) -> str:
        """Say, in sentences, how many records share only stretches that link nothing."""
        linked = np.zeros(len(self.common), np.bool_)
        linked[self.first] = linked[self.second] = True
        common, constant, simple = (
            int((held & ~linked)[self.sequence].sum())
            for held in (self.common, self.constant, self.simple)
        )
        text = ""
        if common:
            fixed = f"; in {constant:,} a constant region" if constant else ""
            text += (
                f" {common:,} more share only what many records hold (a repeat, a motif{fixed})."
            )
        if simple:
            text += f" {simple:,} share a stretch of low complexity, which is not counted."
        return text

    def beside(self, chosen: Bools) -> Bools:
        """Whether a record shares a stretch with a chosen record of another sequence: bool [n]."""
        has = np.zeros(len(self.common), np.bool_)
        has[self.sequence[chosen]] = True
        near = np.zeros(len(has), np.bool_)
        near[self.first[has[self.second]]] = True
        near[self.second[has[self.first]]] = True
        return near[self.sequence]

    @property
    def partners(self) -> Ints:
        """For each record, the first one it shares a stretch with: int64 [n], -1 for none."""
        rows = np.full(len(self.common), len(self.sequence))
        np.minimum.at(rows, self.sequence, np.arange(len(self.sequence)))
        partner = np.full(len(rows), len(self.sequence))
        np.minimum.at(partner, self.first, rows[self.second])
        np.minimum.at(partner, self.second, rows[self.first])
        partner[partner == len(self.sequence)] = -1
        return partner[self.sequence]


def find_overlaps(packed: Packed, alphabet: Alphabet) -> Overlaps:
    """Find the sequences that share a stretch which chance does not explain.

    Parameters
    ----------
    packed : Packed
        Sequences of n records; equal ones are looked at once.
    alphabet : Alphabet

    Raises
    ------
    SimilarityError
        Where there are so many residues that memory would not be bounded.
    """
    residues = int(packed.lengths.sum())
    if residues > MOST_RESIDUES:
        raise SimilarityError(
            f"{residues:,} residues are more than {MOST_RESIDUES:,}, up to which shared stretches "
            "are looked for"
        )
    sequence = number(sequence_digests(packed, alphabet.name == "dna"))
    _, rows = np.unique(sequence, return_index=True)
    texts = read_texts(packed, rows, alphabet)
    match = chance.match_probability(texts)
    least = chance.least_length(len(texts.codes), texts.strands, match, alphabet.name)
    flags = _Flags(texts)
    low = low_complexity(texts, least)
    matches, seen = Matches.join([]), remembered()
    for words in repeated_words(texts, least):
        words = flags.kept(words, low)
        many = words.counts > FEW
        few = compare_all(texts, words.chosen(~many), least, seen)
        words = words.chosen(many)
        flags.note(words)
        matches = Matches.join([matches, few, compare_ends(texts, words, least, seen)])
    links = matches.overlap.copy()
    inside = np.flatnonzero(~links)
    links[inside] = _stand_alone(texts, matches.chosen(inside), match)
    for ends in (matches.first, matches.second):
        flags.common[ends[~links]] = True
    found = matches.chosen(links)
    return Overlaps(
        sequence, found.first, found.second, found.letters, least,
        flags.common, flags.constant, flags.simple,
    )  # fmt: skip


class _Flags:
    """What sequences hold that links nothing."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.common, self.constant, self.simple = (np.zeros(len(texts), np.bool_) for _ in range(3))

    def kept(self, words: Occurrences, low: Bools) -> Occurrences:
        """Leave out the words of low complexity, and those of one sequence only."""
        owners = self._owners(words)
        heads = words.bounds[:-1]
        simple = low[words.places[heads]]
        # places are in order, so that the last one differs from the first where any does
        several = owners[heads] != owners[words.bounds[1:] - 1]
        self.simple[owners[np.repeat(simple & several, words.counts)]] = True
        return words.chosen(several & ~simple)

    def note(self, words: Occurrences) -> None:
        """Remember who holds words that many hold, and whether they stand at one place."""
        if not len(words):
            return
        owners, starts = self._owners(words), self._texts.starts
        self.common[owners] = True
        word = np.repeat(np.arange(len(words)), words.counts)
        fixed = np.zeros(len(words), np.bool_)
        for distance in (words.places - starts[owners], starts[owners + 1] - words.places):
            order = np.lexsort((distance, word))
            new = np.ones(len(order), np.bool_)
            new[1:] = (np.diff(word[order]) != 0) | (np.diff(distance[order]) != 0)
            heads = np.flatnonzero(new)
            sizes = np.diff([*heads, len(order)])
            largest = np.zeros(len(words), np.int64)
            np.maximum.at(largest, word[order][heads], sizes)
            fixed |= largest >= CONSTANT * words.counts
        self.constant[owners[np.repeat(fixed, words.counts)]] = True

    def _owners(self, words: Occurrences) -> Ints:
        return self._texts.owners(words.places)


def _stand_alone(texts: Texts, matches: Matches, match: float) -> Bools:
    """Whether stretches between differing flanks say that two sequences belong together."""
    sizes = np.diff(texts.starts)
    shorter = np.minimum(sizes[matches.first], sizes[matches.second])
    enough = matches.letters >= LEAST_SHARE[texts.alphabet.name] * shorter
    enough[enough] = enough_beside_common(texts, matches.chosen(enough), match)
    return enough
