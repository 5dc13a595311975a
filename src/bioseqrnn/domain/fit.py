"""The domain of a model from its training records, with limits from held-out ones.

The records of each fold are held out once: their composition and words are compared with those of
the other folds. Relatives are in one fold, so a held-out record is as new as a query can be that
comes from the same source. No query and no record beyond the training table has a part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bioseqrnn.domain.measures import (
    Moments,
    composition_scores,
    fractions,
    word_scores,
    word_variance,
)
from bioseqrnn.domain.words import Counted, add_words, as_bits, count, empty_table, word_size
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Bytes, Doubles, Ints

# of the held-out records, these fractions are beyond the limits of one property
EDGE, OUTSIDE = 0.05, 0.01
# this fraction of the records is shorter, or longer, than the usual lengths
UNUSUAL_LENGTH = 0.005
ROWS_AT_ONCE = 2**16
DIGITS = 12


@dataclass(frozen=True)
class FittedDomain:
    """Content of a model file about its training records.

    Attributes
    ----------
    card : dict
        Fields of ``DomainCard``.
    words : uint8 [symbols**size / 8]
        Known words, one bit each.
    """

    card: dict[str, Any]
    words: Bytes


def fit_domain(
    read: Callable[[], Iterable[Packed]], folds: Ints, alphabet: Alphabet, both: bool
) -> FittedDomain:
    """Describe the training records of a model, in bounded memory.

    Parameters
    ----------
    read : callable
        Returns all records, in parts; it is called several times.
    folds : int64 [n]
        Fold in which each record is tested; -1 if it never is.
    alphabet : Alphabet
    both : bool
        Whether the model reads both strands.
    """
    lengths = np.concatenate([packed.lengths for packed in read()])
    size = word_size(int(lengths.sum()), alphabet)
    # number 0 is that of records that are never tested
    folds = folds + 1
    table, moments = empty_table(size, alphabet), Moments(int(folds.max()) + 1, alphabet.width)
    for packed, own in _parts(read, folds):
        add_words(table, packed, own, size, alphabet, both)
        counted = count(table, packed, own, size, alphabet)
        moments.add(fractions(counted.residues, both), counted.residues.sum(axis=1), own)
    # each fold against the others
    others = [moments.without(fold) for fold in range(int(folds.max()) + 1)]
    mean, between = (np.stack(values) for values in zip(*others, strict=True))
    scores, share, words = [], [], []
    for packed, own in _parts(read, folds):
        counted = count(table, packed, own, size, alphabet)
        kept = own > 0
        scores.append(_composition(counted, own, mean, between, both)[kept])
        words.append(counted.words[kept])
        share.append(counted.known[kept] / np.maximum(counted.words[kept], 1))
    composition = np.concatenate(scores)
    composition = composition[np.isfinite(composition)]
    mean_all, between_all = moments.without(None)
    low, high = np.quantile(lengths, [UNUSUAL_LENGTH, 1 - UNUSUAL_LENGTH])
    card = {
        "records": len(lengths),
        "held_out": int((folds > 0).sum()),
        "lengths": [int(lengths.min()), int(low), int(np.ceil(high)), int(lengths.max())],
        "composition": {
            "mean": _rounded(mean_all), "between": _rounded(between_all),
            "edge": _upper(composition, EDGE), "outside": _upper(composition, OUTSIDE),
        },
        "words": _words(np.concatenate(share), np.concatenate(words), size),
    }  # fmt: skip
    # held-out records were compared with those of the other folds; without the words of one fold,
    # new records are compared with as many
    return FittedDomain(card, as_bits(table, int(folds[folds > 0].min())))


def _parts(read: Callable[[], Iterable[Packed]], folds: Ints) -> Iterator[tuple[Packed, Ints]]:
    """Yield the packed records and their folds, a bounded number at a time."""
    first = 0
    for group in read():
        for start in range(0, len(group), ROWS_AT_ONCE):
            part = group.slice(start, min(start + ROWS_AT_ONCE, len(group)))
            yield part, folds[first : first + len(part)]
            first += len(part)


def _composition(
    counted: Counted, own: Ints, mean: Doubles, between: Doubles, both: bool
) -> Doubles:
    shares, total = fractions(counted.residues, both), counted.residues.sum(axis=1)
    return composition_scores(shares, total, mean[own], between[own])


def _words(share: Doubles, words: Ints, size: int) -> dict[str, Any] | None:
    """Limits of the share of known words; None if no held-out record has a word."""
    share, words = share[words > 0], words[words > 0]
    if not len(share):
        return None
    mean, between = word_variance(share, words, size)
    mean, between = round(mean, DIGITS), round(between, DIGITS)
    scores = word_scores(share, words, size, mean, between)
    return {
        "size": size, "mean": mean, "between": between,
        "edge": -_upper(-scores, EDGE), "outside": -_upper(-scores, OUTSIDE),
    }  # fmt: skip


def _upper(scores: Doubles, beyond: float) -> float:
    """The score that at most this fraction of the records exceeds."""
    if not len(scores):
        return float(np.finfo(np.float64).max)
    return float(np.quantile(scores, 1 - beyond, method="higher"))


def _rounded(values: Doubles) -> list[float]:
    return [round(float(value), DIGITS) for value in values]
