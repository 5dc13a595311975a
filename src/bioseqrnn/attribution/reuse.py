"""One network and one record: what single changes of the record leave as it is is computed once."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.engine.layer import run_layer
from bioseqrnn.networks.engine.resume import Resumable
from bioseqrnn.networks.pooling import Totals, reads_places
from bioseqrnn.networks.strands import reverse_complement
from bioseqrnn.support.arrays import Ints, Numbers
from bioseqrnn.support.compiled import compiled


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
            # a change at the end of one strand is at the beginning of the other
            turned = self._length - 1 - positions[::-1], self._symbols - 1 - residues[::-1]
            other = self._other.summaries(turned[0].copy(), turned[1].copy()).flip(0)
            summary = self._network.merge(summary, other)
        outputs: Tensor = self._network.head(summary)
        return outputs


class Changed:
    """Computes what single changes of one strand of a record do to the input of the recurrence.

    Parameters
    ----------
    network : SequenceClassifier
    x : float Tensor [length, symbols]
    """

    def __init__(self, network: SequenceClassifier, x: Tensor) -> None:
        self._stem, self._x = network.stem is not None, x.numpy()
        kept = torch.eye(x.shape[1], dtype=x.dtype)
        # one row of features for each symbol
        features = kept if network.residues is None else network.residues.to(x.dtype)
        read, stem = x @ features, network.stem
        self._width, self._pool = (
            (1, 1) if stem is None else (stem.convolution.kernel_size[0], stem.pool)
        )
        # [symbols, width, filters]: what a symbol adds to the sums of the positions around it
        filters, before = features[:, None], read
        if stem is not None:
            filters = torch.einsum("sc,fcj->sjf", features, stem.convolution.weight)
            before = stem.convolution(read.T[None])[0].T
        self._filters, self._before = filters.contiguous().numpy(), before.contiguous().numpy()
        found, _ = network.stem_output(x[None], torch.tensor([len(x)]))
        # largest values of the stem in the first steps and in the last steps; none is below 0
        values, none = found[0].numpy(), np.zeros((1, found.shape[2]), self._before.dtype)
        self._until = np.maximum.accumulate(np.concatenate([none, values]))
        self._since = np.maximum.accumulate(np.concatenate([values, none])[::-1])[::-1]

    def steps(
        self, positions: Ints, residues: Ints, places: Numbers, together: int = 1
    ) -> tuple[Tensor, Ints, Ints, Tensor]:
        """Return the steps that each change reaches, and the input of the recurrence in them.

        Parameters
        ----------
        positions, residues : int64 [changes]
        places : [steps, features]
            What is added to the input of each step.
        together : int
            The first step is a multiple of this number, and ``x`` has a multiple of it; steps after
            the end of the sequence are zero.

        Returns
        -------
        x : Tensor [changes, steps, features]
        first, end : int64 [changes]
        strongest : Tensor [changes, filters]
            Largest value of each filter of the stem in the changed record.
        """
        half, pool, length = self._width // 2, self._pool, len(self._x)
        first = np.maximum(positions - half, 0) // pool // together * together
        end = np.minimum(positions + half, length - 1) // pool + 1
        whole = -(-end // together) * together
        steps, features = int((whole - first).max()), self._before.shape[1]
        end = np.minimum(whole, -(-length // pool))
        x = np.zeros((len(positions), steps, features), self._before.dtype)
        strongest = np.maximum(self._until[first], self._since[end])
        _write_changed(
            np.ascontiguousarray(positions), np.ascontiguousarray(residues), first, end, pool,
            self._stem, self._x, self._filters, self._before, places, x, strongest,
        )  # fmt: skip
        return torch.from_numpy(x), first, end, torch.from_numpy(strongest)


class Strand:
    """Computes the summaries of single changes of one strand of a record."""

    def __init__(self, network: SequenceClassifier, x: Tensor) -> None:
        self._network, self._changed = network, Changed(network, x)
        inputs, steps = network.recurrent_input(x[None], torch.tensor([len(x)]))
        self._steps = int(steps[0])
        places = torch.zeros_like(inputs)
        if network.position is not None:
            places = network.position(places, steps)
        self._places = places[0].contiguous().numpy()
        self._layers = network.recurrent._layers()
        self._first = Resumable(network.recurrent.cell, inputs[0], self._layers[0])

    def summaries(self, positions: Ints, residues: Ints) -> Tensor:
        """Return the input of the output layer for changes in the order of their positions."""
        x, first, end, strongest = self._changed.steps(positions, residues, self._places)
        summary = self._pooled(x, first, end)
        return torch.cat([summary, strongest], dim=1) if self._network.filters else summary

    def _pooled(self, x: Tensor, first: Ints, end: Ints) -> Tensor:
        """Return the summaries of the recurrence, from its input in the changed steps."""
        pooling = self._network.pooling
        assert pooling is not None
        if len(self._layers) == 1 and not reads_places(pooling.kinds):
            last, largest, mean = self._first.summaries(x, first, end)
            return pooling.read(Totals(last, (largest, mean)))
        output, last = self._first.outputs(x, first, end)
        ends = np.full(len(x), self._steps)
        for parameters in self._layers[1:]:
            output, states, _ = run_layer(self._network.recurrent.cell, output, ends, parameters)
            last = states.transpose(0, 1).flatten(1)
        summary: Tensor = pooling(output, last, torch.ones(output.shape[:2], dtype=torch.bool))
        return summary


@compiled
def _write_changed(
    positions: Ints, residues: Ints, first: Ints, end: Ints, pool: int, rectified: bool,
    record: Numbers, filters: Numbers, before: Numbers, places: Numbers, x: Numbers,
    strongest: Numbers,
) -> None:  # fmt: skip
    """Write the input of the recurrence in the steps that changes of a record reach.

    Parameters
    ----------
    positions, residues, first, end : int64 [changes]
    pool : int
        Positions of a step, of which the largest value counts.
    rectified : bool
        Whether the sums are the input of a stem, which sets negative ones to zero.
    record : [length, symbols]
    filters : [symbols, width, features]
        What a symbol adds to the sums of the positions around it.
    before : [length, features]
        Sums of the record.
    places : [steps, features]
        What is added to the input of each step.
    x : [changes, steps, features], written
    strongest : [changes, features], raised to the largest sum in these steps
    """
    length, features = before.shape
    symbols, width, _ = filters.shape
    delta = np.empty((width, features), x.dtype)
    for i in range(len(positions)):
        position = positions[i]
        delta[:] = filters[residues[i]]
        for s in range(symbols):
            share = record[position, s]
            if share == 0:
                continue
            for k in range(width):
                for f in range(features):
                    delta[k, f] -= share * filters[s, k, f]
        for step in range(first[i], end[i]):
            to = x[i, step - first[i]]
            for q in range(step * pool, min(step * pool + pool, length)):
                k = position - q + width // 2
                reached = 0 <= k < width
                for f in range(features):
                    value = before[q, f]
                    if reached:
                        value += delta[k, f]
                    if rectified:
                        to[f] = max(to[f], value)
                    else:
                        to[f] = value
            for f in range(features):
                strongest[i, f] = max(strongest[i, f], to[f])
                to[f] += places[step, f]
