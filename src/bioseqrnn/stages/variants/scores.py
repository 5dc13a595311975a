"""Scores of the windows of variants, and of all single changes of a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from bioseqrnn.attribution.any_model import AnyModel
from bioseqrnn.attribution.mutagenesis import single_changes
from bioseqrnn.fasta.genome import reverse_complement
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.onehot.packing import pack_lines, unpack
from bioseqrnn.support.arrays import Doubles, Floats

STRANDS = {"+": (False,), "-": (True,), "both": (False, True)}
# differences that are equal but for rounding count as equal in ranks
ROUNDING = 1e-6


@dataclass(frozen=True)
class Model:
    """A model, and the strands that it reads a window on.

    Attributes
    ----------
    model : AnyModel
    strand : {"+", "-", "both"}
        With ``both``, the higher logit of the two strands counts, for each class.
    """

    model: AnyModel
    strand: str

    @property
    def names(self) -> list[str]:
        """Classes that are scored: with two classes, the positive one; ``value`` in regression."""
        return self.model.explained

    def logits(self, windows: list[str]) -> Doubles:
        """Return the calibrated logits of windows of one length: float64 [windows, names].

        They are those of the probabilities that ``predict`` gives. In regression, the values.
        """
        return self._highest(
            [
                self.model.predicted(
                    (_onehot([reverse_complement(w) if reverse else w for w in windows]) > 0)
                    .astype(np.uint8)
                )
                for reverse in STRANDS[self.strand]
            ]
        )  # fmt: skip

    def changes(self, window: str) -> Doubles:
        """Return the logits of all single changes of a window: float64 [changes, names]."""
        # on the reverse strand, positions and symbols (A C G T), and so the changes, are in the
        # opposite order
        return self._highest(
            [
                self._changed(reverse_complement(window))[::-1]
                if reverse
                else self._changed(window)
                for reverse in STRANDS[self.strand]
            ]
        )

    def _changed(self, window: str) -> Doubles:
        x = _onehot([window])[0]
        return self.model.changed(x, *single_changes(x))

    def _highest(self, found: list[Doubles]) -> Doubles:
        # of two classes, the last one is the positive one
        highest: Doubles = np.max(found, axis=0)[:, -len(self.names) :]
        return highest


def probabilities(logits: Doubles) -> Doubles:
    """Return the probabilities of logits."""
    found: Doubles = expit(logits)
    return found


def shares(differences: Doubles, changes: Doubles) -> Doubles:
    """Share of the single changes that change the logit at least as much, in either direction.

    Parameters
    ----------
    differences : float64 [alleles, names]
    changes : float64 [changes, names]
        Differences of the logit by all single changes of the window.

    Returns
    -------
    float64 [alleles, names]
    """
    sizes = np.sort(np.abs(changes), axis=0)
    least = np.abs(differences) - ROUNDING
    below = [np.searchsorted(sizes[:, i], least[:, i], side="left") for i in range(sizes.shape[1])]
    found: Doubles = 1 - np.stack(below, axis=1) / len(sizes)
    return found


def _onehot(windows: list[str]) -> Floats:
    """One-hot rows of windows of one length: float32 [windows, bases, 4]."""
    found = pack_lines(("\n".join(windows) + "\n").encode(), len(windows), DNA)
    # letters were checked with the genome and the alleles
    assert found is not None
    return unpack(found[0], np.arange(len(windows)), DNA)[0]
