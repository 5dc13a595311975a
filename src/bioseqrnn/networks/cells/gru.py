"""The gated recurrent unit (Cho et al., 2014), with the reset gate applied after the product.

r, z = σ(W x_t + U h_{t-1} + b);  n = tanh(W_n x_t + b_n + r ∘ (U_n h_{t-1} + c_n));
h_t = (1 - z) ∘ n + z ∘ h_{t-1}

A step stores U_n h + c_n (which is multiplied by the reset gate), r, z, n and h_t.
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
            r = sigmoid(load(kept, at + hidden + j))
            z = sigmoid(load(kept, at + 2 * hidden + j))
            n = tanh(load(kept, at + 3 * hidden + j) + r * load(kept, at + j))
            new = n + z * (load(h, row * hidden + j) - n)
            store(kept, at + hidden + j, r)
            store(kept, at + 2 * hidden + j, z)
            store(kept, at + 3 * hidden + j, n)
            store(kept, at + 4 * hidden + j, new)
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
            r = load(kept, at + hidden + j)
            z = load(kept, at + 2 * hidden + j)
            n = load(kept, at + 3 * hidden + j)
            h = load(kept, last + j) if before >= 0 else zeros(kept)
            d = load(dh, row * hidden + j)
            past = d * z
            dn = (d - past) * (1.0 - n * n)
            reset = dn * r
            store(sums, out + j, reset)
            store(sums, out + hidden + j, load(kept, at + j) * (reset - reset * r))
            store(sums, out + 2 * hidden + j, (h - n) * (past - past * z))
            store(sums, out + 3 * hidden + j, dn)
            store(dh, row * hidden + j, past)


class Derivative:
    """h' = (1 - z) ∘ n + z ∘ h with n = tanh(x_n + r ∘ a), a = U_n h + b_n.

    ∂h'/∂h = diag(z) + diag((h - n) z (1 - z)) U_z
             + diag((1 - z) (1 - n²)) [diag(r) U_n + diag(a r (1 - r)) U_r]
    """

    states = 1

    def __init__(self, recurrent: Doubles, bias: Doubles) -> None:
        self.recurrent, self.bias = recurrent, bias

    def step(self, x: Doubles, state: Doubles) -> tuple[Doubles, Local]:
        """See ``cell.Derivative``."""
        r, z, a = self._gates(x, state)
        n = np.tanh(np.split(x, 3, axis=1)[2] + r * a)
        inner = (1 - z) * (1 - n**2)
        # the factors of U_r, U_z and U_n
        gates = np.concatenate([inner * a * r * (1 - r), (state - n) * z * (1 - z), inner * r], 1)
        return (1 - z) * n + z * state, (z, gates)

    def gates(self, x: Doubles, state: Doubles) -> dict[str, Doubles]:
        """See ``cell.Derivative``."""
        r, z, _ = self._gates(x, state)
        return {"r": r, "z": z}

    def _gates(self, x: Doubles, state: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """Gates r and z, and a = U_n h + b_n."""
        x_r, x_z, _ = np.split(x, 3, axis=1)
        h_r, h_z, a = np.split(state @ self.recurrent.T + self.bias, 3, axis=1)
        return expit(x_r + h_r), expit(x_z + h_z), a

    def back(self, rows: Doubles, local: Local) -> Doubles:
        """See ``cell.Derivative``."""
        z, gates = local
        stacked = np.tile(rows, 3) * gates[:, None]
        return rows * z[:, None] + times(stacked, self.recurrent)


def remember(bias: Tensor, memory: int) -> None:
    """With a memory, set the bias of the update gate z of every second unit by ``chrono``.

    Only every second unit is set, because nearby residues matter too: when all units were set,
    splice junctions and core promoters were predicted less well.
    """
    hidden = len(bias) // 3
    if memory > 1:
        keep = bias[hidden : 2 * hidden]
        keep[::2] = chrono(len(keep[::2]), memory)


CELL = Cell(
    module=nn.GRU,
    columns=Columns(kept=5, sums=4, hidden=3, input=3, input_from=1, order=(2, 0, 1)),
    states=1,
    forward=forward,
    backward=backward,
    derivative=Derivative,
    # Keras has the order z, r, h; cuDNN and torch.nn compute the form with reset_after
    keras=Keras(
        "GRU",
        gates=(1, 0, 2),
        biases=2,
        settings={"recurrent_activation": "sigmoid", "reset_after": True},
    ),
    remember=remember,
)
