"""A whole network as ONNX nodes: what ``SequenceClassifier.scores`` computes."""

from __future__ import annotations

import numpy as np

from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.onnx.cells import recurrence
from bioseqrnn.networks.onnx.graph import DOUBLE, Graph
from bioseqrnn.networks.onnx.layers import (
    LARGER,
    array_of,
    fold,
    merged,
    pooled,
    positions,
    reverse,
    reverse_complement,
    stem,
    unfold,
)
from bioseqrnn.tasks.task import Multilabel, Regression


def scores(graph: Graph, network: SequenceClassifier, x: str, lengths: str) -> str:
    """Predictions of a network or an ensemble before calibration, in double precision.

    Parameters
    ----------
    x : float32 [batch, time, symbols]
        Zero past a sequence's end.
    lengths : int64 [batch]

    Returns
    -------
    str
        [batch, outputs], or [batch, time, outputs] per position, without meaning past the end.
    """
    members = [_activated(graph, m, _outputs(graph, m, x, lengths)) for m in network.members]
    total = members[0]
    for member in members[1:]:
        total = graph.add("Add", total, member)
    # onnxruntime has no Mean in double precision
    count = graph.constant(float(len(members)), np.float64)
    return graph.add("Div", total, count) if len(members) > 1 else total


def _activated(graph: Graph, network: SequenceClassifier, outputs: str) -> str:
    """Probabilities, or values in the unit of the labels."""
    outputs = graph.add("Cast", outputs, to=DOUBLE)
    if isinstance(network.task, Regression):
        mean, deviation = (graph.constant(float(v), np.float64) for v in network.scale)
        return graph.add("Add", graph.add("Mul", outputs, deviation), mean)
    prior = graph.constant(network.prior.double().cpu().numpy())
    outputs = graph.add("Sub", outputs, prior)
    if isinstance(network.task, Multilabel):
        return graph.add("Sigmoid", outputs)
    return graph.add("Softmax", outputs, axis=-1)


def _outputs(graph: Graph, network: SequenceClassifier, x: str, lengths: str) -> str:
    """Output of one member, before its activation."""
    every, ends = x, lengths
    if network.both_strands:
        # both strands as one batch
        every = graph.add("Concat", x, reverse_complement(graph, x, lengths), axis=0)
        ends = graph.add("Concat", lengths, lengths, axis=0)
    summary = _summary(graph, network, every, ends)
    if network.pooling is not None and network.both_strands:
        size = network.pooling.output_size // len(network.pooling.kinds)
        kinds = [(kind, size) for kind in network.pooling.kinds]
        kinds += [(LARGER, network.filters)] if network.filters else []
        summary = merged(graph, summary, kinds)
    weight, bias = array_of(network.head.weight), array_of(network.head.bias)
    outputs = graph.add("MatMul", summary, graph.constant(weight.T))
    outputs = graph.add("Add", outputs, graph.constant(bias))
    if network.pooling is not None:
        return outputs
    outputs = unfold(graph, network.fold.residues, outputs, network.outputs, graph.size(x, 1))
    if not network.both_strands:
        return outputs
    here, there = graph.node("Split", outputs, outputs=2, axis=0)
    there = reverse(graph, there, lengths)
    there = graph.add("Gather", there, graph.constant(network.opposite.cpu().numpy()), axis=2)
    return graph.add("Mul", graph.add("Add", here, there), graph.constant(0.5, np.float32))


def _summary(graph: Graph, network: SequenceClassifier, x: str, lengths: str) -> str:
    """Input of the output layer for one strand: [batch, features], or [batch, steps, features]."""
    mask = graph.inside(x, lengths)
    if network.residues is not None:
        x = graph.add("MatMul", x, graph.constant(array_of(network.residues)))
    strongest = []
    if network.stem is not None:
        x, lengths = stem(graph, network.stem, x, mask), graph.steps(lengths, network.stem.pool)
        if network.stem.pool > 1:
            mask = graph.inside(x, lengths)
        if network.filters:
            strongest = [graph.add("ReduceMax", x, axes=[1], keepdims=0)]
    if network.position is not None:
        x = positions(graph, network.position, x, lengths)
    residues = network.fold.residues
    x = fold(graph, residues, x, mask, network.recurrent.input_size)
    lengths = graph.steps(lengths, residues)
    output, last = recurrence(graph, network.recurrent, x, lengths)
    if network.pooling is None:
        return output
    output = graph.masked(output, mask)
    summary = pooled(graph, network.pooling, (output, last, mask, lengths))
    return graph.add("Concat", summary, *strongest, axis=1) if strongest else summary
