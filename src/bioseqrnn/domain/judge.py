"""The domain of a model applied to records: ``inside``, ``edge`` or ``outside``, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bioseqrnn.domain.card import DomainCard
from bioseqrnn.domain.measures import (
    composition_scores,
    deviations,
    fractions,
    word_scores,
    word_spread,
)
from bioseqrnn.domain.words import NEW, Counted, count, from_bits
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Bytes, Ints

# in the order of their numbers
INSIDE, EDGE, OUTSIDE, UNKNOWN = LEVELS = ("inside", "edge", "outside", "unknown")
PROPERTIES = ("length", "composition", "words")
# a record that is shorter or longer than all others by more than this fraction is outside
BEYOND = 0.1
ROWS_AT_ONCE = 2**16
Levels = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Judged:
    """Result for some records.

    Attributes
    ----------
    levels : int8 [n]
        Number of the word in ``LEVELS``.
    properties : int8 [n, 3]
        The same for each of ``PROPERTIES``.
    reasons : list of str [n]
        Why a record is not inside, in words; empty for one that is.
    """

    levels: Levels
    properties: Levels
    reasons: list[str]


class Domain:
    """Compares records with those that a model was trained on.

    Parameters
    ----------
    card : DomainCard
    bits : uint8 [words / 8]
        Known words (``words.as_bits``).
    alphabet : Alphabet
    both_strands : bool
    """

    def __init__(
        self, card: DomainCard, bits: Bytes, alphabet: Alphabet, both_strands: bool
    ) -> None:
        self._card, self._alphabet, self._both = card, alphabet, both_strands
        self._size = 1 if card.words is None else card.words.size
        self._table = from_bits(bits, self._size, alphabet)
        self._mean = np.array(card.composition.mean)
        self._between = np.array(card.composition.between)

    def judge(self, packed: Packed) -> Judged:
        """Compare records, a bounded number at a time."""
        parts = [
            self._judge(packed.slice(start, min(start + ROWS_AT_ONCE, len(packed))))
            for start in range(0, len(packed), ROWS_AT_ONCE)
        ]
        return Judged(
            np.concatenate([np.zeros(0, np.int8), *(part.levels for part in parts)]),
            np.concatenate([np.zeros((0, 3), np.int8), *(part.properties for part in parts)]),
            [reason for part in parts for reason in part.reasons],
        )

    def _judge(self, packed: Packed) -> Judged:
        new = np.full(len(packed), NEW)
        counted = count(self._table, packed, new, self._size, self._alphabet)
        by_length, why_length = self._lengths(packed.lengths)
        by_composition, why_composition = self._composition(counted)
        by_words, why_words = self._words(counted, packed.lengths)
        properties = np.stack([by_length, by_composition, by_words], axis=1)
        levels = properties.max(axis=1)
        reasons = [""] * len(packed)
        why: tuple[Callable[[int], str], ...] = (why_length, why_composition, why_words)
        for i in np.flatnonzero(levels).tolist():
            reasons[i] = "; ".join(why[k](i) for k in np.flatnonzero(properties[i]).tolist())
        return Judged(levels, properties, reasons)

    def _lengths(self, lengths: Ints) -> tuple[Levels, Callable[[int], str]]:
        shortest, low, high, longest = self._card.lengths
        level = _levels(
            (lengths < low) | (lengths > high),
            (lengths < shortest * (1 - BEYOND)) | (lengths > longest * (1 + BEYOND)),
        )
        trained = f"{shortest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"

        def why(i: int) -> str:
            s = "" if lengths[i] == 1 else "s"
            if shortest <= lengths[i] <= longest:
                return (
                    f"{lengths[i]:,} residue{s}; 99 % of training records have {low:,} to {high:,}"
                )
            return f"{lengths[i]:,} residue{s}; training records have {trained}"

        return level, why

    def _composition(self, counted: Counted) -> tuple[Levels, Callable[[int], str]]:
        limits, total = self._card.composition, counted.residues.sum(axis=1)
        shares = fractions(counted.residues, self._both)
        score = composition_scores(shares, total, self._mean, self._between)
        level = _levels(score > limits.edge, score > limits.outside)
        level[total == 0] = LEVELS.index(OUTSIDE)

        def why(i: int) -> str:
            if not total[i]:
                return "all residues are ambiguous"
            far = deviations(shares[i : i + 1], total[i : i + 1], self._mean, self._between)
            worst = int(far.argmax())
            letter, share = self._alphabet.symbols[worst], shares[i, worst]
            if self._both:
                letter += f" or {self._alphabet.symbols[::-1][worst]}"
                return f"composition: {2 * share:.0%} {letter}; mean {2 * self._mean[worst]:.0%}"
            return f"composition: {share:.0%} {letter}; mean {self._mean[worst]:.0%}"

        return level, why

    def _words(self, counted: Counted, lengths: Ints) -> tuple[Levels, Callable[[int], str]]:
        limits = self._card.words
        if limits is None:
            return np.zeros(len(lengths), np.int8), str
        share = counted.known / np.maximum(counted.words, 1)
        numbers = limits.size, limits.mean, limits.between
        score = word_scores(share, counted.words, *numbers)
        level = _levels(score < limits.edge, score < limits.outside)
        level[counted.words == 0] = 0
        # so many residues, but no word: ambiguity codes are everywhere
        level[(counted.words == 0) & (lengths >= limits.size)] = LEVELS.index(OUTSIDE)
        size = f"of {limits.size} residues"

        def why(i: int) -> str:
            if not counted.words[i]:
                return f"no word {size} without an ambiguity code"
            spread = word_spread(counted.words[i : i + 1], *numbers)[0]
            usual = min(max(limits.mean + limits.edge * spread, 0), 1)
            return f"{share[i]:.0%} of its words {size} are known; usual are {usual:.0%} or more"

        return level, why


def _levels(edge: npt.NDArray[np.bool_], outside: npt.NDArray[np.bool_]) -> Levels:
    return np.where(outside, 2, np.where(edge, 1, 0)).astype(np.int8)
