"""Recurrent layers with real masking: padding can never change an output.

Parameters have the names and the layout of ``torch.nn.RNN``, ``GRU`` and ``LSTM``, so that a state
dict can be loaded in both directions. Input and output are [batch, time, features], and ``forward``
takes lengths. The equations are in the modules of ``networks.cells``.

On the CPU the layers run on the kernels of ``networks.engine``, several times faster than
``torch.nn``. On a GPU they run on ``torch.nn``, which uses cuDNN. With ``BIOSEQRNN_ENGINE=torch``
they run on ``torch.nn`` on the CPU too.
"""

from __future__ import annotations

import os
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bioseqrnn.networks.cells import CELLS
from bioseqrnn.networks.engine.layer import run_layer
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

State = Tensor | tuple[Tensor, Tensor]
ENGINE = "BIOSEQRNN_ENGINE"


@cache
def engine_wanted() -> bool:
    """Whether layers on the CPU run on the kernels; prints one message if they do not.

    Raises
    ------
    InputError
        ``BIOSEQRNN_ENGINE`` is neither ``numba`` nor ``torch``.
    """
    wanted = os.environ.get(ENGINE, "numba")
    if wanted not in ("numba", "torch"):
        raise InputError(f"environment variable {ENGINE}={wanted}: use numba or torch")
    if wanted == "torch":
        say(f"recurrent layers run on torch.nn, because {ENGINE}=torch is set")
    return wanted == "numba"


def kernels_take(tensor: Tensor) -> bool:
    """Whether the kernels can process a tensor: on the CPU, float32 or float64, no autocast."""
    return (
        tensor.device.type == "cpu"
        and tensor.dtype in (torch.float32, torch.float64)
        and not torch.is_autocast_enabled("cpu")
        and engine_wanted()
    )


class Recurrent(nn.RNNBase):
    """A recurrent module of ``torch.nn`` with lengths, and with the kernels where they can run.

    Parameters
    ----------
    input_size, hidden_size, num_layers : int
    bidirectional : bool
    dropout : float
        Dropout between layers, in training.

    Attributes
    ----------
    cell : str
        Name in ``networks.cells.CELLS``.
    """

    cell: str

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        # super() is here RNN, GRU or LSTM of torch.nn, whose constructors take no mode
        super().__init__(
            input_size,  # type: ignore[arg-type]
            hidden_size,
            num_layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout,
        )

    # on purpose, the second argument is lengths; in torch.nn it is a state
    def forward(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Run the layer over a batch of sequences.

        Parameters
        ----------
        x : float Tensor [batch, time, input]
        lengths : int64 Tensor [batch], optional
            True length of each sequence, 1 to ``time``; None: all are ``time`` long.

        Returns
        -------
        output : Tensor [batch, time, directions * hidden]
            Zero past a sequence's end.
        state : Tensor [layers * directions, batch, hidden]
            State after each sequence's own last position; for the LSTM (h, c).

        Raises
        ------
        ValueError
            The input has a wrong shape or no positions, there is not exactly one length for each
            sequence, or a length is outside 1 to ``time``.
        """
        self._check(x, lengths)
        weight = self.weight_hh_l0
        if len(x) and (x.device, x.dtype) == (weight.device, weight.dtype) and kernels_take(x):
            return self._engine(x, lengths)
        if x.is_cuda and torch.is_autocast_enabled("cuda"):
            # cuDNN would use float16, whatever type autocast asks for, and lose small gradients
            with torch.autocast("cuda", enabled=False):
                return self._torch(x.float(), lengths)
        return self._torch(x, lengths)

    def _check(self, x: Tensor, lengths: Tensor | None) -> None:
        """Raise ValueError if input or lengths do not fit."""
        if x.dim() != 3 or x.shape[2] != self.input_size:
            raise ValueError(f"input must be [batch, time, {self.input_size}], not {list(x.shape)}")
        batch, time, _ = x.shape
        if time == 0:
            raise ValueError("input has no positions")
        if lengths is None:
            return
        if lengths.shape != (batch,) or lengths.dtype not in (torch.int32, torch.int64):
            raise ValueError(f"lengths must be one integer for each of {batch} sequences")
        if bool(((lengths < 1) | (lengths > time)).any()):
            raise ValueError(f"lengths must be 1 to {time}")

    def _torch(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, State]:
        """Run the layer of ``torch.nn``, on packed sequences if there is padding."""
        time = x.shape[1]
        if lengths is None or bool((lengths == time).all()):
            output, state = super().forward(x)
            return output, state
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        packed_output, state = super().forward(packed)
        output, _ = pad_packed_sequence(packed_output, batch_first=True, total_length=time)
        return output, state

    def _engine(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, State]:
        """Run the layer on the kernels."""
        ends = torch.full((len(x),), x.shape[1]) if lengths is None else lengths.long()
        states, cells = [], []
        for layer, parameters in enumerate(self._layers()):
            x, state, last_cells = run_layer(self.cell, x, ends.cpu().numpy(), parameters)
            states.append(state)
            cells.append(last_cells)
            if layer < self.num_layers - 1:
                x = nn.functional.dropout(x, self.dropout, self.training)
        if CELLS[self.cell].states == 2:
            return x, (torch.cat(states), torch.cat(cells))
        return x, torch.cat(states)

    def _layers(self) -> list[list[list[Tensor]]]:
        """The parameters: for each layer a list, with a list of tensors for each direction."""
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ways = ["", "_reverse"] if self.bidirectional else [""]
        return [
            [[getattr(self, f"{kind}_l{layer}{way}") for kind in kinds] for way in ways]
            for layer in range(self.num_layers)
        ]


def _layer_of(name: str) -> type[Recurrent]:
    """Return the class of the recurrent layer of a cell."""
    module = CELLS[name].module
    doc = f"{module.__name__} with lengths; networks/cells/{name}.py has its equations."
    space = {"cell": name, "__doc__": doc, "__module__": __name__}
    return type(module.__name__, (Recurrent, module), space)


LAYERS = {name: _layer_of(name) for name in CELLS}
RNN, GRU, LSTM = LAYERS["rnn"], LAYERS["gru"], LAYERS["lstm"]


def initialise(layer: Recurrent, memory: int = 0) -> None:
    """Set orthogonal recurrent matrices (one for each gate), Xavier input matrices, and biases.

    Orthogonal matrices follow Saxe et al., 2014. Biases are 0 except at the gates that keep the
    state, which the module of the cell sets (``remember``): ``memory`` is the number of steps for
    which they should keep it, 0 for no preference. ``torch.nn`` adds two biases; the input bias has
    the value.
    """
    remember = CELLS[layer.cell].remember
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
                if name.startswith("bias_ih") and remember:
                    remember(parameter, memory)
