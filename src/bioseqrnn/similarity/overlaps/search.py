"""All pairs of sequences that share a stretch, found through the words they have in common.

Two sequences share a stretch if they have the same letters (in DNA, on either strand) over more
residues than chance explains (``chance.py``), and one of these holds:

- They *overlap*: on each side of the stretch, up to where one of the two sequences ends, at most
  5 % of the letters differ (10 % in proteins). Examples are windows of one genome, or a fragment
  and the whole sequence.
- The flanks of the stretch differ, but it has enough letters outside the words that many sequences
  contain (a motif, a repeat). It must also span half of the shorter sequence in proteins, and a
  twentieth in DNA.

A word of low complexity links nothing. A word at many places (a transposon, an adapter) links only
sequences that overlap, each with those nearest to it. So a repeat or a constant region does not
join all sequences that contain it, but many windows that overlap each other are found.

Time grows as n log n with the residues. Memory is two bytes per residue, about 150 bytes per word
for at most 4 million words at once, and 100 bytes per pair. Above 268 million residues only some of
the words are compared: an overlap must then be a few letters longer to be found with certainty.
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
from bioseqrnn.similarity.related import Pairs
from bioseqrnn.support.arrays import Bools, Ints

# A word at more places than this links only sequences that end with it
FEW = 32
# each takes two bytes of memory
MOST_RESIDUES = 4 * 10**9
# Least fraction of the shorter sequence that a stretch between differing flanks spans. Related
# proteins have such stretches too; a fragment spans more than this. Two long pieces of a genome
# often share some short repeat, which says little about the rest of them
LEAST_SHARE = {"dna": 0.05, "protein": 0.5}
# A word is constant if at least this fraction of its occurrences is at one distance from an end
CONSTANT = 0.9


@dataclass(frozen=True)
class Overlaps(Pairs):
    """Pairs of different sequences that share a stretch.

    Attributes
    ----------
    letters : int64 [pairs]
        Length in residues of the longest identical stretch.
    least : int
        Minimum length in residues of a stretch that counts.
    common, constant, simple : bool [sequences]
        Whether the sequence contains a stretch of that length that links nothing: one that many
        others contain too, or a small part of long sequences; one that is at the same position in
        nearly all of them; one of low complexity that others contain too.
    """

    letters: Ints
    least: int
    common: Bools
    constant: Bools
    simple: Bools

    def not_counted(self) -> str:
        """Return sentences on how many records share only stretches that link nothing."""
        linked = np.zeros(len(self.common), np.bool_)
        linked[self.first] = linked[self.second] = True
        common, constant, simple = (
            int((held & ~linked)[self.sequence].sum())
            for held in (self.common, self.constant, self.simple)
        )
        text = ""
        if common:
            fixed = f"; in {constant:,} records, a constant region" if constant else ""
            text += (
                f" {common:,} more share only a stretch that many records contain (a repeat, a "
                f"motif{fixed})."
            )
        if simple:
            text += f" {simple:,} share a stretch of low complexity, which is not counted."
        return text

    @property
    def unlinked(self) -> Bools:
        """Whether a record contains a stretch that others contain, but that links nothing."""
        return (self.common | self.simple)[self.sequence]


def find_overlaps(packed: Packed, alphabet: Alphabet) -> Overlaps:
    """Find the sequences that share a stretch that chance does not explain.

    Parameters
    ----------
    packed : Packed
        Sequences of n records; identical ones are read only once.
    alphabet : Alphabet

    Raises
    ------
    SimilarityError
        There are more than ``MOST_RESIDUES`` residues, so memory would not be bounded.
    """
    residues = int(packed.lengths.sum())
    if residues > MOST_RESIDUES:
        raise SimilarityError(
            f"{residues:,} residues are too many to search for shared stretches (at most "
            f"{MOST_RESIDUES:,})"
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
    share = found.letters / _shorter(texts, found)
    return Overlaps(
        sequence, found.first, found.second, share.astype(np.float32), found.letters, least,
        flags.common, flags.constant, flags.simple,
    )  # fmt: skip


class _Flags:
    """Flags of the sequences that contain stretches that link nothing."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.common, self.constant, self.simple = (np.zeros(len(texts), np.bool_) for _ in range(3))

    def kept(self, words: Occurrences, low: Bools) -> Occurrences:
        """Leave out words of low complexity, and words of only one sequence."""
        owners = self._owners(words)
        heads = words.bounds[:-1]
        simple = low[words.places[heads]]
        # places are in order: if any sequence differs from the first one, the last one does
        several = owners[heads] != owners[words.bounds[1:] - 1]
        self.simple[owners[np.repeat(simple & several, words.counts)]] = True
        return words.chosen(several & ~simple)

    def note(self, words: Occurrences) -> None:
        """Flag the sequences that contain common words, and those where these are constant."""
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
    """Whether stretches between differing flanks are enough to link two sequences."""
    enough = matches.letters >= LEAST_SHARE[texts.alphabet.name] * _shorter(texts, matches)
    enough[enough] = enough_beside_common(texts, matches.chosen(enough), match)
    return enough


def _shorter(texts: Texts, matches: Matches) -> Ints:
    """Residues of the shorter one of the two sequences of each match: int64 [matches]."""
    sizes = np.diff(texts.starts)
    return np.minimum(sizes[matches.first], sizes[matches.second])
