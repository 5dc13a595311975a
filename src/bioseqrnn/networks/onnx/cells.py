"""Recurrent layers as the ONNX operators RNN, GRU and LSTM.

They take lengths (``sequence_lens``): the backward direction begins at each sequence's own end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bioseqrnn.networks.onnx.graph import Graph
from bioseqrnn.networks.recurrent import Recurrent
from bioseqrnn.support.errors import InputError

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Operator:
    """The ONNX operator of a cell.

    Attributes
    ----------
    name : str
    gates : tuple of int
        For each gate of the operator, in its order, the place of that gate in ``torch.nn``.
    states : int
        Outputs after the output of every step.
    attributes : dict
        Attributes with which the operator computes the same as the layer here.
    """

    name: str
    gates: tuple[int, ...]
    states: int = 1
    attributes: dict[str, Any] = field(default_factory=dict)


OPERATORS = {
    "rnn": Operator("RNN", gates=(0,)),
    # ONNX has z, r, h; torch.nn has r, z, n, and applies the reset gate after the product
    "gru": Operator("GRU", gates=(1, 0, 2), attributes={"linear_before_reset": 1}),
    # ONNX has i, o, f, c; torch.nn has i, f, g, o
    "lstm": Operator("LSTM", gates=(0, 3, 1, 2), states=2),
}


def recurrence(graph: Graph, layers: Recurrent, x: str, lengths: str) -> tuple[str, str]:
    """Run recurrent layers over ``x`` [batch, steps, features].

    Returns
    -------
    output : [batch, steps, directions * hidden]
        Without meaning past a sequence's end.
    last : [batch, directions * hidden]
        State of the last layer after each sequence, directions side by side.
    """
    if layers.cell not in OPERATORS:
        raise InputError(f"cell {layers.cell}: ONNX has no such operator; export another network")
    operator = OPERATORS[layers.cell]
    ends = graph.add("Cast", lengths, to=6)
    way = "bidirectional" if layers.bidirectional else "forward"
    last = ""
    # the operators take [steps, batch, features]
    x = graph.add("Transpose", x, perm=[1, 0, 2])
    for layer in range(layers.num_layers):
        weights = [graph.constant(array) for array in _arrays(layers, layer, operator.gates)]
        x, last, *_ = graph.node(
            operator.name, x, *weights, ends,
            outputs=1 + operator.states,
            direction=way,
            hidden_size=layers.hidden_size,
            **operator.attributes,
        )  # fmt: skip
        # [steps, directions, batch, hidden]
        x = graph.add("Transpose", x, perm=[0, 2, 1, 3])
        x = graph.add("Reshape", x, graph.integers(0, 0, -1))
    last = graph.add("Transpose", last, perm=[1, 0, 2])
    last = graph.add("Reshape", last, graph.integers(0, -1))
    return graph.add("Transpose", x, perm=[1, 0, 2]), last


def _arrays(layers: Recurrent, layer: int, gates: tuple[int, ...]) -> tuple[Singles, ...]:
    """W, R and B of the operator: one row for each direction, gates in the order of ONNX."""

    def ordered(kind: str, way: str) -> Singles:
        array: Singles = getattr(layers, f"{kind}_l{layer}{way}").detach().cpu().numpy()
        parts = np.split(array, len(gates))
        return np.concatenate([parts[gate] for gate in gates])

    ways = ["", "_reverse"] if layers.bidirectional else [""]
    return (
        np.stack([ordered("weight_ih", way) for way in ways]),
        np.stack([ordered("weight_hh", way) for way in ways]),
        np.stack([np.concatenate([ordered("bias_ih", w), ordered("bias_hh", w)]) for w in ways]),
    )
