"""One direction of a recurrent layer in double precision, to look at its steps one by one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bioseqrnn.networks.cells import CELLS
from bioseqrnn.support.arrays import Doubles


class Direction:
    """One layer and direction with its input weights, read from a state dict of ``torch.nn``.

    Parameters
    ----------
    kind : {"rnn", "gru", "lstm"}
    weights : mapping of str to array
        A state dict of ``torch.nn.RNN``, ``GRU`` or ``LSTM``.
    layer : int
        From 0.
    reverse : bool
        The direction that reads from the last position to the first.
    """

    def __init__(
        self,
        kind: str,
        weights: Mapping[str, npt.ArrayLike],
        layer: int,
        *,
        reverse: bool,
    ) -> None:
        suffix = f"_l{layer}{'_reverse' if reverse else ''}"

        def find(name: str) -> Doubles:
            return np.asarray(weights[name + suffix], np.float64)

        self.reverse = reverse
        self.input_weight = find("weight_ih")
        self.input_bias = find("bias_ih")
        self.cell = CELLS[kind].derivative(find("weight_hh"), find("bias_hh"))

    def read(self, x: Doubles) -> Doubles:
        """Return W_ih x_t + b_ih: [n, input] to [n, gates * hidden]."""
        return x @ self.input_weight.T + self.input_bias
