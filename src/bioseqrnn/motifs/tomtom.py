"""Matches of a matrix in a database, with exact p-values (Tomtom: Gupta et al., Genome Biol. 2007).

Columns are compared by their Euclidean distance. A score counts against the columns of the whole
database: the distribution of a sum over columns of the query is computed by convolution, so a match
of few columns needs a closer agreement than one of many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.compiled import compiled, frozen

# integer scores of a column
BINS = 100
# columns that have to overlap, if both matrices have so many
LEAST_OVERLAP = 4


@dataclass(frozen=True)
class Entry:
    """A motif of a database: its identifier, its name, and its frequencies [width, symbols]."""

    identifier: str
    name: str
    frequencies: Doubles


@dataclass(frozen=True)
class Match:
    """A motif of a database that resembles the query.

    Attributes
    ----------
    entry : Entry
    p : float
        Probability that a random motif agrees as well at any alignment.
    q : float
        Share of false matches among all that are at least as good (Benjamini and Hochberg).
    """

    entry: Entry
    p: float
    q: float


class Database:
    """Motifs in a form in which many queries can be compared with them.

    Parameters
    ----------
    entries : list of Entry
    both : bool
        Whether the reverse complement of an entry counts as well.
    """

    def __init__(self, entries: Sequence[Entry], both: bool) -> None:
        self.entries = list(entries)
        self.both = both
        parts: list[Doubles] = []
        for entry in self.entries:
            parts.append(entry.frequencies)
            if both:
                parts.append(entry.frequencies[::-1, ::-1])
        self._columns = np.concatenate(parts)
        self._offsets = np.cumsum([0, *(len(part) for part in parts)])

    def matches(self, query: Doubles) -> list[Match]:
        """All entries, best match first; ``query`` is float64 [width, symbols]."""
        scores = self._scores(query)
        tails, places = _tails(scores)
        p = np.ones(len(self._offsets) - 1)
        tried = np.zeros(len(p), np.int64)
        _best(frozen(scores), frozen(self._offsets), frozen(tails), frozen(places), p, tried)
        if self.both:
            p, tried = p.reshape(-1, 2).min(axis=1), tried.reshape(-1, 2).sum(axis=1)
        # the best of so many alignments; for small p, log1p keeps the digits
        with np.errstate(divide="ignore"):
            p = -np.expm1(tried * np.log1p(-np.minimum(p, 1)))
        p = np.clip(p, 0, 1)
        q = false_discovery_control(p)
        order = np.argsort(p, kind="stable")
        return [Match(self.entries[i], float(p[i]), float(q[i])) for i in order]

    def _scores(self, query: Doubles) -> Ints:
        """Agreement of each column of the query with each of the database, 0 to ``BINS``."""
        far = np.sqrt(((query[:, None] - self._columns[None]) ** 2).sum(axis=2))
        low, high = far.min(), far.max()
        span = high - low if high > low else 1.0
        return np.asarray(np.rint(BINS * (high - far) / span), np.int64)


def _tails(scores: Ints) -> tuple[Doubles, Ints]:
    """P(sum >= s) for the columns first until last of the query, for all first and last.

    Returns
    -------
    tails : float64 [all]
        All distributions, one after the other.
    places : int64 [width, width + 1]
        Where the distribution of columns first until before last begins in ``tails``.
    """
    width = len(scores)
    single = [np.bincount(row, minlength=BINS + 1) / len(row) for row in scores]
    places = np.zeros((width, width + 1), np.int64)
    parts, size = [], 0
    for first in range(width):
        chance = np.ones(1)
        for last in range(first + 1, width + 1):
            chance = np.convolve(chance, single[last - 1])
            places[first, last] = size
            parts.append(np.cumsum(chance[::-1])[::-1])
            size += len(chance)
    return np.concatenate(parts), places


@compiled
def _best(
    scores: Ints, offsets: Ints, tails: Doubles, places: Ints, p: Doubles, tried: Ints
) -> None:
    width = scores.shape[0]
    for target in range(len(offsets) - 1):
        begin, size = offsets[target], offsets[target + 1] - offsets[target]
        least = min(LEAST_OVERLAP, width, size)
        for shift in range(least - size, width - least + 1):
            first, last = max(shift, 0), min(shift + size, width)
            total = 0
            for column in range(first, last):
                total += scores[column, begin + column - shift]
            tried[target] += 1
            p[target] = min(p[target], tails[places[first, last] + total])
