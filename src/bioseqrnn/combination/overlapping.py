"""Scores of windows of one sequence by any model for records."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from bioseqrnn.combination.model import CombinedScorer
from bioseqrnn.inference.overlapping import overlapping_scores, shares_stem
from bioseqrnn.inference.records import NetworkScorer, Scorer
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed, pack_lines, unpack
from bioseqrnn.support.arrays import Bytes, Doubles, Ints

NEW_LINE = 10


def score_windows(
    model: Scorer, text: Bytes, starts: Ints, window: int, alphabet: Alphabet
) -> Doubles:
    """Return the scores of windows of a sequence as records have them, before calibration.

    Networks with a stem compute it once for all windows (``inference.overlapping``); other models
    read each window as a record.

    Parameters
    ----------
    model : Scorer
        Not of a task per position.
    text : uint8 [residues]
        Letters of the alphabet.
    starts : int64 [windows]
        First residue of each, ascending.
    window : int
        Residues of a window.
    alphabet : Alphabet

    Returns
    -------
    float64 [windows, outputs]
    """
    # windows between two others may be left out, and the last one of a record is moved
    stride = int(np.diff(starts).min(initial=window))
    made: list[Packed] = []

    def packed() -> Packed:
        # once for all members
        if not made:
            made.append(_packed(text, starts, window, alphabet))
        return made[0]

    return _scores(model, text, starts, (window, stride), packed)


def _scores(
    model: Scorer, text: Bytes, starts: Ints, size: tuple[int, int], packed: Callable[[], Packed]
) -> Doubles:
    if isinstance(model, CombinedScorer):
        own = {
            name: _scores(member, text, starts, size, packed) for name, member in model.used.items()
        }
        return model.combined(own).scores
    if isinstance(model, NetworkScorer) and len(starts) > 1 and shares_stem(model.network, *size):
        whole = _lines(text.tobytes() + b"\n", 1, model.alphabet)
        onehot, _ = unpack(whole, np.zeros(1, np.int64), model.alphabet)
        x = torch.from_numpy(onehot[0]).to(model.device)
        return overlapping_scores(model.network, x, starts, size[0])
    return model.scores(packed()).scores


def _packed(text: Bytes, starts: Ints, window: int, alphabet: Alphabet) -> Packed:
    """The windows as records."""
    lines = np.full((len(starts), window + 1), NEW_LINE, np.uint8)
    lines[:, :window] = np.lib.stride_tricks.sliding_window_view(text, window)[starts]
    return _lines(lines.tobytes(), len(starts), alphabet)


def _lines(text: bytes, count: int, alphabet: Alphabet) -> Packed:
    found = pack_lines(text, count, alphabet)
    assert found is not None, "the letters were checked before"
    return found[0]
