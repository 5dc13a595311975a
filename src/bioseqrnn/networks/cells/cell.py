"""What a module of a recurrent cell says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from bioseqrnn.support.arrays import Doubles

# what a step keeps for its derivative
Local = tuple[Doubles, ...]


class Columns(NamedTuple):
    """The numbers that the kernels keep of one step of one sequence, in columns of ``hidden``.

    Before a step the sums of the gates are in the place of the gates. The sums that the hidden
    state feeds are the first ``hidden`` columns; those that the input feeds are ``input`` columns
    from ``input_from``. The new state h_t is in the last column.

    Attributes
    ----------
    kept : int
        Columns of a step.
    sums : int
        Columns of sums, of which gradients are taken.
    hidden : int
        Columns that the hidden state feeds.
    input : int
        Columns that the input feeds: the gates, in the order of ``torch.nn``.
    input_from : int
        The first of them.
    order : tuple of int
        For each column that the hidden state feeds, the number of its gate in ``torch.nn``.
    """

    kept: int
    sums: int
    hidden: int
    input: int
    input_from: int
    order: tuple[int, ...]


class Derivative(Protocol):
    """One step in double precision, and its derivative in closed form.

    The state s is all that a cell hands to the next step: h, or (h, c) of the LSTM. Weights are
    those of ``torch.nn``, gates stacked in its order. The constructor takes ``weight_hh`` and
    ``bias_hh``.

    Attributes
    ----------
    recurrent : float64 [gates * hidden, hidden]
        ``weight_hh``.
    states : int
        Vectors of size hidden in a state.
    """

    recurrent: Doubles
    states: int

    def step(self, x: Doubles, state: Doubles) -> tuple[Doubles, Local]:
        """Return the next state [n, states * hidden] and what its derivative needs.

        ``x`` [n, gates * hidden] is W_ih x_t + b_ih, ``state`` the previous state.
        """
        ...

    def back(self, rows: Doubles, local: Local) -> Doubles:
        """Multiply ``rows`` [n, m, states * hidden] by ∂s_t/∂s_{t-1} of each record.

        The matrix itself is never built.
        """
        ...


@dataclass(frozen=True)
class Keras:
    """How Keras writes the cell.

    Attributes
    ----------
    layer : str
        Name of its layer.
    gates : tuple of int
        For each gate of ``torch.nn``, in its order, the place of that gate in Keras.
    biases : int
        Bias vectors: 1, which becomes ``bias_ih``, or 2.
    settings : mapping
        Settings that make it compute the same as the layer here.
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
        The layer of ``torch.nn``: parameters, and what runs on a GPU.
    columns : Columns
        What the kernels keep of a step.
    states : int
        Vectors in a state: 1, or 2 for (h, c).
    forward : kernel ``(kept, k0, width, h, c, rows, hidden)``
        Turns the sums of a step into gates, and the states ``h`` (and ``c``) [rows, hidden] into
        those after the step. A row's columns begin at ``k0 + row * width`` of ``kept``.
    backward : kernel ``(kept, k0, before, width, dh, dc, sums, d0, swidth, rows, hidden)``
        Writes the gradients of the sums to ``sums``, from ``d0 + row * swidth``, and turns ``dh``
        (and ``dc``) into the part that goes to the step before without passing the products. That
        step's columns begin at ``before + row * width``; ``before`` is negative at the first step.
    derivative : type of Derivative
        Constructor of (``weight_hh``, ``bias_hh``).
    keras : Keras
    remember : function of (bias_ih, memory), optional
        Sets the initial biases of the gates that keep the state, in place. ``bias_ih`` [gates *
        hidden] is zero; a ``memory`` above 1 is the number of steps to remember.
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
        """Gates that the input feeds: the blocks of ``weight_ih``."""
        return self.columns.input


def chrono(count: int, memory: int) -> Tensor:
    """Draw biases with which a gate forgets in 2 to ``memory`` steps (Tallec and Ollivier, 2018).

    Returns log(t - 1) for ``count`` values of t, drawn evenly from 2 to ``memory``.
    """
    return torch.log(1 + torch.rand(count) * (memory - 2))


def times(rows: Doubles, matrix: Doubles) -> Doubles:
    """Multiply [n, m, a] by one matrix [a, b], as one product instead of n."""
    product: Doubles = rows.reshape(-1, rows.shape[2]) @ matrix
    return product.reshape(*rows.shape[:2], -1)
