"""One step of a recurrent cell, and its derivative in closed form.

A cell's state s is all that it hands to the next step: h of RNN and GRU, (h, c) of the LSTM.
``step`` computes s_t by the equations of ``models.recurrent`` and keeps what the derivative needs;
``back`` multiplies rows by ∂s_t/∂s_{t-1} without ever building that matrix. Weights are those of
``torch.nn``: gates stacked r, z, n (GRU) and i, f, g, o (LSTM). All numbers are float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import expit as sigmoid

from bioseqrnn.support.arrays import Doubles

Local = tuple[Doubles, ...]


class Cell(Protocol):
    """One layer and direction.

    Attributes
    ----------
    recurrent : float64 [gates * hidden, hidden]
        ``weight_hh``.
    states : int
        Vectors of size hidden in a state: 1, or 2 for the LSTM's (h, c).
    """

    recurrent: Doubles
    states: int

    def step(self, x: Doubles, state: Doubles) -> tuple[Doubles, Local]:
        """Return the next state [n, states * hidden] and what its derivative needs.

        ``x`` [n, gates * hidden] is W_ih x_t + b_ih, ``state`` the previous state.
        """
        ...

    def back(self, rows: Doubles, local: Local) -> Doubles:
        """Multiply ``rows`` [n, m, states * hidden] by ∂s_t/∂s_{t-1} of each record."""
        ...


class RNNCell:
    """h' = φ(x + W h + b), φ = tanh or ReLU: ∂h'/∂h = diag(φ') W."""

    states = 1

    def __init__(self, recurrent: Doubles, bias: Doubles, nonlinearity: str = "tanh") -> None:
        self.recurrent, self.bias, self.nonlinearity = recurrent, bias, nonlinearity

    def step(self, x: Doubles, state: Doubles) -> tuple[Doubles, Local]:
        """See ``Cell``."""
        summed = x + state @ self.recurrent.T + self.bias
        if self.nonlinearity == "relu":
            return np.maximum(summed, 0), ((summed > 0).astype(np.float64),)
        hidden = np.tanh(summed)
        return hidden, (1 - hidden**2,)

    def back(self, rows: Doubles, local: Local) -> Doubles:
        """See ``Cell``."""
        (slope,) = local
        return _times(rows * slope[:, None], self.recurrent)


class GRUCell:
    """h' = (1 - z) ∘ n + z ∘ h with n = tanh(x_n + r ∘ a), a = U_n h + b_n.

    ∂h'/∂h = diag(z) + diag((h - n) z (1 - z)) U_z
             + diag((1 - z) (1 - n²)) [diag(r) U_n + diag(a r (1 - r)) U_r]
    """

    states = 1

    def __init__(self, recurrent: Doubles, bias: Doubles) -> None:
        self.recurrent, self.bias = recurrent, bias

    def step(self, x: Doubles, state: Doubles) -> tuple[Doubles, Local]:
        """See ``Cell``."""
        x_r, x_z, x_n = np.split(x, 3, axis=1)
        h_r, h_z, a = np.split(state @ self.recurrent.T + self.bias, 3, axis=1)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * a)
        inner = (1 - z) * (1 - n**2)
        # what stands before U_r, U_z and U_n
        gates = np.concatenate([inner * a * r * (1 - r), (state - n) * z * (1 - z), inner * r], 1)
        return (1 - z) * n + z * state, (z, gates)

    def back(self, rows: Doubles, local: Local) -> Doubles:
        """See ``Cell``."""
        z, gates = local
        stacked = np.tile(rows, 3) * gates[:, None]
        return rows * z[:, None] + _times(stacked, self.recurrent)


class LSTMCell:
    """c' = f ∘ c + i ∘ g, h' = o ∘ tanh(c'), on the state (h, c).

    With V = ∂c'/∂h = diag(g i (1 - i)) U_i + diag(c f (1 - f)) U_f + diag(i (1 - g²)) U_g:
    ∂(h', c')/∂(h, c) = [[diag(d) V + diag(tanh(c') o (1 - o)) U_o, diag(d f)], [V, diag(f)]],
    d = o (1 - tanh² c'). The entry diag(f) is the path that does not vanish while f is near 1.
    """

    states = 2

    def __init__(self, recurrent: Doubles, bias: Doubles) -> None:
        self.recurrent, self.bias = recurrent, bias

    def step(self, x: Doubles, state: Doubles) -> tuple[Doubles, Local]:
        """See ``Cell``."""
        hidden, cell = np.split(state, 2, axis=1)
        i, f, g, o = np.split(x + hidden @ self.recurrent.T + self.bias, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        new = f * cell + i * g
        seen = np.tanh(new)
        gates = np.concatenate([g * i * (1 - i), cell * f * (1 - f), i * (1 - g**2)], 1)
        local = (f, gates, o * (1 - seen**2), seen * o * (1 - o))
        return np.concatenate([o * seen, new], 1), local

    def back(self, rows: Doubles, local: Local) -> Doubles:
        """See ``Cell``."""
        f, gates, through, output = (part[:, None] for part in local)
        to_hidden, to_cell = np.split(rows, 2, axis=2)
        to_cell = to_cell + to_hidden * through
        stacked = np.concatenate([np.tile(to_cell, 3) * gates, to_hidden * output], 2)
        return np.concatenate([_times(stacked, self.recurrent), to_cell * f], 2)


def _times(rows: Doubles, matrix: Doubles) -> Doubles:
    """Multiply [n, m, a] by one [a, b], as one product instead of n."""
    product: Doubles = rows.reshape(-1, rows.shape[2]) @ matrix
    return product.reshape(*rows.shape[:2], -1)


class Direction:
    """One layer and direction with its input weights, read from a state dict of ``torch.nn``.

    Parameters
    ----------
    kind : {"rnn", "gru", "lstm"}
    weights : mapping of str to array
        A state dict of ``torch.nn.RNN``, ``GRU`` or ``LSTM``, with or without biases.
    layer : int
        From 0.
    reverse : bool
        The direction that reads from the last position to the first.
    nonlinearity : {"tanh", "relu"}
        Of the vanilla RNN.
    """

    def __init__(
        self,
        kind: str,
        weights: Mapping[str, npt.ArrayLike],
        layer: int,
        *,
        reverse: bool,
        nonlinearity: str = "tanh",
    ) -> None:
        suffix = f"_l{layer}{'_reverse' if reverse else ''}"

        def find(name: str) -> Doubles:
            return np.asarray(weights[name + suffix], np.float64)

        self.reverse = reverse
        self.input_weight, recurrent = find("weight_ih"), find("weight_hh")
        self.input_bias = hidden_bias = np.zeros(len(recurrent))
        if f"bias_ih{suffix}" in weights:
            self.input_bias, hidden_bias = find("bias_ih"), find("bias_hh")
        self.cell: Cell
        if kind == "rnn":
            self.cell = RNNCell(recurrent, hidden_bias, nonlinearity)
        elif kind == "gru":
            self.cell = GRUCell(recurrent, hidden_bias)
        else:
            self.cell = LSTMCell(recurrent, hidden_bias)

    def read(self, x: Doubles) -> Doubles:
        """Return W_ih x_t + b_ih: [n, input] to [n, gates * hidden]."""
        return x @ self.input_weight.T + self.input_bias
