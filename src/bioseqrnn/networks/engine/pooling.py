"""Largest and mean output of each sequence, without reading padding."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from bioseqrnn.networks.engine.buffers import take_padded
from bioseqrnn.networks.engine.rows import clear
from bioseqrnn.networks.engine.simd import lanes, load, store, where_greater, zeros
from bioseqrnn.support.arrays import Ints, Numbers
from bioseqrnn.support.compiled import compiled


def pool(output: Tensor, lengths: Ints) -> tuple[Tensor, Tensor]:
    """Return the largest and the mean of each feature over the positions of each sequence.

    Parameters
    ----------
    output : Tensor [batch, time, features]
    lengths : int64 array [batch]
        1 to time.

    Returns
    -------
    largest, mean : Tensor [batch, features]
        If the largest value occurs several times, the first one has the gradient. NaN stays NaN.
    """
    largest, mean = _Pool.apply(output, lengths)  # type: ignore[no-untyped-call]
    return largest, mean


class _Pool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, output: Tensor, lengths: Ints) -> tuple[Tensor, Tensor]:
        output = output.contiguous()
        batch, time, features = output.shape
        values = output.detach().view(-1).numpy()
        largest, mean = (np.empty(batch * features, values.dtype) for _ in range(2))
        places = np.empty(batch * features, values.dtype)
        _forward(values, lengths, time, features, largest, places, mean)
        ctx.lengths, ctx.shape, ctx.places = lengths, output.shape, places
        ctx.set_materialize_grads(False)
        return (
            torch.from_numpy(largest.reshape(batch, features)),
            torch.from_numpy(mean.reshape(batch, features)),
        )

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dlargest: Tensor | None, dmean: Tensor | None) -> tuple[Tensor, None]:
        _, time, features = ctx.shape
        places = ctx.places
        given = [
            np.zeros(places.size, places.dtype) if d is None else d.contiguous().view(-1).numpy()
            for d in (dlargest, dmean)
        ]
        gradient, clean = take_padded(ctx.shape, int(ctx.lengths.sum()), places.dtype)
        _backward(gradient, clean, ctx.lengths, time, features, given[0], places, given[1])
        return torch.from_numpy(gradient.reshape(ctx.shape)), None


@compiled
def _forward(
    values: Numbers, lengths: Ints, time: int, features: int,
    largest: Numbers, places: Numbers, mean: Numbers,
) -> None:  # fmt: skip
    whole = features - features % lanes(values)
    for row in range(len(lengths)):
        begin, out = row * time * features, row * features
        for j in range(0, whole, lanes(values)):
            best = load(values, begin + j)
            total, place, now = best, zeros(values), zeros(values)
            for t in range(1, lengths[row]):
                value = load(values, begin + t * features + j)
                now = now + 1.0
                place = where_greater(value, best, now, place)
                best = where_greater(value, best, value, best)
                total = total + value
            store(largest, out + j, best)
            store(places, out + j, place)
            store(mean, out + j, total / lengths[row])
        for j in range(whole, features):
            largest[out + j], places[out + j] = values[begin + j], 0
            summed = values[begin + j]
            for t in range(1, lengths[row]):
                value = values[begin + t * features + j]
                if value > largest[out + j] or value != value:
                    largest[out + j], places[out + j] = value, t
                summed += value
            mean[out + j] = summed / lengths[row]


@compiled
def _backward(
    gradient: Numbers, clean: bool, lengths: Ints, time: int, features: int,
    dlargest: Numbers, places: Numbers, dmean: Numbers,
) -> None:  # fmt: skip
    whole = features - features % lanes(gradient)
    for row in range(len(lengths)):
        begin, given, length = row * time * features, row * features, lengths[row]
        for t in range(length):
            at = begin + t * features
            for j in range(0, whole, lanes(gradient)):
                store(gradient, at + j, load(dmean, given + j) / length)
            for j in range(whole, features):
                gradient[at + j] = dmean[given + j] / length
        if not clean:
            clear(gradient, begin + length * features, (time - length) * features)
        for j in range(features):
            gradient[begin + int(places[given + j]) * features + j] += dlargest[given + j]
