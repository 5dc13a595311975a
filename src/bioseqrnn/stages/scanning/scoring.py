"""The scores of the windows of one unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bioseqrnn.combination.overlapping import score_windows
from bioseqrnn.inference.records import Scorer
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.shuffle import record_seed, shuffle_bytes
from bioseqrnn.stages.scanning.genome import Stretch
from bioseqrnn.stages.scanning.store import Singles
from bioseqrnn.support.arrays import Bools, Bytes, Ints

# dinucleotides are kept
WORDS = 2


@dataclass(frozen=True)
class Reading:
    """How windows are read.

    Attributes
    ----------
    model : Scorer
    card : mapping
    alphabet : Alphabet
    strands : str
        ``+``, ``-`` or both; ``.`` for a model that has one score for both strands, or a protein.
    most_unknown : float
        Largest share of ambiguous residues in a window; windows with more have no score.
    """

    model: Scorer
    card: Mapping[str, Any]
    alphabet: Alphabet
    strands: str
    most_unknown: float

    def scores(self, stretch: Stretch, starts: Ints, window: int) -> Singles:
        """Calibrated scores: float32 [windows, strands, outputs]; nan where a window is skipped.

        Parameters
        ----------
        stretch : Stretch
        starts : int64 [windows]
            First residue of each window in it, ascending.
        window : int
            Residues of each window.
        """
        outputs = self.model.task.outputs(list(self.card["classes"]))
        found = np.full((len(starts), len(self.strands), outputs), np.nan, np.float32)
        kept = self.readable(stretch.text, starts, window)
        if not kept.any():
            return found
        for place, strand in enumerate(self.strands):
            if strand == "-":
                turned = len(stretch.text) - window - starts[kept][::-1]
                found[kept, place] = self._scores(stretch.complement.text, turned, window)[::-1]
            else:
                found[kept, place] = self._scores(stretch.text, starts[kept], window)
        return found

    def readable(self, text: Bytes, starts: Ints, window: int) -> Bools:
        """Which windows have few enough ambiguous residues: bool [windows]."""
        known = np.zeros(256, bool)
        # U of RNA is T
        letters = self.alphabet.symbols + "U" * (self.alphabet.width == 4)
        known[np.frombuffer(letters.encode(), np.uint8)] = True
        unknown = np.concatenate([[0], np.cumsum(~known[text])])
        counts = unknown[starts + window] - unknown[starts]
        fits: Bools = counts <= self.most_unknown * window
        return fits

    def _scores(self, text: Bytes, starts: Ints, window: int) -> Singles:
        scores = score_windows(self.model, text, starts, window, self.alphabet)
        temperature = self.card.get("temperature") or 1.0
        return calibrated(self.model.task, scores, temperature).astype(np.float32)


def shuffled(stretch: Stretch, alphabet: Alphabet, seed: int, name: str) -> Stretch:
    """Shuffle a stretch so that its dinucleotides are kept; ambiguous residues stay in place.

    Parameters
    ----------
    stretch : Stretch
    alphabet : Alphabet
    seed : int
    name : str
        Of the stretch; each has a shuffle of its own.
    """
    text = stretch.text.copy()
    known = np.isin(text, np.frombuffer(alphabet.symbols.encode(), np.uint8))
    edges = np.flatnonzero(np.diff(known.astype(np.int8), prepend=0, append=0))
    for begin, end in edges.reshape(-1, 2).tolist():
        own = np.uint64(record_seed(seed, f"{name}:{begin}", 0))
        text[begin:end] = shuffle_bytes(text[begin:end], WORDS, own)
    return Stretch(text)
