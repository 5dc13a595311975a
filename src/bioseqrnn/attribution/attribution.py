"""Attributions of one record, and the model that they explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from bioseqrnn.attribution.logits import logits_of
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.support.arrays import Bools, Doubles, Floats, Ints

# a residue is known if its one-hot row has a 1
KNOWN = 0.999


@dataclass(frozen=True)
class Explained:
    """A network whose output is explained.

    Attributes
    ----------
    network : SequenceClassifier
        On ``device``; of a task with one output per record. It is put into evaluation mode, and
        its weights get no gradients.
    temperature : float
        Calibration; 1 for none.
    background : float64 [symbols]
        Fraction of each residue in the dataset: a masked position has this row.
    device : torch.device
    """

    network: SequenceClassifier
    temperature: float
    background: Doubles
    device: torch.device

    def __post_init__(self) -> None:
        self.network.eval().requires_grad_(False)

    def logits(self, x: Floats) -> Doubles:
        """Return the calibrated logits of sequences of one length: float64 [n, classes].

        Parameters
        ----------
        x : float32 [n, length, symbols]
        """
        return self.padded_logits(x, np.full(len(x), x.shape[1]))

    def padded_logits(self, x: Floats, lengths: Ints) -> Doubles:
        """Return the calibrated logits of sequences of several lengths: float64 [n, classes].

        Parameters
        ----------
        x : float32 [n, longest, symbols]
            Rows after the end of a sequence are 0.
        lengths : int64 [n]
        """
        batch = torch.from_numpy(np.ascontiguousarray(x)).to(self.device)
        sizes = torch.from_numpy(np.ascontiguousarray(lengths))
        with torch.no_grad():
            found: Doubles = logits_of(self.network, batch, sizes, self.temperature).cpu().numpy()
        return found


@dataclass(frozen=True)
class Attribution:
    """Attributions of one record.

    Attributes
    ----------
    logits : float64 [classes]
        Calibrated logits of the record.
    background_logits : float64 [classes]
        Those of a sequence of the same length that is all background.
    contribution : float32 [classes, residues]
        Contribution of the observed residue; each method defines it.
    effects : float32 [classes, residues, symbols]
        Contribution that each possible residue would have at this position.
    """

    logits: Doubles
    background_logits: Doubles
    contribution: Floats
    effects: Floats

    @property
    def error(self) -> Doubles:
        """Sum of the contributions minus what they should add up to: float64 [classes].

        That is the difference between the logits of the record and of the background.
        """
        total = self.contribution.astype(np.float64).sum(axis=1)
        error: Doubles = total - (self.logits - self.background_logits)
        return error


def masked(x: Floats, background: Doubles) -> Floats:
    """Return the row of each position when its residue is masked: float32 [residues, symbols].

    The row is the composition of the dataset. At an ambiguous residue it is the uniform
    distribution, so that N and X contribute nothing to an integral.
    """
    rows = np.repeat(background.astype(np.float32)[None], len(x), axis=0)
    rows[~known(x)] = np.float32(1 / x.shape[1])
    return rows


def known(x: Floats) -> Bools:
    """Whether each residue of a one-hot record is known and not ambiguous: bool [residues]."""
    found: Bools = x.max(axis=1) > KNOWN
    return found
