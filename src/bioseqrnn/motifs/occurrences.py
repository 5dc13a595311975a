"""Occurrences of motifs in records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.motifs.discovery import window_odds
from bioseqrnn.motifs.distribution import score_tail
from bioseqrnn.motifs.patterns import Motif
from bioseqrnn.motifs.seqlets import Encoded
from bioseqrnn.support.arrays import Codes, Doubles, Ints
from bioseqrnn.support.compiled import compiled, frozen

# An occurrence scores at least as high as all but this share of the seqlets of the motif
LEFT_OUT = 0.1


@dataclass(frozen=True)
class Occurrences:
    """Windows of records that match a motif.

    Attributes
    ----------
    records : int64 [n]
    starts : int64 [n]
        First residue, counted from the beginning of the record.
    reverse : int64 [n]
        1 on the reverse strand.
    scores : float64 [n]
        Log-odds in nats.
    p : float64 [n]
        Probability that a window of random residues scores as high.
    """

    records: Ints
    starts: Ints
    reverse: Ints
    scores: Doubles
    p: Doubles

    def __len__(self) -> int:
        return len(self.records)

    def of(self, chosen: Ints) -> Occurrences:
        """Return some of them."""
        return Occurrences(
            self.records[chosen], self.starts[chosen], self.reverse[chosen], self.scores[chosen],
            self.p[chosen],
        )  # fmt: skip


class Scanner:
    """Finds the occurrences of a motif.

    Parameters
    ----------
    motif : Motif
    records : Encoded
        The records that the motif was found in.
    """

    def __init__(self, motif: Motif, records: Encoded) -> None:
        self.motif = motif
        self.matrix = motif.log_odds
        _, codes = motif.sites.residues(records)
        scores = self.matrix[np.arange(motif.width), codes].sum(axis=1)
        self.least = float(np.quantile(scores, LEFT_OUT, method="lower"))
        self.tail = score_tail(self.matrix[:, :-1], motif.background)

    def scan(self, records: Encoded) -> Occurrences:
        """Find all windows that score high enough, in some records.

        If windows overlap by more than half, only the best one is returned.
        """
        matrix, width = self.matrix, self.motif.width
        codes = np.minimum(records.codes, records.symbols)
        arguments = (
            frozen(codes), frozen(records.offsets), frozen(matrix), records.both,
            self.least - 1e-9,
        )  # fmt: skip
        count = _scan(*arguments, np.zeros((0, 3), np.int64), np.zeros(0))
        found, scores = np.zeros((count, 3), np.int64), np.zeros(count)
        _scan(*arguments, found, scores)
        if self.motif.place is not None:
            from_end, distance = self.motif.place
            ends = records.lengths[found[:, 0]] - found[:, 1] - width
            kept = (ends if from_end else found[:, 1]) == distance
            found, scores = found[kept], scores[kept]
        return Occurrences(found[:, 0], found[:, 1], found[:, 2], scores, self.tail.p(scores))


@compiled
def _scan(
    codes: Codes, offsets: Ints, matrix: Doubles, both: bool, least: float,
    found: Ints, scores: Doubles,
) -> int:  # fmt: skip
    """Count the occurrences, and write as many as there is room for."""
    width = matrix.shape[0]
    count = 0
    for record in range(len(offsets) - 1):
        begin = offsets[record]
        open_start, open_strand, open_score = -1, 0, 0.0
        for start in range(offsets[record + 1] - begin - width + 1):
            if open_start >= 0 and 2 * (start - open_start) >= width:
                if count < len(scores):
                    found[count, 0], found[count, 1] = record, open_start
                    found[count, 2], scores[count] = open_strand, open_score
                count += 1
                open_start = -1
            for strand in range(2 if both else 1):
                value = window_odds(codes, begin + start, matrix, strand == 1)
                if value >= least and (open_start < 0 or value > open_score):
                    open_start, open_strand, open_score = start, strand, value
        if open_start >= 0:
            if count < len(scores):
                found[count, 0], found[count, 1] = record, open_start
                found[count, 2], scores[count] = open_strand, open_score
            count += 1
    return count
