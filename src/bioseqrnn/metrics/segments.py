"""Agreement of called segments (runs of one class along a sequence) with the true ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bioseqrnn.support.arrays import Bools, Doubles, Ints

# names of the rows of ``Segments.values``
OVERLAP, LENGTH, FOUND, COUNT = range(4)


@dataclass(frozen=True)
class Segments:
    """Terms of both segment measures, each of one segment or one pair of segments.

    Attributes
    ----------
    values : float64 [terms]
    rows : int64 [terms]
        The sum that a term is added to: SOV's numerator, SOV's normaliser, segments found (counted
        twice: once as true, once as called), or all segments (true and called).
    places : int64 [terms]
        Index of a residue of the segment.
    """

    values: Doubles
    rows: Ints
    places: Ints


def segment_terms(truth: npt.NDArray[np.integer], called: Ints, first: Bools) -> Segments:
    """Compare true and called segments of all sequences at once.

    SOV: Zemla et al., Proteins 34:220 (1999), summed over all classes. Found: a true and a called
    segment of one class overlap by more than half of their union, so each has at most one match.

    Parameters
    ----------
    truth, called : int [residues]
        Classes.
    first : bool [residues]
        Whether a residue is the first one of a sequence.
    """
    starts = [first | np.append(True, codes[1:] != codes[:-1]) for codes in (truth, called)]
    numbers = [np.cumsum(start) - 1 for start in starts]
    lengths = [np.bincount(number) for number in numbers]
    # two segments overlap in one piece, so the pieces are the pairs
    piece = np.flatnonzero(starts[0] | starts[1])
    shared = np.diff(np.append(piece, len(truth)))
    alike = truth[piece] == called[piece]
    piece, shared = piece[alike], shared[alike]
    true, call = (length[number[piece]] for length, number in zip(lengths, numbers, strict=True))
    union = true + call - shared
    slack = np.minimum.reduce([union - shared, shared, true // 2, call // 2])
    alone = np.ones(len(lengths[0]), bool)
    alone[numbers[0][piece]] = False
    begins = [np.flatnonzero(start) for start in starts]
    matched = piece[2 * shared > union]
    terms = [
        (OVERLAP, (shared + slack) / union * true, piece),
        (LENGTH, true, piece),
        (LENGTH, lengths[0][alone], begins[0][alone]),
        (FOUND, np.full(len(matched), 2.0), matched),
        *((COUNT, np.ones(len(begin)), begin) for begin in begins),
    ]
    return Segments(
        np.concatenate([values for _, values, _ in terms]).astype(np.float64),
        np.repeat([row for row, _, _ in terms], [len(values) for _, values, _ in terms]),
        np.concatenate([places for _, _, places in terms]),
    )
