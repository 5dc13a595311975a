"""Stem, positions, folded steps, strands and summaries as ONNX nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from bioseqrnn.networks.layers import MotifStem, PositionEmbedding
from bioseqrnn.networks.onnx.graph import Graph
from bioseqrnn.networks.pooling import Pooling
from bioseqrnn.support.errors import InputError


def array_of(weight: Tensor) -> npt.NDArray[np.float32]:
    """The numbers of a weight."""
    array: npt.NDArray[np.float32] = weight.detach().cpu().numpy()
    return array


def stem(graph: Graph, layer: MotifStem, x: str, mask: str) -> str:
    """Map [batch, time, symbols] to [batch, steps, filters], zero past a sequence's last step."""
    weight, bias = layer.convolution.weight, layer.convolution.bias
    assert bias is not None
    filters, _, width = weight.shape
    out = graph.add(
        "Conv",
        graph.add("Transpose", x, perm=[0, 2, 1]),
        graph.constant(array_of(weight)),
        graph.constant(array_of(bias)),
        pads=[width // 2] * 2,
    )
    out = graph.add("Transpose", graph.add("Relu", out), perm=[0, 2, 1])
    out = graph.masked(out, mask)
    if layer.pool == 1:
        return out
    shape = graph.integers(0, -1, layer.pool, filters)
    apart = graph.add("Reshape", graph.filled(out, layer.pool), shape)
    return graph.add("ReduceMax", apart, axes=[2], keepdims=0)


def positions(graph: Graph, layer: PositionEmbedding, x: str, lengths: str) -> str:
    """Add the vector of each position, counted from both ends."""
    last = graph.constant(layer.from_start.num_embeddings - 1, np.int64)
    zero, one = graph.constant(0, np.int64), graph.constant(1, np.int64)
    time = graph.indices(graph.size(x, 1))
    ends = graph.add("Sub", graph.add("Unsqueeze", lengths, graph.integers(1)), one)
    end = graph.add("Max", graph.add("Min", graph.add("Sub", ends, time), last), zero)
    from_start, from_end = (
        graph.constant(array_of(table.weight)) for table in (layer.from_start, layer.from_end)
    )
    x = graph.add("Add", x, graph.add("Gather", from_start, graph.add("Min", time, last)))
    return graph.add("Add", x, graph.add("Gather", from_end, end))


def fold(graph: Graph, residues: int, x: str, mask: str, size: int) -> str:
    """Join residues to steps: [batch, time, features] to [batch, steps, ``size``].

    ``size`` is residues * features.
    """
    if residues == 1:
        return x
    x = graph.filled(graph.masked(x, mask), residues)
    return graph.add("Reshape", x, graph.integers(0, -1, size))


def unfold(graph: Graph, residues: int, outputs: str, count: int, time: str) -> str:
    """Map [batch, steps, residues * outputs] to [batch, time, outputs]."""
    if residues == 1:
        return outputs
    apart = graph.add("Reshape", outputs, graph.integers(0, -1, count))
    return graph.add("Slice", apart, graph.integers(0), time, graph.integers(1))


def reverse(graph: Graph, x: str, lengths: str) -> str:
    """Reverse each sequence of [batch, time, features]; what is past its end stays there."""
    return graph.add("ReverseSequence", x, lengths, batch_axis=0, time_axis=1)


def reverse_complement(graph: Graph, x: str, lengths: str) -> str:
    """The other strand of each sequence of a batch of DNA."""
    return reverse(graph, graph.add("Gather", x, graph.integers(3, 2, 1, 0), axis=2), lengths)


@dataclass(frozen=True)
class Steps:
    """What summaries read.

    Attributes
    ----------
    output : [batch, steps, features]
        Zero outside a sequence.
    last : [batch, features]
    mask : bool [batch, steps]
    lengths : int64 [batch]
        In steps.
    score : [features, 1], or empty
        Weights of the learned score of a step.
    """

    output: str
    last: str
    mask: str
    lengths: str
    score: str


def _largest(graph: Graph, steps: Steps) -> str:
    out = graph.masked(steps.output, steps.mask, -np.inf)
    return graph.add("ReduceMax", out, axes=[1], keepdims=0)


def _mean(graph: Graph, steps: Steps) -> str:
    total = graph.add("ReduceSum", steps.output, graph.integers(1), keepdims=0)
    count = graph.add("Unsqueeze", graph.add("Cast", steps.lengths, to=1), graph.integers(1))
    return graph.add("Div", total, count)


def _attention(graph: Graph, steps: Steps) -> str:
    score = graph.add("MatMul", steps.output, steps.score)
    share = graph.add("Softmax", graph.masked(score, steps.mask, -np.inf), axis=1)
    weighted = graph.add("Mul", share, steps.output)
    return graph.add("ReduceSum", weighted, graph.integers(1), keepdims=0)


def _centre(graph: Graph, steps: Steps) -> str:
    before = graph.add("Sub", steps.lengths, graph.constant(1, np.int64))
    middle = graph.add("Div", before, graph.constant(2, np.int64))
    place = graph.add("Unsqueeze", middle, graph.integers(1))
    return graph.add("GatherND", steps.output, place, batch_dims=1)


SUMMARIES: dict[str, Callable[[Graph, Steps], str]] = {
    "last": lambda _, steps: steps.last,
    "max": _largest,
    "mean": _mean,
    "attention": _attention,
    "centre": _centre,
}
# summaries of both strands are merged by the larger value; the others by their mean
LARGER = "max"


def pooled(graph: Graph, pooling: Pooling, steps: tuple[str, str, str, str]) -> str:
    """Concatenate the summaries of a network: [batch, features * kinds].

    ``steps`` are output, last, mask and lengths, as in ``Steps``.
    """
    for kind in pooling.kinds:
        if kind not in SUMMARIES:
            raise InputError(
                f"pooling {kind}: it cannot be written as ONNX; export a network with "
                f"{', '.join(SUMMARIES)}"
            )
    score = "" if pooling.score is None else graph.constant(array_of(pooling.score.weight).T)
    known = Steps(*steps, score)
    found = [SUMMARIES[kind](graph, known) for kind in pooling.kinds]
    return graph.add("Concat", *found, axis=1) if len(found) > 1 else found[0]


def merged(graph: Graph, both: str, kinds: list[tuple[str, int]]) -> str:
    """Merge the summaries of both strands: [2 * batch, features] to [batch, features].

    ``kinds`` are the summaries with their number of features.
    """
    sizes = graph.integers(*(size for _, size in kinds))
    strands = [
        graph.node("Split", strand, sizes, outputs=len(kinds), axis=1)
        for strand in graph.node("Split", both, outputs=2, axis=0)
    ]
    half = graph.constant(0.5, np.float32)
    parts = [
        graph.add("Max", one, other)
        if kind == LARGER
        else graph.add("Mul", graph.add("Add", one, other), half)
        for (kind, _), one, other in zip(kinds, *strands, strict=True)
    ]
    return graph.add("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]
