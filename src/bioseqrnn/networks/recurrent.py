"""Recurrent layers with real masking: padding can never change an output.

Same constructors, parameter names and layouts as ``torch.nn.RNN``, ``GRU`` and ``LSTM`` (so a
state dict moves both ways), with three differences: ``batch_first`` defaults to True, ``forward``
takes lengths, and input may be integer symbol codes. The equations, for one direction and layer:

RNN    h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)                (Elman, 1990)
GRU    r, z = σ(W x_t + U h_{t-1} + b);  n = tanh(W_n x_t + b_n + r ∘ (U_n h_{t-1} + c_n));
       h_t = (1 - z) ∘ n + z ∘ h_{t-1}                                  (Cho et al., 2014)
LSTM   i, f, o = σ(W x_t + U h_{t-1} + b);  g = tanh(W_g x_t + U_g h_{t-1} + b_g);
       c_t = f ∘ c_{t-1} + i ∘ g;  h_t = o ∘ tanh(c_t)                  (Gers et al., 2000)

The classic b_h of the vanilla RNN is b_ih + b_hh.

On the CPU the layers run on kernels of this package (``models/engine``), several times faster than
``torch.nn``; on a GPU they are ``torch.nn`` and so cuDNN. ``torch.nn`` also stands in where Numba
is missing, or where ``BIOSEQRNN_ENGINE=torch`` asks for it.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

State = Tensor | tuple[Tensor, Tensor]
ENGINE = "BIOSEQRNN_ENGINE"


@cache
def engine_installed() -> bool:
    """Whether CPU kernels can be used; says so, once, where they cannot.

    InputError where ``BIOSEQRNN_ENGINE`` is neither ``numba`` nor ``torch``.
    """
    wanted = os.environ.get(ENGINE, "numba")
    if wanted not in ("numba", "torch"):
        raise InputError(f"environment variable {ENGINE}={wanted}: use numba or torch")
    if wanted == "torch":
        say(f"recurrent layers run on torch.nn, as {ENGINE}=torch asks")
        return False
    if find_spec("numba") is None:
        say(
            "Numba is not installed: recurrent layers run on torch.nn, which gives the same "
            "numbers but takes several times longer on a CPU (pip install numba)"
        )
        return False
    return True


def kernels_take(tensor: Tensor) -> bool:
    """Whether the CPU kernels do: on the CPU, float32 or float64, no autocast."""
    return (
        tensor.device.type == "cpu"
        and tensor.dtype in (torch.float32, torch.float64)
        and not torch.is_autocast_enabled("cpu")
        and engine_installed()
    )


# The ignored type errors: forward takes lengths where torch.nn takes a state, on purpose.


class _Lengths(nn.RNNBase):
    """Adds lengths and symbol codes to a ``torch.nn`` recurrent module."""

    symbols: Tensor | None

    def __init__(
        self,
        *args: Any,
        batch_first: bool = True,
        symbols: Tensor | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, batch_first=batch_first, **kwargs)  # type: ignore[misc]
        # not part of the state dict, which stays that of torch.nn
        self.register_buffer("symbols", symbols, persistent=False)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Run the layer over a batch of sequences.

        Parameters
        ----------
        x : Tensor
            Float ``[batch, time, input]``, or integer symbol codes ``[batch, time]``, which are
            looked up in ``symbols`` (float ``[codes, input]``, given at construction).
        lengths : int64 Tensor ``[batch]``, optional
            True length of each sequence, 1 to ``time``; None means all are ``time`` long.

        Returns
        -------
        output : Tensor ``[batch, time, directions * hidden]``
            Zero past a sequence's end.
        state : Tensor ``[layers * directions, batch, hidden]``
            State after each sequence's own last position; for the LSTM (h, c).

        Raises
        ------
        ValueError
            Integer input without ``symbols``; input of another shape, or without positions; other
            than one length a sequence, or one outside 1 to ``time``.
        IndexError
            A code that is no row of ``symbols``.
        """
        batch, time = self._check(x, lengths)
        if batch and self._on_engine(x):
            return self._engine(x, lengths)
        if not x.is_floating_point():
            assert self.symbols is not None
            x = self.symbols[x]
        if x.is_cuda and torch.is_autocast_enabled("cuda"):
            # cuDNN would take float16, whatever autocast says, and lose small gradients
            with torch.autocast("cuda", enabled=False):
                return self._torch(x.float(), lengths, time)
        return self._torch(x, lengths, time)

    def _torch(self, x: Tensor, lengths: Tensor | None, time: int) -> tuple[Tensor, State]:
        """The layer of ``torch.nn``, of packed sequences where they have padding."""
        if lengths is None or bool((lengths == time).all()):
            output, state = super().forward(x)
            return output, state
        packed = pack_padded_sequence(
            x, lengths.cpu(), batch_first=self.batch_first, enforce_sorted=False
        )
        packed_output, state = super().forward(packed)
        output, _ = pad_packed_sequence(
            packed_output, batch_first=self.batch_first, total_length=time
        )
        return output, state

    def _check(self, x: Tensor, lengths: Tensor | None) -> tuple[int, int]:
        """Raise ValueError where input or lengths do not fit; return batch and time."""
        codes = not x.is_floating_point()
        if codes and self.symbols is None:
            raise ValueError("integer input needs the symbol table given at construction")
        wanted = "[batch, time]" if codes else f"[batch, time, {self.input_size}]"
        if x.dim() != (2 if codes else 3) or not (codes or x.shape[2] == self.input_size):
            raise ValueError(f"input must be {wanted}, not {list(x.shape)}")
        batch, time = x.shape[:2] if self.batch_first else (x.shape[1], x.shape[0])
        if time == 0:
            raise ValueError("input has no positions")
        if lengths is None:
            return batch, time
        if lengths.shape != (batch,) or lengths.dtype not in (torch.int32, torch.int64):
            raise ValueError(f"lengths must be one integer for each of {batch} sequences")
        if bool(((lengths < 1) | (lengths > time)).any()):
            raise ValueError(f"lengths must be 1 to {time}")
        return batch, time

    def _on_engine(self, x: Tensor) -> bool:
        """Whether the CPU kernels can do it: one precision, no projections."""
        weight = next(self.parameters())
        return (
            x.device == weight.device
            and (not x.is_floating_point() or x.dtype == weight.dtype)
            and self.proj_size == 0
            and kernels_take(weight)
        )

    def _engine(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, State]:
        from bioseqrnn.networks.engine.layer import run_layer

        symbols = None if x.is_floating_point() else self.symbols
        if symbols is not None:
            symbols = symbols.to(next(self.parameters()).dtype)
        x = x if self.batch_first else x.transpose(0, 1)
        x = x if x.is_floating_point() else x.long()
        ends = torch.full((len(x),), x.shape[1]) if lengths is None else lengths.long()
        mode = f"RNN_{self.nonlinearity.upper()}" if isinstance(self, nn.RNN) else self.mode
        states, cells = [], []
        for layer, parameters in enumerate(self._layers()):
            x, state, cell = run_layer(
                mode, x, ends.cpu().numpy(), symbols if layer == 0 else None, parameters
            )
            states.append(state)
            cells.append(cell)
            if layer < self.num_layers - 1:
                x = nn.functional.dropout(x, self.dropout, self.training)
        output = x if self.batch_first else x.transpose(0, 1)
        if mode == "LSTM":
            return output, (torch.cat(states), torch.cat(cells))
        return output, torch.cat(states)

    def _layers(self) -> list[list[list[Tensor]]]:
        """Parameters, a list a layer of a list a direction."""
        kinds = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if self.bias else [])]
        ways = ["", "_reverse"] if self.bidirectional else [""]
        return [
            [[getattr(self, f"{kind}_l{layer}{way}") for kind in kinds] for way in ways]
            for layer in range(self.num_layers)
        ]


