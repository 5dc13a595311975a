"""Translation of a chain of Keras layers to settings and weights of a SequenceClassifier.

These chains can be translated: [Masking or Embedding] → SimpleRNN, GRU or LSTM layers of one kind
and size, all plain or all Bidirectional → [GlobalMaxPooling1D or GlobalAveragePooling1D] → Dense.
Layers that act only in training are skipped. For other chains an InputError gives the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.cells import CELLS
from bioseqrnn.networks.keras.files import KerasLayer
from bioseqrnn.networks.keras.weights import Array, recurrent_state
from bioseqrnn.support.errors import InputError

Pooling = Literal["max", "mean", "last"]
# name of the cell for each name of a Keras layer
LAYERS = {cell.keras.layer: name for name, cell in CELLS.items()}
POOLINGS: dict[str, Pooling] = {"GlobalMaxPooling1D": "max", "GlobalAveragePooling1D": "mean"}
# further names of the poolings in Keras 2
POOLINGS |= {"GlobalMaxPool1D": "max", "GlobalAvgPool1D": "mean"}
TRAINING_ONLY = {
    "InputLayer", "Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise", "AlphaDropout",
    "ActivityRegularization", "Identity",
}  # fmt: skip
IMPORTED = (
    "what can be imported is [Masking or Embedding], SimpleRNN, GRU or LSTM layers, plain or "
    "Bidirectional, [GlobalMaxPooling1D or GlobalAveragePooling1D], one Dense"
)


@dataclass
class Imported:
    """A network translated to bioseqrnn.

    Attributes
    ----------
    config : ModelConfig
    state : dict of str to float array
        State dict of the SequenceClassifier; the columns of the input are in the order of Keras.
    columns : int
        One-hot columns, or rows of the embedding.
    masked : bool
        Whether the model skipped padding.
    binary : bool
        Whether the head was one sigmoid unit: class 0 has the logit 0.
    """

    config: ModelConfig
    state: dict[str, Array]
    columns: int
    masked: bool
    binary: bool


@dataclass
class _Stack:
    """Recurrent layers, collected while the chain is read."""

    cell: str = "rnn"
    bidirectional: bool = False
    layers: list[list[list[Array]]] = field(default_factory=list)


def read_network(layers: list[KerasLayer], *, logits: bool = False) -> Imported:
    """Translate a chain of layers.

    Parameters
    ----------
    layers : list of KerasLayer
    logits : bool
        Whether a linear Dense layer returns logits (``from_logits=True`` in the loss).

    Raises
    ------
    InputError
        A layer or setting has no equivalent here; the message names it.
    """
    left = [layer for layer in layers if layer.kind not in TRAINING_ONLY]
    embedding, masked = _front(left)
    stack, sequences = _recurrent(left)
    pooling: Pooling = "last"
    if left and left[0].kind in POOLINGS:
        pooling = _pooling(left.pop(0), sequences, masked)
    elif sequences:
        what = f"layer '{left[0].name}' ({left[0].kind})" if left else "the end of the model"
        raise InputError(f"{what} follows a recurrent layer with return_sequences=True; {IMPORTED}")
    weight, bias, binary = _head(left, logits)
    try:
        state = recurrent_state(stack.cell, stack.layers)
    except InputError as error:
        raise InputError(f"recurrent layers: {error}") from error
    if embedding is not None:
        # looking up a row and multiplying it equals one product with a table of all rows
        for name in state.keys() & {"weight_ih_l0", "weight_ih_l0_reverse"}:
            state[name] = state[name].astype(np.float64) @ embedding.T
    units = state["weight_hh_l0"].shape[1]
    settings: dict[str, Any] = {
        "cell": stack.cell,
        "hidden_size": units,
        "layers": len(stack.layers),
        "bidirectional": stack.bidirectional,
        "residue_properties": False,
        "stem_filters": 0,
        "stem_pool": 1,
        "stem_summary": False,
        "positions": 0,
        "pooling": [pooling],
        "reverse_complement": "none",
        "members": 1,
        "dropout": 0.0,
    }
    config = ModelConfig(**settings)
    named = {f"recurrent.{name}": array for name, array in state.items()}
    named |= {"head.weight": weight, "head.bias": bias}
    return Imported(config, named, state["weight_ih_l0"].shape[1], masked, binary)


def _front(left: list[KerasLayer]) -> tuple[Array | None, bool]:
    """Remove Masking or Embedding at the front; return its rows, and whether padding is skipped."""
    embedding, masked = None, False
    if left and left[0].kind == "Embedding":
        layer = left.pop(0)
        _require_floats(layer, 1)
        embedding, masked = layer.weights[0], bool(layer.config.get("mask_zero"))
    if left and left[0].kind == "Masking":
        left.pop(0)
        masked = True
    return embedding, masked


def _recurrent(left: list[KerasLayer]) -> tuple[_Stack, bool]:
    """Remove and return the recurrent layers, and whether the last one returns all positions."""
    stack = _Stack()
    sequences = True
    while left and (left[0].kind in LAYERS or left[0].kind == "Bidirectional"):
        layer = left.pop(0)
        if not sequences:
            raise InputError(f"layer '{layer.name}' reads a single state; {IMPORTED}")
        sequences = _add(stack, layer)
    if not stack.layers:
        what = f"layer '{left[0].name}' ({left[0].kind})" if left else "nothing"
        raise InputError(f"{what} was found instead of a recurrent layer; {IMPORTED}")
    return stack, sequences


def _add(stack: _Stack, layer: KerasLayer) -> bool:
    """Add a recurrent layer to the stack; return its ``return_sequences``."""
    both = layer.kind == "Bidirectional"
    inner = [(layer.kind, layer.config)]
    if both:
        if layer.config["merge_mode"] != "concat":
            _refuse(layer, f"merge_mode={layer.config['merge_mode']}", "concat")
        parts = [layer.config[key] for key in ("layer", "backward_layer") if key in layer.config]
        inner = [(part["class_name"], part["config"]) for part in parts]
    for place, (kind, config) in enumerate(inner):
        if kind not in LAYERS:
            raise InputError(f"layer '{layer.name}' ({kind}) is not supported; {IMPORTED}")
        _check_settings(layer, kind, config, backward=place == 1)
    cell = LAYERS[inner[0][0]]
    per_direction = 3 if inner[0][1]["use_bias"] else 2
    count = (1 + both) * per_direction
    _require_floats(layer, count)
    directions = [layer.weights[i : i + per_direction] for i in range(0, count, per_direction)]
    units = {part[1].shape[0] for part in directions}
    if stack.layers:
        before = stack.layers[0][0][1].shape[0]
        same = (cell, both, units) == (stack.cell, stack.bidirectional, {before})
    else:
        same = len(units) == 1
    if not same or any(LAYERS[kind] != cell for kind, _ in inner):
        raise InputError(
            f"layer '{layer.name}' differs from the recurrent layers before it (or its directions "
            "from each other) in kind, units or direction; they must be the same"
        )
    stack.cell, stack.bidirectional = cell, both
    stack.layers.append(directions)
    return bool(inner[0][1]["return_sequences"])


def _check_settings(
    layer: KerasLayer, kind: str, config: dict[str, Any], *, backward: bool
) -> None:
    """Raise InputError for settings of a recurrent layer that change what it computes."""
    wanted: dict[str, Any] = {
        "activation": "tanh",
        "go_backwards": backward,
        "stateful": False,
        "return_state": False,
        "time_major": False,
    }
    wanted |= CELLS[LAYERS[kind]].keras.settings
    absent = {"return_state": False, "time_major": False, "reset_after": False}
    for key, value in wanted.items():
        if (given := config.get(key, absent.get(key))) != value:
            _refuse(layer, f"{key}={given}", str(value))


def _refuse(layer: KerasLayer, given: str, wanted: str) -> None:
    raise InputError(
        f"layer '{layer.name}' ({layer.kind}): {given} is not supported (must be {wanted})"
    )


def _require_floats(layer: KerasLayer, count: int) -> None:
    """Raise InputError if weights of a layer are missing or quantised."""
    kinds = {array.dtype.kind for array in layer.weights}
    if len(layer.weights) != count or kinds - {"f"}:
        raise InputError(
            f"layer '{layer.name}' ({layer.kind}): {count} arrays of floats are needed, but the "
            f"file has {len(layer.weights)} "
            f"({', '.join(str(a.dtype) for a in layer.weights) or 'none'})"
        )
    if not all(np.isfinite(array).all() for array in layer.weights):
        raise InputError(
            f"layer '{layer.name}' ({layer.kind}): a weight is infinite or not a number"
        )


def _pooling(layer: KerasLayer, sequences: bool, masked: bool) -> Pooling:
    if not sequences:
        raise InputError(f"layer '{layer.name}' pools a single state; {IMPORTED}")
    for key, value in (("data_format", "channels_last"), ("keepdims", False)):
        if layer.config.get(key, value) != value:
            _refuse(layer, f"{key}={layer.config[key]}", str(value))
    if masked and POOLINGS[layer.kind] == "max":
        raise InputError(
            f"layer '{layer.name}' ({layer.kind}) ignores the mask of Masking or Embedding, so its "
            "maximum depends on padding; this is not supported"
        )
    return POOLINGS[layer.kind]


def _head(left: list[KerasLayer], logits: bool) -> tuple[Array, Array, bool]:
    """Weight [classes, features] and bias [classes] of the head, and whether it was one sigmoid."""
    if not left or left[0].kind != "Dense":
        what = f"layer '{left[0].name}' ({left[0].kind})" if left else "the end of the model"
        raise InputError(f"{what} was found instead of the Dense layer of the classes; {IMPORTED}")
    dense, *rest = left
    activation = dense.config["activation"]
    if rest and activation == "linear" and rest[0].kind in ("Activation", "Softmax"):
        activation = rest.pop(0).config.get("activation", "softmax")
    if rest:
        raise InputError(
            f"layer '{rest[0].name}' ({rest[0].kind}) follows the Dense layer; {IMPORTED}"
        )
    _require_floats(dense, 2 if dense.config["use_bias"] else 1)
    weight = dense.weights[0].T
    units = len(weight)
    bias = dense.weights[1] if dense.config["use_bias"] else np.zeros(units, weight.dtype)
    if activation == "linear" and logits:
        activation = "sigmoid" if units == 1 else "softmax"
    if activation == "linear":
        raise InputError(
            f"layer '{dense.name}' (Dense) is linear: a regression cannot be imported; if the loss "
            "was made with from_logits=True, add --logits"
        )
    if (activation == "sigmoid") != (units == 1) or activation not in ("sigmoid", "softmax"):
        raise InputError(
            f"layer '{dense.name}' (Dense): {units} units with {activation} do not predict one "
            "class for each record; use softmax over the classes, or one unit with sigmoid"
        )
    if units == 1:
        # softmax over the logits (0, z) is sigmoid(z)
        return np.vstack([np.zeros_like(weight), weight]), np.append(bias * 0, bias), True
    return weight, bias, False
