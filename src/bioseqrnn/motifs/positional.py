"""Signals at fixed places: residues that matter at one position of a record and not elsewhere.

Seqlets cannot show that, say, the second residue of a peptide must be L or M: a single residue is
no pattern, and in a short peptide every span is at the same place. Here the records are aligned by
their first residue, or by their last, and each residue at each position is compared with the same
residue at all positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, rankdata

from bioseqrnn.motifs.patterns import Sites
from bioseqrnn.motifs.seqlets import Encoded
from bioseqrnn.support.arrays import Bools, Doubles, Floats, Ints

# positions that are looked at from each end of records of unequal length
REACH = 100
LEAST_RECORDS = 10
SIGNIFICANT = 1e-3
# standard score of a residue that contributes more at a significant position than elsewhere
LEAST_Z = 2.0
# share of the sites of a motif at one place, from which it counts as a motif at a fixed place
LEAST_KNOWN = 0.5
# a wider gap between two positions makes two motifs
WIDEST_GAP = 5


@dataclass(frozen=True)
class Fixed:
    """A signal at a fixed place.

    Attributes
    ----------
    sites : Sites
        The records with the signal.
    p : float
        Corrected for all positions and residues.
    place : (bool, int)
        As in ``Motif``.
    """

    sites: Sites
    p: float
    place: tuple[bool, int]


def fixed_places(
    records: Encoded, values: Floats, taken: Bools, known: Sequence[Sites], own: Bools
) -> list[Fixed]:
    """Find motifs at fixed places.

    Parameters
    ----------
    values : float32 [residues]
        Contributions, positive where they speak for what is looked for.
    taken : bool [residues]
        Residues that belong to other motifs; they do not count.
    known : list of Sites
        Motifs that were found. If one is at the same place in most of its records, its positions
        are left out: that other residues there have another effect is the same fact.
    own : bool [records]
        Records of the class that the contributions speak for; these and the others have the same
        weight in means. Among all records, what is right of a rare class would be lost.

    Returns
    -------
    list of Fixed
    """
    if len(records) < LEAST_RECORDS:
        return []
    equal = len(np.unique(records.lengths)) == 1
    shares = _shares(own)
    found = [_from_end(records, values, taken, known, shares, False)]
    if not equal:
        found.append(_from_end(records, values, taken, known, shares, True))
    return [one for part in found for one in part]


def _shares(own: Bools) -> Doubles:
    """Weight of each record in means, float64 [records]: half of it for each of the two groups."""
    count = int(own.sum())
    if count in (0, len(own)):
        return np.full(len(own), 1 / len(own))
    return np.where(own, 0.5 / count, 0.5 / (len(own) - count))


def _settled(known: Sequence[Sites], begins: Ints, reach: int) -> Bools:
    """Positions at which most sites of one of the known motifs are: bool [reach]."""
    positions = np.zeros(reach, bool)
    for sites in known:
        places, counts = np.unique(sites.starts - begins[sites.records], return_counts=True)
        best = int(counts.argmax())
        if counts[best] >= LEAST_KNOWN * len(sites):
            positions[max(places[best], 0) : max(places[best] + sites.width, 0)] = True
    return positions


def _from_end(
    records: Encoded,
    values: Floats,
    taken: Bools,
    known: Sequence[Sites],
    shares: Doubles,
    last: bool,
) -> list[Fixed]:
    """Signals at a fixed distance from the first, or from the last residue."""
    lengths = records.lengths
    reach = int(min(lengths.max(initial=0), REACH))
    if len(np.unique(lengths)) == 1:
        reach = int(lengths[0])
    begins = records.offsets[1:] - reach if last else records.offsets[:-1]
    level = float(np.abs(values, dtype=np.float64).mean())
    p, good, weight = _tests(records, values, taken, shares, begins, reach)
    settled = _settled(known, begins, reach)
    chosen = np.flatnonzero((p < SIGNIFICANT) & (weight > level) & ~settled)
    result = []
    for run in np.split(chosen, np.flatnonzero(np.diff(chosen) > WIDEST_GAP + 1) + 1):
        if not len(run):
            continue
        sites = Sites(
            begins + run[0], np.arange(len(records)), np.zeros(len(records), np.int64),
            int(run[-1] - run[0]) + 1,
        )  # fmt: skip
        places, codes = sites.residues(records)
        counted = good[run[0] : run[-1] + 1][np.arange(sites.width), codes] & ~taken[places]
        sums = np.where(counted, values[places], 0).sum(axis=1)
        held = np.flatnonzero(sums > level * len(run))
        if len(held) >= LEAST_RECORDS:
            place = (last, int(reach - run[-1] - 1 if last else run[0]))
            result.append(Fixed(sites.of(held), float(p[run].min()), place))
    return result


def _tests(
    records: Encoded, values: Floats, taken: Bools, shares: Doubles, begins: Ints, reach: int
) -> tuple[Doubles, Bools, Doubles]:
    """Compare the residues at each position with the same residues at all positions.

    The contributions of a residue are replaced by their ranks, so that single large values do not
    decide (Wilcoxon). The squared standard scores of all residues at a position are added: chi²
    with one degree of freedom for each.

    Returns
    -------
    p : float64 [reach]
        p-value of each position, corrected for all positions.
    good : bool [reach, symbols + 1]
        Residues that contribute more than elsewhere; the last column is that of ambiguous ones.
    weight : float64 [reach]
        Contribution of these residues, as a mean over records.
    """
    symbols = records.symbols
    free = (records.codes < symbols) & ~taken
    ranks = np.zeros(len(values))
    for symbol in range(symbols):
        same = np.flatnonzero(free & (records.codes == symbol))
        ranks[same] = (rankdata(values[same]) - 0.5) / max(len(same), 1) - 0.5
    p, weight = np.ones(reach), np.zeros(reach)
    good = np.zeros((reach, symbols + 1), bool)
    for column in range(reach):
        places = begins + column
        there = (places >= records.offsets[:-1]) & (places < records.offsets[1:])
        there[there] = free[places[there]]
        places = places[there]
        here = records.codes[places].astype(np.int64)
        number = np.bincount(here, minlength=symbols)
        sums = np.bincount(here, ranks[places], minlength=symbols)
        z = np.where(number >= LEAST_RECORDS, sums * np.sqrt(12 / np.maximum(number, 1)), 0)
        p[column] = min(float(chi2.sf((z**2).sum(), max((z != 0).sum(), 1))) * reach, 1.0)
        total = np.bincount(here, values[places], symbols)
        good[column, :symbols] = (z > LEAST_Z) & (total > 0)
        held = good[column, here]
        weight[column] = (values[places] * shares[there])[held].sum()
    return p, good, weight
