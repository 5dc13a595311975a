"""One network and one record: what single changes of the record leave as it is is computed once."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.engine.layer import run_layer
from bioseqrnn.networks.engine.resume import Resumable
from bioseqrnn.networks.strands import reverse_complement
from bioseqrnn.support.arrays import Ints


class Reader:
    """Computes the outputs of a network for single changes of a record.

    Parameters
    ----------
    network : SequenceClassifier
        One network (a member of an ensemble) of a task with one output per record.
    x : float Tensor [length, symbols]
    """

    def __init__(self, network: SequenceClassifier, x: Tensor) -> None:
        self._network, self._length, self._symbols = network, *x.shape
        self._given = Strand(network, x)
        self._other = None
        if network.both_strands:
            turned = reverse_complement(x[None], torch.tensor([len(x)]))[0]
            self._other = Strand(network, turned)

    def outputs(self, positions: Ints, residues: Ints) -> Tensor:
        """Return the network's outputs, before any activation: float Tensor [changes, outputs].

        Parameters
        ----------
        positions, residues : int64 [changes]
            As in ``changes.changed_logits``.
        """
        summary = self._given.summaries(positions, residues)
        if self._other is not None:
            assert self._network.pooling is not None
            # a change at the end of one strand is at the beginning of the other
            turned = self._length - 1 - positions[::-1], self._symbols - 1 - residues[::-1]
            other = self._other.summaries(turned[0].copy(), turned[1].copy()).flip(0)
            summary = self._network.pooling.merge(summary, other)
        outputs: Tensor = self._network.head(summary)
        return outputs


class Strand:
    """Computes the summaries of single changes of one strand of a record."""

    def __init__(self, network: SequenceClassifier, x: Tensor) -> None:
        self._network, self._length = network, len(x)
        length = torch.tensor([len(x)])
        kept = torch.eye(x.shape[1], dtype=x.dtype)
        # one row of features for each symbol
        features = kept if network.residues is None else network.residues.to(x.dtype)
        self._read = x @ features
        stem = network.stem
        width = 1 if stem is None else stem.convolution.kernel_size[0]
        self._half, self._pool = width // 2, 1 if stem is None else stem.pool
        if stem is None:
            self._before, filters = self._read, features[:, None]
        else:
            sums = stem.convolution(self._read.T[None])[0]
            self._before = sums.T.contiguous()
            # [symbols, width, filters]: what a symbol adds to the sums of the positions around it
            filters = torch.einsum("sc,fcj->sjf", features, stem.convolution.weight)
        self._filters = filters.contiguous()
        self._of_residue = x
        inputs, steps = network.recurrent_input(x[None], length)
        self._steps = int(steps[0])
        self._places = None
        if network.position is not None:
            self._places = network.position(torch.zeros_like(inputs), steps)[0]
        self._layers = network.recurrent._layers()
        self._first = Resumable(network.recurrent.cell, inputs[0], self._layers[0])

    def summaries(self, positions: Ints, residues: Ints) -> Tensor:
        """Return the input of the output layer for changes in the order of their positions."""
        first, end, x = self._changed_steps(positions, residues)
        output, last = self._first.versions(x, first, end)
        ends = np.full(len(positions), self._steps)
        for parameters in self._layers[1:]:
            output, states, _ = run_layer(self._network.recurrent.cell, output, ends, parameters)
            last = states.transpose(0, 1).flatten(1)
        pooling = self._network.pooling
        assert pooling is not None
        mask = torch.ones(output.shape[:2], dtype=torch.bool)
        summary: Tensor = pooling(output, last, mask)
        return summary

    def _changed_steps(self, positions: Ints, residues: Ints) -> tuple[Ints, Ints, Tensor]:
        """Return the steps that each change reaches, and the input of the recurrence in them.

        Returns
        -------
        first, end : int64 [changes]
        x : Tensor [changes, steps, features]
        """
        half, pool = self._half, self._pool
        first = np.maximum(positions - half, 0) // pool
        end = np.minimum(positions + half, self._length - 1) // pool + 1
        steps = int((end - first).max())
        at, new = torch.from_numpy(positions), torch.from_numpy(residues)
        begin = torch.from_numpy(first)[:, None]
        # residues that the changed steps read the sums of
        place = begin * pool + torch.arange(steps * pool)
        inside = place < self._length
        place = place.clamp(max=self._length - 1)
        # the change of the record at this position, spread by the filters
        distance = at[:, None] - place + half
        reached = ((distance >= 0) & (distance <= 2 * half)).to(self._before.dtype)
        distance = distance.clamp(0, 2 * half)
        removed = torch.einsum("ps,sjf->pjf", self._of_residue[at], self._filters)
        change = self._filters[new] - removed
        row = torch.arange(len(at))[:, None]
        sums = self._before[place] + change[row, distance] * reached[..., None]
        if self._network.stem is not None:
            sums = torch.relu(sums) * inside[..., None]
            sums = sums.view(len(at), steps, pool, -1).amax(dim=2)
        if self._places is not None:
            step = (begin + torch.arange(steps)).clamp(max=self._steps - 1)
            sums = sums + self._places[step]
        return first, end, sums
