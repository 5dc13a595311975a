"""Motifs in the contributions of residues to the outputs of a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.motifs.clustering import groups
from bioseqrnn.motifs.comparison import align, excess, smoothed
from bioseqrnn.motifs.discovery import background
from bioseqrnn.motifs.patterns import Motif, Sites, matrices, trimmed
from bioseqrnn.motifs.positional import fixed_places
from bioseqrnn.motifs.seqlets import Encoded, find_seqlets
from bioseqrnn.support.arrays import Bools, Doubles, Floats, Ints

MOST_SEQLETS = 20_000
# searches, each without what the earlier ones found
ROUNDS = 5
# two motifs of at least this similarity are one
SAME = 0.75
# a motif needs this share of the sites of the most frequent one
LEAST_SHARE = 0.02


@dataclass(frozen=True)
class Looked:
    """What was looked through for one output and sign.

    Attributes
    ----------
    output, sign : int
        As in ``Motif``.
    seqlets : int
        Number of seqlets.
    motifs : int
        Number of motifs.
    """

    output: int
    sign: int
    seqlets: int
    motifs: int


def find_motifs(
    records: Encoded, contributions: Floats, *, seed: int = 0
) -> tuple[list[Motif], list[Looked]]:
    """Find motifs of every output and sign.

    Parameters
    ----------
    records : Encoded
    contributions : float32 [residues, outputs]
        Contribution of each residue to each output of the network, in logits.
    seed : int
        Seed of the shuffled positions and of the random windows.

    Returns
    -------
    motifs : list of Motif
        For each output and sign the most frequent first.
    looked : list of Looked
    """
    chance = background(records.codes, records.symbols)
    motifs: list[Motif] = []
    looked = []
    for output in range(contributions.shape[1]):
        known: list[Sites] = []
        for sign in (1, -1):
            values = np.ascontiguousarray(sign * contributions[:, output])
            found, seqlets = _patterns(records, values, chance, seed)
            known += [one.sites for one in found]
            taken = np.zeros(len(values), bool)
            for one in found:
                taken[_residues(one.sites, records)] = True
            found += [
                _Found(fixed.sites, fixed.p, fixed.place)
                for fixed in fixed_places(
                    records, values, taken, known, _own(records, output, sign)
                )
            ]
            known += [one.sites for one in found if one.place is not None]
            most = max((len(one.sites) for one in found), default=0)
            kept = [one for one in found if len(one.sites) >= LEAST_SHARE * most]
            for one in sorted(kept, key=lambda one: -len(one.sites)):
                counts, mean = matrices(one.sites, records, contributions[:, output])
                motifs.append(
                    Motif(output, sign, one.sites, counts, mean, chance, one.p, one.place)
                )
            looked.append(Looked(output, sign, seqlets, len(kept)))
    return motifs, looked


def _own(records: Encoded, output: int, sign: int) -> Bools:
    """Records of the class of an output, or those of the other classes: bool [records]."""
    if records.own is None:
        return np.ones(len(records), bool)
    own: Bools = records.own[:, output] == (sign == 1)
    return own


@dataclass(frozen=True)
class _Found:
    sites: Sites
    p: float
    place: tuple[bool, int] | None = None


def _patterns(
    records: Encoded, values: Floats, chance: Doubles, seed: int
) -> tuple[list[_Found], int]:
    """Patterns, and the number of seqlets.

    Large contributions of a frequent motif hide a motif of small ones: in records with shuffled
    positions they are large, too, so that few spans exceed these. Therefore the search is repeated
    without the spans in which motifs were found, until it finds no more.
    """
    found: list[_Found] = []
    seqlets, left = 0, values.copy()
    for attempt in range(ROUNDS):
        spans = find_seqlets(left, records.offsets, seed=seed, most=MOST_SEQLETS)
        new = groups(records, left, spans, seed=seed)
        # what no motif has is looked through again
        seqlets += sum(len(one.members) for one in new) if attempt else len(spans)
        if not new:
            break
        found += [_Found(one.sites, one.p) for one in new]
        for one in new:
            left[_residues(one.sites, records)] = 0
            for member in one.members.tolist():
                left[spans.starts[member] : spans.ends[member]] = 0
    return _joined(found, records, values, chance), seqlets


def _residues(sites: Sites, records: Encoded) -> Ints:
    """Place of each residue of the sites, int64."""
    places, codes = sites.residues(records)
    return places[codes < records.symbols]


def _joined(found: list[_Found], records: Encoded, values: Floats, chance: Doubles) -> list[_Found]:
    """Join groups that are the same motif: the smaller one is aligned with the larger one."""
    joined: list[_Found] = []
    for one in sorted(found, key=lambda one: -len(one.sites)):
        own = _information(one.sites, records, values, chance)
        for number, other in enumerate(joined):
            place = align(_information(other.sites, records, values, chance), own, records.both)
            if place.similarity < SAME:
                continue
            moved = one.sites.turned() if place.reverse else one.sites
            moved = moved.cut(-place.offset, other.sites.width - place.offset)
            both = trimmed(other.sites.with_(moved), records, values, chance)
            joined[number] = _Found(both, min(one.p, other.p))
            break
        else:
            joined.append(one)
    return joined


def _information(sites: Sites, records: Encoded, values: Floats, chance: Doubles) -> Doubles:
    counts, _ = matrices(sites, records, values)
    return excess(smoothed(counts, chance), chance)
