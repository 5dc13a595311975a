"""One network and the output of one residue: each direction is read from the change to the residue.

The output of a residue depends on the state of the forward direction after the steps up to it, and
on that of the reverse direction after the steps from the end down to it. A change before the
residue is outside the second part, but for the width of the stem, and the reverse.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.attribution.reuse import Changed
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.engine.resume import Resumable
from bioseqrnn.networks.strands import reverse_complement
from bioseqrnn.support.arrays import Ints


def can_resume(network: SequenceClassifier) -> bool:
    """Whether ``PositionReader`` reads such a network.

    With several layers a change reaches every output of the first one; with positions the input
    depends on the number of the residue.
    """
    return network.recurrent.num_layers == 1 and network.position is None


class PositionReader:
    """Computes the outputs of one residue for single changes of a record.

    Parameters
    ----------
    network : SequenceClassifier
        One network (a member of an ensemble) with an output for each residue (``can_resume``).
    x : float Tensor [length, symbols]
    target : int
        The residue.
    """

    def __init__(self, network: SequenceClassifier, x: Tensor, target: int) -> None:
        self._network, self._length, self._symbols = network, *x.shape
        self._given = Strand(network, x, target)
        self._other = None
        if network.both_strands:
            turned = reverse_complement(x[None], torch.tensor([len(x)]))[0]
            self._other = Strand(network, turned, len(x) - 1 - target)

    def outputs(self, positions: Ints, residues: Ints) -> Tensor:
        """Return the network's outputs, before any activation: float Tensor [changes, outputs].

        Parameters
        ----------
        positions, residues : int64 [changes]
            As in ``changes.changed_logits``.
        """
        here = self._given.outputs(positions, residues)
        if self._other is None:
            return here
        # a change at the end of one strand is at the beginning of the other
        turned = self._length - 1 - positions[::-1], self._symbols - 1 - residues[::-1]
        there = self._other.outputs(turned[0].copy(), turned[1].copy()).flip(0)
        return (here + there[:, self._network.opposite]) / 2


class Strand:
    """Computes the outputs of one residue for single changes of one strand of a record."""

    def __init__(self, network: SequenceClassifier, x: Tensor, target: int) -> None:
        self._network, self._changed = network, Changed(network, x)
        self._together = network.fold.residues
        self._step, self._slot = divmod(target, self._together)
        inputs, steps = network.recurrent_input(x[None], torch.tensor([len(x)]))
        own = inputs[0]
        self._steps, self._features = int(steps[0]), own.shape[1] // self._together
        self._places = np.zeros((len(x), self._features), own.numpy().dtype)
        cell, sides = network.recurrent.cell, network.recurrent._layers()[0]
        self._forward = Resumable(cell, own[: self._step + 1], sides[:1])
        self._reverse = None
        if len(sides) == 2:
            self._reverse = Resumable(cell, own[self._step :].flip(0), sides[1:])

    def outputs(self, positions: Ints, residues: Ints) -> Tensor:
        """Return the outputs of the residue for changes in the order of their positions."""
        x, first, end, _ = self._changed.steps(
            positions, residues, self._places, self._together
        )  # fmt: skip
        x = x.reshape(len(x), -1, self._together * self._features)
        first, end = first // self._together, -(-end // self._together)
        states = [self._forward_states(x, first, end)]
        if self._reverse is not None:
            states.append(self._reverse_states(self._reverse, x, first, end))
        outputs: Tensor = self._network.head(torch.cat(states, dim=1))
        return outputs.view(len(x), self._together, -1)[:, self._slot]

    def _forward_states(self, x: Tensor, first: Ints, end: Ints) -> Tensor:
        states = self._forward.last.repeat(len(x), 1)
        reached = np.flatnonzero(first <= self._step)
        if len(reached):
            ends = np.minimum(end[reached], self._step + 1)
            states[reached] = self._forward.summaries(x[reached], first[reached], ends)[0]
        return states

    def _reverse_states(self, side: Resumable, x: Tensor, first: Ints, end: Ints) -> Tensor:
        states = side.last.repeat(len(x), 1)
        # in the order of the reverse direction, the last change comes first
        reached = np.flatnonzero(end > self._step)[::-1].copy()
        if len(reached):
            sizes = (end - first)[reached]
            order = np.maximum(sizes[:, None] - 1 - np.arange(x.shape[1]), 0)
            turned = x[reached][torch.arange(len(reached))[:, None], torch.from_numpy(order)]
            starts = self._steps - end[reached]
            ends = self._steps - np.maximum(first[reached], self._step)
            states[reached] = side.summaries(turned, starts, ends)[0]
        return states
