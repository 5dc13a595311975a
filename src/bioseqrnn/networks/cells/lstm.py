"""Long short-term memory with a forget gate, without peepholes (Gers et al., 2000).

i, f, o = σ(W x_t + U h_{t-1} + b);  g = tanh(W_g x_t + U_g h_{t-1} + b_g);
c_t = f ∘ c_{t-1} + i ∘ g;  h_t = o ∘ tanh(c_t)

A step stores i, f, g, o, c_t and h_t.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit
from torch import Tensor, nn

from bioseqrnn.networks.cells.cell import Cell, Columns, Keras, Local, chrono, times
from bioseqrnn.networks.engine.simd import lanes, load, store, zeros
from bioseqrnn.networks.engine.squashing import sigmoid, tanh
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
            i = sigmoid(load(kept, at + j))
            f = sigmoid(load(kept, at + hidden + j))
            g = tanh(load(kept, at + 2 * hidden + j))
            o = sigmoid(load(kept, at + 3 * hidden + j))
            cell = f * load(c, row * hidden + j) + i * g
            new = o * tanh(cell)
            store(kept, at + j, i)
            store(kept, at + hidden + j, f)
            store(kept, at + 2 * hidden + j, g)
            store(kept, at + 3 * hidden + j, o)
            store(kept, at + 4 * hidden + j, cell)
            store(kept, at + 5 * hidden + j, new)
            store(c, row * hidden + j, cell)
            store(h, row * hidden + j, new)


@compiled
def backward(
    kept: Numbers, k0: int, before: int, width: int, dh: Numbers, dc: Numbers,
    sums: Numbers, d0: int, swidth: int, rows: int, hidden: int,
) -> None:  # fmt: skip
    """See ``Cell``."""
    for row in range(rows):
        at, out, last = k0 + row * width, d0 + row * swidth, before + row * width + 4 * hidden
        for j in range(0, hidden, lanes(kept)):
            i = load(kept, at + j)
            f = load(kept, at + hidden + j)
            g = load(kept, at + 2 * hidden + j)
            o = load(kept, at + 3 * hidden + j)
            squashed = tanh(load(kept, at + 4 * hidden + j))
            c = load(kept, last + j) if before >= 0 else zeros(kept)
            opened = load(dh, row * hidden + j) * o
            d = load(dc, row * hidden + j) + opened * (1.0 - squashed * squashed)
            do = opened * squashed
            di, df = d * g * i, d * c * f
            store(sums, out + j, di - di * i)
            store(sums, out + hidden + j, df - df * f)
            store(sums, out + 2 * hidden + j, d * i * (1.0 - g * g))
            store(sums, out + 3 * hidden + j, do - do * o)
            store(dc, row * hidden + j, d * f)
            store(dh, row * hidden + j, zeros(dh))


class Derivative:
    """c' = f ∘ c + i ∘ g, h' = o ∘ tanh(c'), on the state (h, c).

    With V = ∂c'/∂h = diag(g i (1 - i)) U_i + diag(c f (1 - f)) U_f + diag(i (1 - g²)) U_g:
    ∂(h', c')/∂(h, c) = [[diag(d) V + diag(tanh(c') o (1 - o)) U_o, diag(d f)], [V, diag(f)]],
    d = o (1 - tanh² c'). The entry diag(f) is the path that does not vanish while f is near 1.
    """

    states = 2

    def __init__(self, recurrent: Doubles, bias: Doubles) -> None:
        self.recurrent, self.bias = recurrent, bias

    def step(self, x: Doubles, state: Doubles) -> tuple[Doubles, Local]:
        """See ``cell.Derivative``."""
        cell = np.split(state, 2, axis=1)[1]
        i, f, g, o = self._gates(x, state)
        new = f * cell + i * g
        seen = np.tanh(new)
        gates = np.concatenate([g * i * (1 - i), cell * f * (1 - f), i * (1 - g**2)], 1)
        local = (f, gates, o * (1 - seen**2), seen * o * (1 - o))
        return np.concatenate([o * seen, new], 1), local

    def gates(self, x: Doubles, state: Doubles) -> dict[str, Doubles]:
        """See ``cell.Derivative``."""
        i, f, _, o = self._gates(x, state)
        return {"i": i, "f": f, "o": o}

    def _gates(self, x: Doubles, state: Doubles) -> tuple[Doubles, Doubles, Doubles, Doubles]:
        hidden = np.split(state, 2, axis=1)[0]
        i, f, g, o = np.split(x + hidden @ self.recurrent.T + self.bias, 4, axis=1)
        return expit(i), expit(f), np.tanh(g), expit(o)

    def back(self, rows: Doubles, local: Local) -> Doubles:
        """See ``cell.Derivative``."""
        f, gates, through, output = (part[:, None] for part in local)
        to_hidden, to_cell = np.split(rows, 2, axis=2)
        to_cell = to_cell + to_hidden * through
        stacked = np.concatenate([np.tile(to_cell, 3) * gates, to_hidden * output], 2)
        return np.concatenate([times(stacked, self.recurrent), to_cell * f], 2)


def remember(bias: Tensor, memory: int) -> None:
    """Set the bias of the forget gate f to 1 (Jozefowicz et al., 2015).

    With a memory, every second unit has a bias from ``chrono`` instead, and the negative of that
    bias at the input gate i. Only every second unit is set, because nearby residues matter too:
    when all units were set, splice junctions and core promoters were predicted less well.
    """
    hidden = len(bias) // 4
    keep = bias[hidden : 2 * hidden]
    keep.fill_(1.0)
    if memory > 1:
        drawn = chrono(len(keep[::2]), memory)
        keep[::2] = drawn
        bias[:hidden:2] = -drawn


CELL = Cell(
    module=nn.LSTM,
    columns=Columns(kept=6, sums=4, hidden=4, input=4, input_from=0, order=(0, 1, 2, 3)),
    states=2,
    forward=forward,
    backward=backward,
    derivative=Derivative,
    keras=Keras("LSTM", gates=(0, 1, 2, 3), settings={"recurrent_activation": "sigmoid"}),
    remember=remember,
)
