"""Comparison of two matrices: how similar they are at their best alignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.support.arrays import Doubles


@dataclass(frozen=True)
class Alignment:
    """Best alignment of a matrix with another one.

    Attributes
    ----------
    similarity : float
        Correlation of the information of residues, -1 to 1; columns that only one of the matrices
        has count as background in the other.
    offset : int
        Column of the first matrix at which the second one begins.
    reverse : bool
        Whether the second one is reversed and complemented.
    """

    similarity: float
    offset: int
    reverse: bool


def smoothed(counts: Doubles, background: Doubles) -> Doubles:
    """Return counts as frequencies with one pseudocount, float64 [width, symbols].

    Rows sum to 1.
    """
    added = counts + background
    return np.asarray(added / added.sum(axis=1, keepdims=True))


def excess(frequencies: Doubles, background: Doubles) -> Doubles:
    """Information of each residue in each column, in bits: float64 [width, symbols].

    It is negative for residues that are rarer than in the background.
    """
    return frequencies * np.log2(frequencies / background)


def align(first: Doubles, second: Doubles, both: bool) -> Alignment:
    """Align two matrices of information, each float64 [width, symbols]."""
    norm = float(np.sqrt((first**2).sum() * (second**2).sum()))
    best = Alignment(-1.0, 0, False)
    if norm == 0:
        return best
    for reverse in (False, True) if both else (False,):
        other = second[::-1, ::-1] if reverse else second
        products = first @ other.T
        for offset in range(1 - len(other), len(first)):
            similarity = float(np.trace(products, offset=-offset)) / norm
            if similarity > best.similarity:
                best = Alignment(similarity, offset, reverse)
    return best
