"""In-silico mutagenesis: every residue of a record is replaced by every other one.

With z(i, s) the calibrated logit of the record whose residue i is replaced by s, the effect of
residue s at position i is z(i, s) minus the mean of z(i, ·) over all residues s. The contribution
of position i is z of the record minus the same mean: the effect of the observed residue.
"""

from __future__ import annotations

import numpy as np

from bioseqrnn.attribution.attribution import Attribution, Explained, known
from bioseqrnn.attribution.changes import changed_logits
from bioseqrnn.support.arrays import Floats, Ints


def mutagenesis(explained: Explained, x: Floats) -> Attribution:
    """Attribute the logits of one record to its residues.

    Parameters
    ----------
    explained : Explained
    x : float32 [residues, symbols]
        One-hot rows; those of ambiguous residues sum to 1.
    """
    start, end = explained.span(len(x))
    part = x[start:end]
    observed = known(part)
    positions, residues = single_changes(part)
    logits, background = explained.logits(np.stack([x, explained.base(x)]))
    table = np.empty((*part.shape, len(logits)))
    table[observed, part[observed].argmax(axis=1)] = logits
    table[positions, residues] = changed_logits(explained, x, positions + start, residues)
    means = table.mean(axis=1)
    effects = (table - means[:, None]).astype(np.float32)
    contribution = (logits - means).astype(np.float32)
    return Attribution(
        logits,
        background,
        np.ascontiguousarray(contribution.T),
        np.ascontiguousarray(effects.transpose(2, 0, 1)),
    )


def single_changes(x: Floats) -> tuple[Ints, Ints]:
    """Return all single changes of a record, ordered by position.

    Returns
    -------
    positions, residues : int64 [changes]
        Every residue at every position, without the residue that is there.
    """
    differs = np.ones(x.shape, bool)
    observed = known(x)
    differs[observed, x[observed].argmax(axis=1)] = False
    positions, residues = np.nonzero(differs)
    return positions, residues
