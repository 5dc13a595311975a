"""The layers of a Keras model as one chain from input to output."""

from __future__ import annotations

from typing import Any

from bioseqrnn.support.errors import InputError

CHAIN = "a model can be imported only if its layers form one chain from one input to one output"
# Operations that compute the mask of Masking or Embedding in a functional model
MASK_OPERATIONS = {"NotEqual", "Any"}


def in_order(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the layers' entries (``class_name``, ``config``) in the order the input passes them.

    Parameters
    ----------
    model : dict
        Output of ``model.to_json()`` for a Sequential or a functional model.

    Raises
    ------
    InputError
        The model is subclassed, or layers branch, join or are used twice.
    """
    kind, config = model.get("class_name"), model["config"]
    if kind == "Sequential":
        # config is a list in Keras before 2.2.3
        layers: list[dict[str, Any]] = config if isinstance(config, list) else config["layers"]
        _by_name(layers)
        return layers
    if kind not in ("Functional", "Model") or "layers" not in config:
        raise InputError(f"a model of class {kind} has no list of its layers; {CHAIN}")
    entries = _by_name(config["layers"])
    masks = {name for name, entry in entries.items() if entry["class_name"] in MASK_OPERATIONS}
    chain = [_only(config["output_layers"])]
    while entries[chain[-1]]["class_name"] != "InputLayer":
        chain.append(_input_of(entries[chain[-1]], masks))
        if len(chain) > len(entries):
            raise InputError(CHAIN)
    aside = set(entries) - set(chain) - masks
    if aside:
        raise InputError(f"layer '{min(aside)}' is not in the chain of the others; {CHAIN}")
    found = [entries[name] for name in reversed(chain)]
    if masks and not any(_masks(entry) for entry in found):
        raise InputError(
            "it has its own mask; only the masks of Masking and Embedding are supported"
        )
    return found


def _by_name(layers: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return layers by their names, which also identify weights and links."""
    entries: dict[str, dict[str, Any]] = {}
    for layer in layers:
        if _name(layer) in entries:
            raise InputError(f"two layers are called '{_name(layer)}'; Keras does not allow this")
        entries[_name(layer)] = layer
    return entries


def _masks(entry: dict[str, Any]) -> bool:
    return entry["class_name"] == "Masking" or bool(entry["config"].get("mask_zero"))


def _name(entry: dict[str, Any]) -> str:
    """Name of a layer; some releases do not store it in the settings of operations."""
    return str(entry.get("name") or entry["config"]["name"])


def _only(ends: list[Any]) -> str:
    """Name of the only output; Keras 3 writes [name, 0, 0], Keras 2 a list of such lists."""
    if isinstance(ends[0], str):
        return ends[0]
    if len(ends) > 1:
        raise InputError(f"the model has {len(ends)} outputs; {CHAIN}")
    return str(ends[0][0])


def _input_of(entry: dict[str, Any], masks: set[str]) -> str:
    """Name of the only layer that a layer reads; masks do not count as input."""
    nodes = entry["inbound_nodes"]
    name = _name(entry)
    if len(nodes) != 1:
        raise InputError(f"layer '{name}' is used {len(nodes)} times; {CHAIN}")
    node = nodes[0]
    if isinstance(node, dict):
        sources = _histories(node["args"])
        extra = set(_histories(node["kwargs"])) - masks
    else:
        sources = [source[0] for source in node]
        extra = set()
        if any(len(source) > 3 and _lists(source[3]) for source in node):
            extra = {name}
    if len(sources) != 1 or extra:
        raise InputError(f"layer '{name}' has several inputs; {CHAIN}")
    return sources[0]


def _histories(value: Any) -> list[str]:
    """Names of the layers whose outputs occur anywhere in a node's arguments (Keras 3)."""
    if isinstance(value, dict):
        if "keras_history" in value:
            return [str(value["keras_history"][0])]
        value = list(value.values())
    if isinstance(value, list):
        return [name for part in value for name in _histories(part)]
    return []


def _lists(kwargs: dict[str, Any]) -> bool:
    """Whether the keyword arguments of a node of Keras 2 name the output of another layer."""
    return any(isinstance(value, list) for value in kwargs.values())
