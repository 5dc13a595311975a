"""The definition of a recurrent cell: the classes that the module of each cell fills in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from bioseqrnn.support.arrays import Doubles

# values that a step stores for its derivative
Local = tuple[Doubles, ...]


class Columns(NamedTuple):
    """Layout of the numbers that the kernels store for one step of one sequence.

    They are stored in columns, each with as many numbers as the layer has units. Before a step, the
    columns of the gates hold the sums from which the gates are computed. The first ``hidden``
    columns are the sums that the hidden state contributes to. The input contributes to ``input``
    columns, which begin at ``input_from``. The new state h_t is in the last column.

    Attributes
    ----------
    kept : int
        Columns of a step.
    sums : int
        Columns of sums, for which gradients are computed.
    hidden : int
        Columns to which the hidden state contributes.
    input : int
        Columns to which the input contributes: the gates, in the order of ``torch.nn``.
    input_from : int
        The first of these columns.
    order : tuple of int
        For each column to which the hidden state contributes, the number of its gate in
        ``torch.nn``.
    """

    kept: int
    sums: int
    hidden: int
    input: int
    input_from: int
    order: tuple[int, ...]


class Derivative(Protocol):
    """One step in double precision, and its derivative in closed form.

    The state s is everything that a cell passes to the next step: h, or (h, c) of the LSTM. Weights
    have the layout of ``torch.nn``, with gates stacked in its order. The constructor takes
    ``weight_hh`` and ``bias_hh``.

    Attributes
    ----------
    recurrent : float64 [gates * hidden, hidden]
        ``weight_hh``.
    states : int
        Number of vectors of size hidden in a state.
    """

    recurrent: Doubles
    states: int

    def step(self, x: Doubles, state: Doubles) -> tuple[Doubles, Local]:
        """Return the next state [n, states * hidden] and the values that its derivative needs.

        ``x`` [n, gates * hidden] is W_ih x_t + b_ih, ``state`` the previous state.
        """
        ...

    def gates(self, x: Doubles, state: Doubles) -> dict[str, Doubles]:
        """Return the gates of the same step by name: values from 0 to 1, each [n, hidden].

        A cell without gates has none.
        """
        ...

    def back(self, rows: Doubles, local: Local) -> Doubles:
        """Multiply ``rows`` [n, m, states * hidden] by ∂s_t/∂s_{t-1} of each record.

        The matrix itself is never built.
        """
        ...


@dataclass(frozen=True)
class Keras:
    """The cell in Keras.

    Attributes
    ----------
    layer : str
        Name of the Keras layer.
    gates : tuple of int
        For each gate of ``torch.nn``, in its order, the place of that gate in Keras.
    biases : int
        Number of bias vectors: 1, which becomes ``bias_ih``, or 2.
    settings : mapping
        Settings with which the Keras layer computes the same as the layer here.
    """

    layer: str
    gates: tuple[int, ...]
    biases: int = 1
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """A recurrent cell.

    Attributes
    ----------
    module : type of nn.RNNBase
        The layer of ``torch.nn``, which defines the parameters and runs on a GPU.
    columns : Columns
        Layout of the numbers that the kernels store for a step.
    states : int
        Number of vectors in a state: 1, or 2 for (h, c).
    forward : kernel ``(kept, k0, width, h, c, rows, hidden)``
        Replaces the sums of a step by gates, and the states ``h`` (and ``c``) [rows, hidden] by the
        states after the step. The columns of a row begin at ``k0 + row * width`` of ``kept``.
    backward : kernel ``(kept, k0, before, width, dh, dc, sums, d0, swidth, rows, hidden)``
        Writes the gradients of the sums to ``sums``, from ``d0 + row * swidth`` on, and replaces
        ``dh`` (and ``dc``) by the part of the gradient that reaches the previous step without a
        matrix product. The columns of the previous step begin at ``before + row * width``;
        ``before`` is negative at the first step.
    derivative : type of Derivative
        Constructor of (``weight_hh``, ``bias_hh``).
    keras : Keras
    remember : function of (bias_ih, memory), optional
        Sets the initial biases of the gates that keep the state, in place. ``bias_ih`` [gates *
        hidden] is zero before; a ``memory`` above 1 is the number of steps to remember.
    """

    module: type[nn.RNNBase]
    columns: Columns
    states: int
    forward: Callable[..., None]
    backward: Callable[..., None]
    derivative: Callable[[Doubles, Doubles], Derivative]
    keras: Keras
    remember: Callable[[Tensor, int], None] | None = None

    @property
    def gates(self) -> int:
        """Number of gates to which the input contributes: the blocks of ``weight_ih``."""
        return self.columns.input


def chrono(count: int, memory: int) -> Tensor:
    """Draw biases with which a gate forgets in 2 to ``memory`` steps (Tallec and Ollivier, 2018).

    Returns log(t - 1) for ``count`` values of t, drawn uniformly from 2 to ``memory``.
    """
    return torch.log(1 + torch.rand(count) * (memory - 2))


def times(rows: Doubles, matrix: Doubles) -> Doubles:
    """Multiply [n, m, a] by one matrix [a, b], in one product instead of n."""
    product: Doubles = rows.reshape(-1, rows.shape[2]) @ matrix
    return product.reshape(*rows.shape[:2], -1)
