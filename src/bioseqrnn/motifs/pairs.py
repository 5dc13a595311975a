"""Pairs of motifs: whether they share records, and keep a distance, more often than by chance.

Chance is judged within strata: records of one class and of similar length. Two motifs that both
speak for a class are in the records of this class anyway, and long records have more of all motifs.

Common records are counted against the hypergeometric distribution, summed over the strata (Fisher's
test). Distances are counted against those that arise if the places of one motif are exchanged
between the records of a stratum that have both. This keeps where each motif is found along the
records: two motifs at fixed places keep their distance by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve
from scipy.stats import binom, hypergeom, norm

from bioseqrnn.support.arrays import Doubles, Ints

# largest distance that is tested, in residues
FARTHEST = 150
# occurrences of a motif in a record that count: those with the highest scores
MOST_PLACES = 3
# a distance is tested alone, and with its neighbours on each side: places vary a little
JITTERS = (0, 1, 2)
# records that a distance needs
LEAST_RECORDS = 5
# residues of the longest record that is counted
LONGEST = 10_000
# lengths of the records of a stratum differ by at most this factor
LENGTHS = 1.2
# with more common records the hypergeometric sum is taken as normal
EXACT = 5000


@dataclass(frozen=True)
class Placed:
    """Occurrences of one motif, ordered by record.

    Attributes
    ----------
    records : int64 [n]
    starts : int64 [n]
        First residue, counted from the beginning of the record.
    reverse : int64 [n]
        1 on the reverse strand.
    width : int
        Columns of the motif.
    """

    records: Ints
    starts: Ints
    reverse: Ints
    width: int

    def within(self, records: Ints) -> Placed:
        """Those in some records, which are ascending."""
        own = np.isin(self.records, records)
        return Placed(self.records[own], self.starts[own], self.reverse[own], self.width)


@dataclass(frozen=True)
class Spacing:
    """The distance of two motifs that is most unlikely by chance.

    Attributes
    ----------
    low, high : int
        Smallest and largest distance that was counted: from the first residue of the first motif to
        that of the second one, in the direction in which the first one is read.
    opposite : bool
        Whether the second motif is on the other strand.
    records : int
        Records with such a distance.
    expected : float
        Number of these by chance.
    p : float
        Corrected for all distances and orientations.
    """

    low: int
    high: int
    opposite: bool
    records: int
    expected: float
    p: float


@dataclass(frozen=True)
class Pair:
    """Two motifs.

    Attributes
    ----------
    first, second : int
        Their numbers.
    records : int
        Records that have both, at places that do not overlap.
    expected : float
        Number of these by chance.
    p : float
        Probability of so many or more.
    spacing : Spacing, optional
        None if no distance is in enough records.
    """

    first: int
    second: int
    records: int
    expected: float
    p: float
    spacing: Spacing | None


def best_places(records: Ints, scores: Doubles, most: int = MOST_PLACES) -> Ints:
    """Numbers of the occurrences with the highest scores of each record, ascending.

    Parameters
    ----------
    records : int64 [n]
        Ascending.
    scores : float64 [n]
    """
    order = np.lexsort((np.arange(len(records)), -scores, records))
    owner = records[order]
    first = np.searchsorted(owner, owner)
    found: Ints = np.sort(order[np.arange(len(order)) - first < most])
    return found


def motif_pairs(placed: Sequence[Placed], lengths: Ints, strata: Ints, both: bool) -> list[Pair]:
    """Test all pairs of motifs that share a record.

    Parameters
    ----------
    placed : sequence of Placed
        Occurrences of each motif.
    lengths, strata : int64 [records]
        Residues of each record, and number of its class.
    both : bool
        Whether the strand of a motif counts; if not, all are read in the same direction.
    """
    bins = np.floor(np.log(np.maximum(lengths, 1)) / np.log(LENGTHS)).astype(np.int64)
    _, strata = np.unique(strata * (bins.max(initial=0) + 1) + bins, return_inverse=True)
    allowed = lengths <= LONGEST
    sizes = np.bincount(strata[allowed], minlength=int(strata.max(initial=0)) + 1)
    placed = [one.within(np.flatnonzero(allowed)) for one in placed]
    held = [np.unique(one.records) for one in placed]
    counts = [np.bincount(strata[own], minlength=len(sizes)) for own in held]
    pairs = []
    for i in range(len(placed)):
        for j in range(i + 1, len(placed)):
            common = np.intersect1d(held[i], held[j], assume_unique=True)
            if not len(common):
                continue
            one, other = placed[i].within(common), placed[j].within(common)
            owners, distances, opposite = _apart(one, other, both)
            records = len(np.unique(owners))
            expected, p = _together(records, counts[i], counts[j], sizes)
            spacing = _spacing(
                (owners, distances, opposite), one, other, lengths, strata, both, common
            )
            pairs.append(Pair(i, j, records, expected, p, spacing))
    return pairs


def _together(records: int, first: Ints, second: Ints, sizes: Ints) -> tuple[float, float]:
    """Expected number of common records, and the probability of so many or more."""
    some = np.flatnonzero((first > 0) & (second > 0))
    a, b, n = (values[some].astype(np.float64) for values in (first, second, sizes))
    expected = float((a * b / n).sum())
    if np.minimum(a, b).sum() > EXACT:
        variance = float((a * b * (n - a) * (n - b) / (n**2 * np.maximum(n - 1, 1))).sum())
        deviation = records - 0.5 - expected
        return expected, float(norm.sf(deviation / np.sqrt(max(variance, 1e-12))))
    chance, shift = np.ones(1), 0
    for x, y, z in zip(first[some], second[some], sizes[some], strict=True):
        least = max(0, int(x + y - z))
        values = np.arange(least, min(x, y) + 1)
        chance = np.convolve(chance, hypergeom.pmf(values, z, x, y))
        shift += least
    return expected, float(min(chance[max(records - shift, 0) :].sum(), 1.0))


def _apart(one: Placed, other: Placed, both: bool) -> tuple[Ints, Ints, Ints]:
    """All places of two motifs that are in one record and do not overlap.

    Returns
    -------
    records, distances, opposite : int64 [n]
        The distance is counted in the direction in which the first motif is read.
    """
    begin = np.searchsorted(other.records, one.records, side="left")
    counts = np.searchsorted(other.records, one.records, side="right") - begin
    left = np.repeat(np.arange(len(one.records)), counts)
    right = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts) + begin[left]
    distances = other.starts[right] - one.starts[left]
    opposite = np.zeros(len(left), np.int64)
    if both:
        turned = one.reverse[left] == 1
        # the end of a window is its beginning in the other direction
        distances = np.where(turned, one.width - other.width - distances, distances)
        opposite = one.reverse[left] ^ other.reverse[right]
    apart = (distances >= one.width) | (distances <= -other.width)
    return one.records[left][apart], distances[apart], opposite[apart]


def _spacing(
    found: tuple[Ints, Ints, Ints], one: Placed, other: Placed, lengths: Ints, strata: Ints,
    both: bool, common: Ints,
) -> Spacing | None:  # fmt: skip
    """Return the distance, alone or with its neighbours, that is most unlikely by chance."""
    owners, distances, opposite = found
    size = 2 * FARTHEST + 1
    near = np.abs(distances) <= FARTHEST
    cells = opposite[near] * size + distances[near] + FARTHEST
    seen = owners[near]
    orientations = 2 if both else 1
    span = np.arange(-FARTHEST, FARTHEST + 1)
    apart = (span >= one.width) | (span <= -other.width)
    expected = _expected(one, other, lengths, strata, both, common) * apart
    total = len(cells) / max(float(expected.sum()), 1e-12)
    # some distances are impossible, such as those of motifs that would overlap
    expected *= max(total, 1.0)
    best: Spacing | None = None
    least, tests = 0.0, 0
    for jitter in JITTERS:
        kernel = np.ones(2 * jitter + 1)
        whole = np.convolve(apart, kernel, "same") == len(kernel)
        whole[:jitter] = whole[size - jitter :] = False
        tests += orientations * int(whole.sum())
        shifts = np.arange(-jitter, jitter + 1)
        # each record counts once for each window
        marks = np.unique((seen[:, None] * orientations * size + cells[:, None] + shifts).ravel())
        records = np.bincount(marks % (orientations * size), minlength=orientations * size)
        records = records.reshape(orientations, size)
        chance = np.stack([np.convolve(row, kernel, "same") for row in expected])
        tried = (records >= LEAST_RECORDS) & whole
        share = np.clip(chance / len(common), 0, 1)
        log_p = np.where(tried, binom.logsf(records - 1, len(common), share), np.inf)
        place = np.unravel_index(int(log_p.argmin()), log_p.shape)
        if log_p[place] < least:
            least = float(log_p[place])
            distance = int(place[1]) - FARTHEST
            best = Spacing(
                distance - jitter, distance + jitter, bool(place[0]), int(records[place]),
                float(chance[place]), 0.0,
            )  # fmt: skip
    if best is None:
        return None
    p = min(float(np.exp(least)) * tests, 1.0)
    return Spacing(best.low, best.high, best.opposite, best.records, best.expected, p)


def _expected(
    one: Placed, other: Placed, lengths: Ints, strata: Ints, both: bool, common: Ints
) -> Doubles:
    """Pairs at each distance if the places are exchanged between the records of a stratum.

    Places are counted from the first residue, and from the last one; the larger number counts.

    Returns
    -------
    float64 [orientations, 2 * FARTHEST + 1]
    """
    from_start = _exchanged(one, other, one.starts, other.starts, strata, both, common)
    if len(np.unique(lengths[common])) == 1:
        return from_start
    longest = int(lengths[common].max())
    first, second = (part.starts + longest - lengths[part.records] for part in (one, other))
    return np.maximum(from_start, _exchanged(one, other, first, second, strata, both, common))


def _exchanged(
    one: Placed, other: Placed, first: Ints, second: Ints, strata: Ints, both: bool, common: Ints
) -> Doubles:
    size = 2 * FARTHEST + 1
    total = np.zeros((2 if both else 1, size))
    strands = [(0, 0), (0, 1), (1, 0), (1, 1)] if both else [(None, None)]
    for stratum in np.unique(strata[common]).tolist():
        number = int((strata[common] == stratum).sum())
        for a, b in strands:
            x = first[(strata[one.records] == stratum) & (a is None or one.reverse == a)]
            y = second[(strata[other.records] == stratum) & (b is None or other.reverse == b)]
            if not len(x) or not len(y):
                continue
            counts = _differences(x, y)
            if a == 1:
                # read from the other side: distance d becomes width - width - d
                counts = counts[::-1]
                counts = _shifted(counts, one.width - other.width)
            total[(a or 0) ^ (b or 0)] += counts / number
    return total


def _differences(x: Ints, y: Ints) -> Doubles:
    """Number of pairs with each difference y - x from -FARTHEST to FARTHEST."""
    low = int(min(x.min(), y.min()))
    size = int(max(x.max(), y.max())) - low + 1
    a, b = (np.bincount(v - low, minlength=size).astype(np.float64) for v in (x, y))
    if len(x) * len(y) <= size:
        apart = np.subtract.outer(y, x).ravel()
        apart = apart[np.abs(apart) <= FARTHEST] + FARTHEST
        return np.bincount(apart, minlength=2 * FARTHEST + 1).astype(np.float64)
    whole = np.maximum(np.rint(fftconvolve(b, a[::-1])), 0)
    # entry size - 1 is the difference 0
    padded = np.concatenate([np.zeros(FARTHEST), whole, np.zeros(FARTHEST)])
    return np.asarray(padded[size - 1 : size - 1 + 2 * FARTHEST + 1])


def _shifted(counts: Doubles, by: int) -> Doubles:
    """Move counts to distances that are larger by ``by``."""
    moved = np.zeros_like(counts)
    size = len(counts)
    moved[max(by, 0) : size + min(by, 0)] = counts[max(-by, 0) : size - max(by, 0)]
    return moved
