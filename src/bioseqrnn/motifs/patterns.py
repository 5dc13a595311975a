"""A motif: seqlets that were aligned, and what follows from their alignment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bioseqrnn.motifs.comparison import excess, smoothed
from bioseqrnn.motifs.discovery import log_odds
from bioseqrnn.motifs.seqlets import Encoded
from bioseqrnn.support.arrays import Doubles, Floats, Ints

# Columns at the ends are cut off if they contribute less than this share of the best column
LEAST_SHARE = 0.15
# ... or if they have less information than this in addition to that of random residues, in bits
LEAST_BITS = 0.2


@dataclass(frozen=True)
class Sites:
    """Aligned windows of one width.

    Attributes
    ----------
    starts : int64 [sites]
        First residue of each window in the array of all records. It may be before the first
        residue of the record, and the end after its last one.
    records : int64 [sites]
    reverse : int64 [sites]
        1 if the window is read as reverse complement.
    width : int
    """

    starts: Ints
    records: Ints
    reverse: Ints
    width: int

    def __len__(self) -> int:
        return len(self.starts)

    def of(self, chosen: Ints) -> Sites:
        """Return some of them."""
        return replace(
            self,
            starts=self.starts[chosen],
            records=self.records[chosen],
            reverse=self.reverse[chosen],
        )

    def cut(self, first: int, last: int) -> Sites:
        """Return the columns from ``first`` until before ``last``; both may be outside."""
        shift = np.where(self.reverse == 1, self.width - last, first)
        return replace(self, starts=self.starts + shift, width=last - first)

    def turned(self) -> Sites:
        """The same windows, read as reverse complements."""
        return replace(self, reverse=1 - self.reverse)

    def with_(self, other: Sites) -> Sites:
        """Windows of both, which have the same width."""
        return Sites(
            np.concatenate([self.starts, other.starts]),
            np.concatenate([self.records, other.records]),
            np.concatenate([self.reverse, other.reverse]),
            self.width,
        )

    def residues(self, records: Encoded) -> tuple[Ints, Ints]:
        """Place and residue of each column of each window: int64 [sites, width] each.

        The residue is ``symbols`` outside the record and where it is ambiguous, and the place is 0
        outside.
        """
        columns = np.arange(self.width)
        turned = self.width - 1 - columns
        step = np.where(self.reverse[:, None] == 1, turned, columns)
        places = self.starts[:, None] + step
        inside = (places >= records.offsets[self.records][:, None]) & (
            places < records.offsets[self.records + 1][:, None]
        )
        places = np.where(inside, places, 0)
        codes = np.minimum(records.codes[places].astype(np.int64), records.symbols)
        known = inside & (codes < records.symbols)
        codes = np.where(known & (self.reverse[:, None] == 1), records.symbols - 1 - codes, codes)
        return places, np.where(known, codes, records.symbols)


@dataclass(frozen=True)
class Motif:
    """A motif of one output of the network.

    Attributes
    ----------
    output : int
        Column of the contributions: the class that it speaks for or against.
    sign : int
        1: for the class, -1: against it.
    sites : Sites
        Its seqlets.
    counts : float64 [width, symbols]
        How many sites have each residue.
    contributions : float64 [width, symbols]
        Mean contribution of a site by column and residue, in logits; a column's sum is its share of
        the mean contribution of a site.
    background : float64 [symbols]
        Residue frequencies of all records.
    p : float
        Probability that as many seqlets would match by chance, corrected for the attempts.
    place : (bool, int), optional
        Of a motif at a fixed place: whether it is counted from the end of the record, and the
        number of residues before it (or after it, from the end).
    """

    output: int
    sign: int
    sites: Sites
    counts: Doubles
    contributions: Doubles
    background: Doubles
    p: float
    place: tuple[bool, int] | None = None

    @property
    def kind(self) -> str:
        """``pattern``, anywhere in the records, or ``position``, at a fixed place."""
        return "pattern" if self.place is None else "position"

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.sites.width

    @property
    def frequencies(self) -> Doubles:
        """Residue frequencies with one pseudocount, float64 [width, symbols]; rows sum to 1."""
        return smoothed(self.counts, self.background)

    @property
    def information(self) -> Doubles:
        """Information of each column relative to the background, in bits: float64 [width]."""
        return bits(self.counts, self.background)

    @property
    def log_odds(self) -> Doubles:
        """Log-odds in nats, float64 [width, symbols + 1]; ambiguous residues score 0."""
        return log_odds(self.frequencies, self.background)

    @property
    def contribution(self) -> float:
        """Mean contribution of a site, in logits."""
        return float(self.contributions.sum())


def bits(counts: Doubles, background: Doubles) -> Doubles:
    """Relative entropy of each column in bits, with one pseudocount: float64 [width]."""
    return np.asarray(excess(smoothed(counts, background), background).sum(axis=1))


def chance_bits(symbols: int, sites: int) -> float:
    """Information of a column of random residues (Schneider and Stephens, NAR 1990), in bits."""
    return float((symbols - 1) / (2 * np.log(2) * max(sites, 1)))


def matrices(sites: Sites, records: Encoded, values: Floats) -> tuple[Doubles, Doubles]:
    """Counts and mean contributions of aligned windows: float64 [width, symbols] each."""
    places, codes = sites.residues(records)
    known = codes < records.symbols
    columns = np.broadcast_to(np.arange(sites.width), codes.shape)
    shape = (sites.width, records.symbols)
    cells = (columns * records.symbols + codes)[known]
    size = sites.width * records.symbols
    counts = np.bincount(cells, minlength=size).reshape(shape).astype(np.float64)
    sums = np.bincount(cells, values[places[known]], minlength=size).reshape(shape)
    return counts, sums / max(len(sites), 1)


def trimmed(sites: Sites, records: Encoded, values: Floats, background: Doubles) -> Sites:
    """Cut off columns at the ends that neither contribute nor are conserved.

    ``values`` are positive where a residue speaks for the motif.
    """
    counts, contributions = matrices(sites, records, values)
    weight = contributions.sum(axis=1)
    # a motif near the end of its records has columns in which few windows have a residue
    there = counts.sum(axis=1) >= 0.5 * len(sites)
    good = there & (weight >= LEAST_SHARE * weight.max(initial=0))
    good &= bits(counts, background) >= LEAST_BITS + chance_bits(records.symbols, len(sites))
    kept = np.flatnonzero(good)
    return sites.cut(int(kept[0]), int(kept[-1]) + 1) if len(kept) else sites.cut(0, 0)
