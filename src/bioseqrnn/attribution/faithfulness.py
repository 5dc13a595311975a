"""Faithfulness: the logit falls faster if the residues with high contributions are masked.

A deletion curve (Samek et al., IEEE TNNLS 28:2660, 2017): the k positions with the highest
contributions are replaced by the background, and beside it k positions drawn at random.
"""

from __future__ import annotations

import numpy as np

from bioseqrnn.attribution.attribution import Explained
from bioseqrnn.support.arrays import Doubles, Floats

# numbers of masked positions
KS = (0, 1, 2, 3, 5, 10, 20, 30, 50, 100)


def masking_curve(
    explained: Explained, x: Floats, contribution: Floats, rng: np.random.Generator
) -> Doubles:
    """Return the calibrated logits of one record after masking k positions.

    Parameters
    ----------
    explained : Explained
    x : float32 [residues, symbols]
    contribution : float32 [residues]
        Contributions of the attributed residues to one class. If two are equal, the first one is
        masked first.
    rng : Generator
        Draws the random positions; those for a smaller k are among those for a larger one.

    Returns
    -------
    float64 [len(KS), 2, classes]
        For each k: after masking the top positions, and the random ones. NaN if fewer than k
        residues are attributed.
    """
    base, (start, _) = explained.base(x), explained.span(len(x))
    size = len(contribution)
    orders = np.argsort(-contribution, kind="stable") + start, rng.permutation(size) + start
    counts = [k for k in KS if k <= size]
    batch = np.repeat(x[None], 2 * len(counts), axis=0)
    for place, k in enumerate(counts):
        for which, order in enumerate(orders):
            batch[2 * place + which, order[:k]] = base[order[:k]]
    logits = explained.logits(batch)
    found = np.full((len(KS), 2, logits.shape[1]), np.nan)
    found[: len(counts)] = logits.reshape(len(counts), 2, -1)
    return found
