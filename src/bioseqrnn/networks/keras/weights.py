"""Arrays of Keras's recurrent layers in the layout of ``torch.nn``.

Keras computes x W with the kernels of the gates side by side, ``torch.nn`` computes W x with the
kernels stacked. The order of the gates, and the biases:

========== ============ ============ ========================================================
cell       Keras        torch.nn     biases of Keras
========== ============ ============ ========================================================
SimpleRNN  –            –            one vector
GRU        z, r, h      r, z, n      [2, 3 units] (``reset_after=True``): input, recurrent
LSTM       i, f, c, o   i, f, g, o   one vector
========== ============ ============ ========================================================

A single vector becomes ``bias_ih``, and ``bias_hh`` is zero. The equations are the same: Keras's
GRU computes h = z ∘ h + (1 - z) ∘ h', and with ``reset_after=True`` (the default, and the form of
cuDNN) it applies the reset gate after the recurrent product, as ``torch.nn`` does. With False it
applies it before the product, which no ``torch.nn`` layer can do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bioseqrnn.networks.cells import CELLS
from bioseqrnn.support.errors import InputError

Array = npt.NDArray[np.floating]


def recurrent_state(cell: str, layers: Sequence[Sequence[Sequence[Array]]]) -> dict[str, Array]:
    """Return the state dict of ``torch.nn.RNN``, ``GRU`` or ``LSTM``.

    Parameters
    ----------
    cell : {"rnn", "gru", "lstm"}
    layers : sequence (a layer) of sequence (a direction, forward first) of arrays
        ``kernel`` [input, gates * units], ``recurrent_kernel`` [units, gates * units] and, unless
        the layer has ``use_bias=False``, ``bias`` ([gates * units], in a GRU [2, gates * units]),
        as ``layer.get_weights()`` returns them.

    Returns
    -------
    dict of str to array
        ``weight_ih_l0`` and so on, in the precision of the kernels; float [gates * units, input],
        [gates * units, units] and [gates * units].

    Raises
    ------
    InputError
        Arrays have other shapes.
    """
    state: dict[str, Array] = {}
    for number, directions in enumerate(layers):
        for arrays, suffix in zip(directions, ("", "_reverse"), strict=False):
            for name, array in _direction(cell, arrays).items():
                state[f"{name}_l{number}{suffix}"] = array
    return state


def _direction(cell: str, arrays: Sequence[Array]) -> dict[str, Array]:
    kernel, recurrent, bias = _checked(cell, arrays)
    return {
        "weight_ih": _reordered(cell, kernel).T.copy(),
        "weight_hh": _reordered(cell, recurrent).T.copy(),
        "bias_ih": _reordered(cell, bias[0]),
        "bias_hh": _reordered(cell, bias[1]),
    }


def _reordered(cell: str, array: Array) -> Array:
    """Put the gates along the last axis into the order of ``torch.nn``."""
    places = CELLS[cell].keras.gates
    gates = np.split(array, len(places), axis=-1)
    return np.concatenate([gates[place] for place in places], axis=-1)


def _checked(cell: str, arrays: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Kernels, and biases as [2, gates * units], if their shapes fit the cell."""
    shapes = " ".join(str(array.shape) for array in arrays)
    if len(arrays) not in (2, 3) or any(array.ndim != 2 for array in arrays[:2]):
        raise InputError(f"weights of shapes {shapes} do not belong to one {cell} layer")
    kernel, recurrent = arrays[:2]
    columns = CELLS[cell].gates * recurrent.shape[0]
    two = CELLS[cell].keras.biases == 2
    shape = (2, columns) if two else (columns,)
    bias = arrays[2] if len(arrays) == 3 else np.zeros(shape, kernel.dtype)
    if two and bias.shape == (columns,):
        raise InputError(
            "a GRU with reset_after=False is not supported; train it with reset_after=True"
        )
    if not (kernel.shape[1] == recurrent.shape[1] == columns and bias.shape == shape):
        raise InputError(f"weights of shapes {shapes} do not belong to one {cell} layer")
    return kernel, recurrent, bias if two else np.stack([bias, np.zeros_like(bias)])
