"""Motifs of a dataset: one list over all classes, named, with matches and stability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bioseqrnn.motifs.find import SAME
from bioseqrnn.motifs.logo import heights
from bioseqrnn.motifs.patterns import LEAST_BITS, Motif, chance_bits
from bioseqrnn.motifs.stability import Stability, similarity
from bioseqrnn.motifs.tomtom import Match
from bioseqrnn.stages.explanation.gathered import Gathered
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.declared.explanation import BOUNDARY

SIGNS = {1: "for", -1: "against"}
PARTS = 20
MATCHES, LEAST_Q = 5, 0.05


@dataclass(frozen=True)
class Named:
    """A motif with its name, and what is known of it.

    Attributes
    ----------
    name : str
    motif : Motif
    also : list of str
        Other classes and signs for which the same motif was found.
    """

    name: str
    motif: Motif
    also: list[str] = field(default_factory=list)

    def row(self, gathered: Gathered, symbols: str, stable: Stability) -> dict[str, Any]:
        """The motif as a row of ``motifs.tsv``, without matches and occurrences."""
        motif, sites, records = self.motif, self.motif.sites, gathered.records
        flank = gathered.units.flank
        lengths = records.lengths[sites.records]
        starts = sites.starts - records.offsets[sites.records]
        ends = lengths - starts - motif.width
        anchor, place, share = _anchor(starts, ends)
        if flank is not None:
            # all windows are equally long, and a boundary is in the middle of each
            # so both ends give the same share, of which that of the start is returned
            anchor, place = BOUNDARY, place - flank
        middle = np.clip((starts + motif.width / 2) / lengths, 0, 1 - 1e-9)
        return {
            "motif": self.name,
            "class": gathered.classes[motif.output],
            "sign": SIGNS[motif.sign],
            "kind": motif.kind,
            "consensus": consensus(motif, symbols),
            "width": motif.width,
            "information": float(motif.information.sum()),
            "sites": len(sites),
            "records": len(np.unique(sites.records)),
            "contribution": motif.contribution,
            "p": motif.p,
            "reverse": float(sites.reverse.mean()) if records.both else np.nan,
            "anchor": anchor,
            "position": place,
            "position_share": share,
            "positions": ",".join(
                map(str, np.bincount((middle * PARTS).astype(np.int64), minlength=PARTS))
            ),
            "trainings": stable.trainings,
            "found": stable.found,
            "found_low": stable.low,
            "found_high": stable.high,
            "also": "; ".join(self.also),
        }

    def cells(self, symbols: str) -> list[tuple[Any, ...]]:
        """The rows of ``motif_matrices.tsv``."""
        motif = self.motif
        tall = heights(motif.frequencies, motif.background)
        return [
            (
                self.name, column + 1, residue, int(motif.counts[column, i]),
                float(motif.frequencies[column, i]), float(tall[column, i]),
                float(motif.contributions[column, i]),
            )
            for column in range(motif.width)
            for i, residue in enumerate(symbols)
        ]  # fmt: skip


def consensus(motif: Motif, symbols: str) -> str:
    """Most frequent residues: capital if at least half have it, ``.`` in columns without signal."""
    best = motif.frequencies.argmax(axis=1)
    least = LEAST_BITS + chance_bits(len(symbols), len(motif.sites))
    letters = []
    for column, bits in zip(range(motif.width), motif.information, strict=True):
        letter = symbols[best[column]]
        much = motif.frequencies[column, best[column]] >= 0.5
        letters.append(letter if much else letter.lower() if bits >= least else ".")
    return "".join(letters)


def named(motifs: Sequence[Motif], both: bool, classes: Sequence[str]) -> list[Named]:
    """Order motifs by their summed contribution, and list equal ones of other classes once.

    What speaks for one class speaks against the others, so the same motif is found several times if
    there are more than two classes.
    """
    order = sorted(motifs, key=lambda m: -abs(m.contribution) * len(m.sites))
    kept: list[Named] = []
    # a motif for a class is shown rather than the same motif against another one
    for motif in [m for m in order if m.sign == 1] + [m for m in order if m.sign == -1]:
        same = [
            one
            for one in kept
            if one.motif.output != motif.output
            and one.motif.kind == motif.kind
            and (one.motif.place == motif.place or motif.place is None)
            and similarity(one.motif, motif, both) >= SAME
        ]
        if same:
            same[0].also.append(f"{SIGNS[motif.sign]} {classes[motif.output]}")
        else:
            kept.append(Named("", motif))
    kept.sort(key=lambda one: -abs(one.motif.contribution) * len(one.motif.sites))
    return [Named(f"M{i}", one.motif, one.also) for i, one in enumerate(kept, 1)]


def matched(matches: Sequence[Match]) -> dict[str, Any]:
    """The best match and the significant ones, as cells of ``motifs.tsv``."""
    best = matches[0]
    # databases have several matrices of one factor: the best of them
    good = list({m.entry.name: m for m in reversed(matches) if m.q < LEAST_Q}.values())
    good = sorted(good, key=lambda m: m.p)[:MATCHES]
    return {
        "match": f"{best.entry.identifier} {best.entry.name}",
        "match_p": best.p,
        "match_q": best.q,
        "matches": "; ".join(f"{m.entry.name} (q = {m.q:.1g})" for m in good),
    }


def _anchor(starts: Ints, ends: Ints) -> tuple[str, int, float]:
    """The end of the records from which the place varies least, the place, and its share."""
    result = []
    for anchor, distances in (("start", starts), ("end", ends)):
        places, counts = np.unique(distances, return_counts=True)
        best = int(counts.argmax())
        result.append((anchor, int(places[best]), float(counts[best] / len(distances))))
    return result[1] if result[1][2] > result[0][2] else result[0]
