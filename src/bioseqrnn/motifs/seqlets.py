"""Seqlets: spans of a record whose summed contribution is larger than chance.

The contributions of a record are cut into its maximal scoring segments (Ruzzo and Tompa, ISMB
1999) after the mean absolute contribution was subtracted from each. A segment bridges a gap if both
sides contribute more than the gap costs, so that spaced residues such as C-x(2)-C stay together.

A segment is a seqlet if few segments of its score are expected by chance. There are two nulls, and
it must exceed one of them: the same search after the positions of every record were shuffled, and
the exponential tail that the scores of ordinary segments have (Karlin and Altschul, PNAS 1990).
Shuffled positions keep single large values, so only the second null can show a motif of one or two
residues, and only the first one a set of records that consist of little else than motifs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.support.arrays import Bools, Codes, Doubles, Floats, Ints
from bioseqrnn.support.compiled import compiled, frozen

# accepted share of seqlets that shuffled records would give as well
FALSE_SHARE = 0.1
# a longer segment is divided: a motif of a transcription factor has at most about 35 columns
LONGEST = 40
STEEPER = 1.5


@dataclass(frozen=True)
class Encoded:
    """Records as numbers.

    Attributes
    ----------
    codes : uint8 [residues]
        Residues of all records; any code from ``symbols`` on is ambiguous.
    offsets : int64 [records + 1]
        First residue of each record.
    symbols : int
        4 for DNA, 20 for protein.
    both : bool
        Whether a motif may be on either strand.
    own : bool [records, outputs], optional
        Which records have the class of each output; None if there are no classes.
    """

    codes: Codes
    offsets: Ints
    symbols: int
    both: bool
    own: Bools | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Ints:
        """Residues of each record, int64 [records]."""
        return np.diff(self.offsets)

    def record_of(self, residues: Ints) -> Ints:
        """Record that each residue belongs to, int64."""
        return np.searchsorted(self.offsets, residues, side="right") - 1


@dataclass(frozen=True)
class Seqlets:
    """Spans, largest contribution first.

    Attributes
    ----------
    starts, ends : int64 [seqlets]
        First residue and the one after the last, in the array of all records.
    sums : float64 [seqlets]
        Summed contribution, in the unit of the contributions (logits).
    """

    starts: Ints
    ends: Ints
    sums: Doubles

    def __len__(self) -> int:
        return len(self.starts)

    def of(self, chosen: Ints) -> Seqlets:
        """Return some of them."""
        return Seqlets(self.starts[chosen], self.ends[chosen], self.sums[chosen])


def find_seqlets(values: Floats, offsets: Ints, *, seed: int, most: int) -> Seqlets:
    """Find spans of large positive values.

    Parameters
    ----------
    values : float32 [residues]
        Contributions; multiplied by -1 to find spans that speak against a class.
    offsets : int64 [records + 1]
    seed : int
        Seed of the shuffled positions.
    most : int
        Only the largest are returned.
    """
    level = float(np.abs(values, dtype=np.float64).mean()) if len(values) else 0.0
    if level == 0.0:
        return Seqlets(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    starts, ends, scores = _segments(values, offsets, level)
    _, _, chance = _segments(_shuffled(values, offsets, seed), offsets, level)
    order = np.argsort(-scores, kind="stable")
    count = max(_beyond_shuffled(scores[order], chance), _beyond_tail(scores[order]))
    kept = order[:count][:most]
    totals = np.concatenate([np.zeros(1), np.cumsum(values, dtype=np.float64)])
    return Seqlets(starts[kept], ends[kept], totals[ends[kept]] - totals[starts[kept]])


def _accepted(expected: Doubles) -> int:
    """How many of the sorted scores are accepted, given how many chance puts at or above each."""
    good = np.flatnonzero(expected <= FALSE_SHARE * np.arange(1, len(expected) + 1))
    return int(good[-1]) + 1 if len(good) else 0


def _beyond_shuffled(scores: Doubles, chance: Doubles) -> int:
    above = len(chance) - np.searchsorted(np.sort(chance), scores, side="left")
    return _accepted(above.astype(np.float64))


def _beyond_tail(scores: Doubles) -> int:
    """The tail is fitted between the median and the upper quartile."""
    if not len(scores):
        return 0
    middle, upper = np.quantile(scores, [0.5, 0.75])
    scale = max((upper - middle) / np.log(2), np.finfo(np.float64).tiny)
    return _accepted(len(scores) * 0.5 * np.exp(np.minimum((middle - scores) / scale, 0)))


def _shuffled(values: Floats, offsets: Ints, seed: int) -> Floats:
    """The values of each record in another order."""
    keys = np.random.default_rng(seed).random(len(values))
    keys += np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return values[np.argsort(keys, kind="stable")]


def _segments(values: Floats, offsets: Ints, level: float) -> tuple[Ints, Ints, Doubles]:
    """Starts, ends and scores of the maximal scoring segments of at most ``LONGEST`` residues."""
    size = len(values)
    starts, ends, scores = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
    found = _maximal(frozen(values), frozen(offsets), level, starts, ends, scores)
    starts, ends, scores = starts[:found], ends[:found], scores[:found]
    long = ends - starts > LONGEST
    if not long.any():
        return starts, ends, scores
    bounds = np.stack([starts[long], ends[long]], axis=1)
    pieces = np.concatenate([values[a:b] for a, b in bounds])
    edges = np.concatenate([[0], np.cumsum(bounds[:, 1] - bounds[:, 0])])
    within, until, more = _segments(pieces, edges, STEEPER * level)
    shift = (bounds[:, 0] - edges[:-1])[np.searchsorted(edges, within, side="right") - 1]
    return (
        np.concatenate([starts[~long], within + shift]),
        np.concatenate([ends[~long], until + shift]),
        np.concatenate([scores[~long], more]),
    )


@compiled
def _maximal(
    values: Floats, offsets: Ints, level: float, starts: Ints, ends: Ints, scores: Doubles
) -> int:
    """Write the maximal scoring segments of ``values - level``; return their number."""
    found = 0
    # per candidate: sum before its first residue, and sum up to its last
    left = np.empty(len(values))
    right = np.empty(len(values))
    for record in range(len(offsets) - 1):
        first = found
        total = 0.0
        for i in range(offsets[record], offsets[record + 1]):
            before = total
            total += values[i] - level
            if total <= before:
                continue
            start, low = i, before
            while True:
                j = found - 1
                while j >= first and left[j] >= low:
                    j -= 1
                if j < first or right[j] >= total:
                    break
                start, low = starts[j], left[j]
                found = j
            starts[found], ends[found] = start, i + 1
            left[found], right[found] = low, total
            found += 1
    for j in range(found):
        scores[j] = right[j] - left[j]
    return found
