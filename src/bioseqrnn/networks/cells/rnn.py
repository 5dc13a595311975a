"""The vanilla RNN (Elman, 1990): h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh).

The classic b_h is b_ih + b_hh. A step stores h_t only.
"""

from __future__ import annotations

import numpy as np
from torch import nn

from bioseqrnn.networks.cells.cell import Cell, Columns, Keras, Local, times
from bioseqrnn.networks.engine.simd import lanes, load, store, zeros
from bioseqrnn.networks.engine.squashing import tanh
from bioseqrnn.support.arrays import Doubles, Numbers
from bioseqrnn.support.compiled import compiled


@compiled
def forward(
    kept: Numbers, k0: int, width: int, h: Numbers, c: Numbers, rows: int, hidden: int
) -> None:
    """See ``Cell``."""
    for row in range(rows):
        at = k0 + row * width
        for j in range(0, hidden, lanes(kept)):
            new = tanh(load(kept, at + j))
            store(kept, at + j, new)
            store(h, row * hidden + j, new)


@compiled
def backward(
    kept: Numbers, k0: int, before: int, width: int, dh: Numbers, dc: Numbers,
    sums: Numbers, d0: int, swidth: int, rows: int, hidden: int,
) -> None:  # fmt: skip
    """See ``Cell``."""
    for row in range(rows):
        at, out = k0 + row * width, d0 + row * swidth
        for j in range(0, hidden, lanes(kept)):
            h, d = load(kept, at + j), load(dh, row * hidden + j)
            store(sums, out + j, d - d * h * h)
            store(dh, row * hidden + j, zeros(dh))


class Derivative:
    """h' = tanh(x + W h + b): ∂h'/∂h = diag(1 - h'²) W."""

    states = 1

    def __init__(self, recurrent: Doubles, bias: Doubles) -> None:
        self.recurrent, self.bias = recurrent, bias

    def step(self, x: Doubles, state: Doubles) -> tuple[Doubles, Local]:
        """See ``cell.Derivative``."""
        hidden = np.tanh(x + state @ self.recurrent.T + self.bias)
        return hidden, (1 - hidden**2,)

    def gates(self, x: Doubles, state: Doubles) -> dict[str, Doubles]:
        """See ``cell.Derivative``."""
        return {}

    def back(self, rows: Doubles, local: Local) -> Doubles:
        """See ``cell.Derivative``."""
        (slope,) = local
        return times(rows * slope[:, None], self.recurrent)


CELL = Cell(
    module=nn.RNN,
    columns=Columns(kept=1, sums=1, hidden=1, input=1, input_from=0, order=(0,)),
    states=1,
    forward=forward,
    backward=backward,
    derivative=Derivative,
    keras=Keras("SimpleRNN", gates=(0,)),
)