class RNN(_Lengths, nn.RNN):  # type: ignore[misc]
    """Vanilla (Elman) RNN; see the module docstring for its equation."""


class GRU(_Lengths, nn.GRU):  # type: ignore[misc]
    """Gated recurrent unit, in the form that applies the reset gate after the product."""


class LSTM(_Lengths, nn.LSTM):  # type: ignore[misc]
    """Long short-term memory with a forget gate, without peepholes."""


CELLS: dict[str, type[RNN] | type[GRU] | type[LSTM]] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}


def initialise(layer: nn.RNNBase, memory: int = 0) -> None:
    """Orthogonal recurrent matrices (one a gate), Xavier input matrices, and biases that remember.

    Orthogonal: Saxe et al., 2014. The forget-gate bias of the LSTM is 1 (Jozefowicz et al., 2015),
    other biases are 0; but with a ``memory`` of T steps, above 1, every second unit i starts such
    that it forgets in about t_i steps (chrono initialisation; Tallec and Ollivier, 2018):
    forget-gate bias log(t_i - 1) and input-gate bias its negative (LSTM), update-gate bias
    log(t_i - 1) (GRU). The t_i are drawn evenly from 2 to T. Only
    every second unit, because what is near counts too: with all of them splice junctions and core
    promoters were called less well. ``torch.nn`` adds two biases, of which that of the input
    carries all, and orders gates i, f, g, o (LSTM) and r, z, n (GRU, whose z keeps the state).
    """
    hidden = layer.hidden_size
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith("weight_hh"):
                for gate in parameter.chunk(len(parameter) // hidden):
                    nn.init.orthogonal_(gate)
            elif name.startswith("weight_ih"):
                for gate in parameter.chunk(len(parameter) // hidden):
                    nn.init.xavier_uniform_(gate)
            else:
                parameter.zero_()
                if name.startswith("bias_ih"):
                    _set_gates(layer, parameter, memory)


def _set_gates(layer: nn.RNNBase, bias: Tensor, memory: int) -> None:
    """Set the biases of the gates that remember, in place."""
    hidden = layer.hidden_size
    # the gate that keeps the state: f of the LSTM, z of the GRU
    keep = bias[hidden : 2 * hidden]
    if isinstance(layer, nn.LSTM):
        keep.fill_(1.0)
    if memory > 1 and isinstance(layer, (nn.LSTM, nn.GRU)):
        drawn = torch.log(1 + torch.rand(len(keep[::2])) * (memory - 2))
        keep[::2] = drawn
        if isinstance(layer, nn.LSTM):
            bias[:hidden:2] = -drawn
