"""Logits of changed records, in batches of bounded memory.

On a CPU, a changed record is not read from its beginning. A change at position p reaches the stem
only within the stem's width, and the recurrence only from there on: forwards all later steps, in
reverse all earlier ones. The other states, and the products of the unchanged input with the
weights, are those of the record (``networks.engine.resume``). For the output of one residue, each
direction is read only from the change to that residue (``at_position``).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.attribution.at_position import PositionReader, can_resume
from bioseqrnn.attribution.attribution import Explained
from bioseqrnn.attribution.logits import calibrated_logits
from bioseqrnn.attribution.reuse import Reader
from bioseqrnn.inference.batches import PREDICTION_POSITIONS, PREDICTION_RECORDS
from bioseqrnn.networks.recurrent import kernels_take
from bioseqrnn.support.arrays import Doubles, Floats, Ints

# steps of a batch of changed records whose states are reused: their outputs stay in the cache
CHANGED_STEPS = 2**14
LEAST_CHANGES = 64


def changed_logits(explained: Explained, x: Floats, positions: Ints, residues: Ints) -> Doubles:
    """Return the calibrated logits of a record after each of many single changes.

    Parameters
    ----------
    explained : Explained
    x : float32 [length, symbols]
    positions, residues : int64 [changes]
        Position of each change, ascending, and the residue that is put there.

    Returns
    -------
    float64 [changes, classes]
        The same numbers whatever other records are attributed: a record is computed by itself.
    """
    whole = torch.from_numpy(x)
    if explained.device.type != "cpu" or not kernels_take(whole):
        return plainly_changed(explained, x, positions, residues)
    members, focus = list(explained.network.members), explained.focus
    readers: list[Reader | PositionReader]
    if focus is None:
        readers = [Reader(member, whole) for member in members]
    elif all(can_resume(member) for member in members):
        readers = [PositionReader(member, whole, focus.target) for member in members]
    else:
        return plainly_changed(explained, x, positions, residues)
    size = max(LEAST_CHANGES, CHANGED_STEPS // len(x))
    parts: list[Tensor] = []
    with torch.no_grad():
        for start in range(0, len(positions), size):
            change = positions[start : start + size], residues[start : start + size]
            outputs = [reader.outputs(*change) for reader in readers]
            parts.append(calibrated_logits(explained.network, outputs, explained.temperature))
    found: Doubles = torch.cat(parts).numpy()
    return found


def plainly_changed(explained: Explained, x: Floats, positions: Ints, residues: Ints) -> Doubles:
    """Compute the same by a prediction of every changed record as a whole."""
    size = max(1, min(PREDICTION_RECORDS, PREDICTION_POSITIONS // len(x)))
    parts = []
    for start in range(0, len(positions), size):
        places, new = positions[start : start + size], residues[start : start + size]
        batch = np.repeat(x[None], len(places), axis=0)
        row = np.arange(len(places))
        batch[row, places] = 0
        batch[row, places, new] = 1
        parts.append(explained.logits(batch))
    return np.concatenate(parts)
