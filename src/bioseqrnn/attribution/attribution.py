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
class Focus:
    """The residue whose output is explained, and the residues that explain it.

    Attributes
    ----------
    target : int
        Counted from 0, in the sequence that the network reads.
    start, end : int
        First attributed residue, and the one after the last. The others stay as they are.
    """

    target: int
    start: int
    end: int


@dataclass(frozen=True)
class Explained:
    """A network whose output is explained.

    Attributes
    ----------
    network : SequenceClassifier
        On ``device``. It is put into evaluation mode, and its weights get no gradients.
    temperature : float
        Calibration; 1 for none.
    background : float64 [symbols]
        Fraction of each residue in the dataset: a masked position has this row.
    device : torch.device
    focus : Focus, optional
        What is explained if the network has an output for each residue; None: the output of a
        whole record, by all its residues.
    """

    network: SequenceClassifier
    temperature: float
    background: Doubles
    device: torch.device
    focus: Focus | None = None

    def __post_init__(self) -> None:
        self.network.eval().requires_grad_(False)

    def span(self, length: int) -> tuple[int, int]:
        """First attributed residue of a sequence of this length, and the one after the last."""
        return (0, length) if self.focus is None else (self.focus.start, self.focus.end)

    def base(self, x: Floats) -> Floats:
        """Return a record whose attributed residues are masked: float32 [residues, symbols]."""
        start, end = self.span(len(x))
        rows = x.copy()
        rows[start:end] = masked(x[start:end], self.background)
        return rows

    def logits(self, x: Floats) -> Doubles:
        """Return the calibrated logits of sequences of one length: float64 [n, classes].

        Parameters
        ----------
        x : float32 [n, length, symbols]
        """
        return self.padded_logits(x, np.full(len(x), x.shape[1]))

    def padded_logits(self, x: Floats, lengths: Ints, targets: Ints | None = None) -> Doubles:
        """Return the calibrated logits of sequences of several lengths: float64 [n, classes].

        Parameters
        ----------
        x : float32 [n, longest, symbols]
            Rows after the end of a sequence are 0.
        lengths : int64 [n]
        targets : int64 [n], optional
            The explained residue of each sequence; default: that of ``focus``.
        """
        if targets is None and self.focus is not None:
            targets = np.full(len(x), self.focus.target)
        where = None if targets is None else torch.from_numpy(targets).to(self.device)
        batch = torch.from_numpy(np.ascontiguousarray(x)).to(self.device)
        sizes = torch.from_numpy(np.ascontiguousarray(lengths))
        with torch.no_grad():
            found = logits_of(self.network, batch, sizes, self.temperature, where)
        logits: Doubles = found.cpu().numpy()
        return logits


@dataclass(frozen=True)
class Attribution:
    """Attributions of one record, or of one of its residues; then ``residues`` are those around it.

    Attributes
    ----------
    logits : float64 [classes]
        Calibrated logits.
    background_logits : float64 [classes]
        Those after all attributed residues were replaced by the background.
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
