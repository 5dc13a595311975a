"""Alignment of seqlets with each other: the share of their contribution on equal residues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.motifs.seqlets import Encoded, Seqlets
from bioseqrnn.support.arrays import Codes, Floats, Ints
from bioseqrnn.support.compiled import compiled, frozen

NONE = 255


@dataclass(frozen=True)
class Cores:
    """Seqlets as rows of equal width.

    Attributes
    ----------
    letters : uint8 [seqlets, longest]
        Residues; 255 for ambiguous ones and after the end.
    weights : float32 [seqlets, longest]
        Positive contributions as shares of their sum in the seqlet.
    lengths : int64 [seqlets]
    """

    letters: Codes
    weights: Floats
    lengths: Ints


def cores_of(records: Encoded, values: Floats, seqlets: Seqlets) -> Cores:
    """Cut the seqlets out of the records."""
    lengths = seqlets.ends - seqlets.starts
    columns = np.arange(int(lengths.max(initial=1)))
    inside = columns < lengths[:, None]
    places = np.where(inside, seqlets.starts[:, None] + columns, 0)
    letters = records.codes[places]
    known = inside & (letters < records.symbols)
    weights = np.where(known, np.maximum(values[places], 0), 0).astype(np.float32)
    sums = weights.sum(axis=1, keepdims=True)
    weights /= np.where(sums > 0, sums, 1)
    return Cores(np.where(known, letters, NONE).astype(np.uint8), weights, lengths)


def similarities(cores: Cores, other: Cores, symbols: int, both: bool) -> tuple[Floats, Ints]:
    """Best alignment of each core with each of the others.

    Returns
    -------
    shares : float32 [cores, others]
        Sum over aligned columns with equal residues of the smaller of both weights: 1 for equal
        seqlets, 0 without a common residue.
    places : int64 [cores, others]
        2 × the column of the core at which the other one begins, plus 1 if the other one is
        reversed and complemented.
    """
    shares = np.zeros((len(cores.lengths), len(other.lengths)), np.float32)
    places = np.zeros(shares.shape, np.int64)
    _align(
        frozen(cores.letters), frozen(cores.weights), frozen(cores.lengths),
        frozen(other.letters), frozen(other.weights), frozen(other.lengths),
        symbols, both, shares, places,
    )  # fmt: skip
    return shares, places


@compiled
def _align(
    letters: Codes, weights: Floats, lengths: Ints,
    others: Codes, other_weights: Floats, other_lengths: Ints,
    symbols: int, both: bool, shares: Floats, places: Ints,
) -> None:  # fmt: skip
    width = others.shape[1]
    turned = np.empty(width, np.uint8)
    turned_weights = np.empty(width, np.float32)
    for j in range(len(other_lengths)):
        size = other_lengths[j]
        for strand in range(2 if both else 1):
            for k in range(size):
                at = k if strand == 0 else size - 1 - k
                code = others[j, at]
                if strand == 1 and code < symbols:
                    code = symbols - 1 - code
                turned[k] = code
                turned_weights[k] = other_weights[j, at]
            for i in range(len(lengths)):
                for shift in range(1 - size, lengths[i]):
                    total = np.float32(0)
                    for a in range(max(shift, 0), min(lengths[i], shift + size)):
                        if letters[i, a] == turned[a - shift]:
                            total += min(weights[i, a], turned_weights[a - shift])
                    if total > shares[i, j]:
                        shares[i, j] = total
                        places[i, j] = 2 * shift + strand
