"""The import of a Keras file, which writes ``model.safetensors`` with its card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.keras.files import KerasLayer, errors_name, read_model
from bioseqrnn.networks.keras.network import Imported, read_network
from bioseqrnn.networks.store import save_model
from bioseqrnn.onehot.alphabet import ALPHABETS, Alphabet
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256


def import_keras(
    path: Path,
    output: Path,
    *,
    alphabet: str,
    classes: list[str],
    symbols: str | None = None,
    name: str | None = None,
    architecture: Path | None = None,
    logits: bool = False,
) -> None:
    """Turn a classifier trained with Keras into a model that ``predict`` runs.

    Parameters
    ----------
    path : Path
        ``.keras``, ``.h5`` or ``.weights.h5``.
    output : Path
        ``model.safetensors`` to write.
    alphabet : {"dna", "protein"}
    classes : list of str
        In the order of the Dense layer's units; for one sigmoid unit: class 0, class 1.
    symbols : str, optional
        The letter of each one-hot column, or of each code of an Embedding; any other letter for a
        column that no residue has. Default: the alphabet's symbols in the order of bioseqrnn.
    name : str, optional
        Name of the model in messages and tables; default: the name of the file.
    architecture : Path, optional
        JSON of ``model.to_json()``, if the file holds only weights.
    logits : bool
        Whether the Dense layer is linear and returns logits.
    """
    model = read_model(path, architecture)
    with errors_name(path):
        found = read_network(model.layers, logits=logits)
        places = symbol_places(symbols or ALPHABETS[alphabet].symbols, ALPHABETS[alphabet], found)
        check_classes(classes, found)
        network = SequenceClassifier(found.config, len(places), len(classes))
        network.load_weights(_tensors(found, places))
    card: dict[str, Any] = {
        "alphabet": alphabet,
        "symbols": ALPHABETS[alphabet].symbols,
        "strands": "single",
        "ids": "word",
        "classes": classes,
        "task": "binary" if len(classes) == 2 else "multiclass",
        "config": found.config.model_dump(),
        "model": name or path.name.split(".")[0],
        "trained_on": None,
        "imported": {"from": f"Keras {model.version}".strip(), "file": path.name}
        | {"sha256": sha256(path), "symbols": symbols or ALPHABETS[alphabet].symbols},
    }
    save_model(output, network, card)
    _say(path, found, model.layers)


def symbol_places(symbols: str, alphabet: Alphabet, found: Imported) -> list[int]:
    """Return the column in Keras of each symbol of the alphabet.

    Raises
    ------
    InputError
        There is not one letter for each column, or a symbol is missing or named twice.
    """
    given = symbols.upper()
    if alphabet.name == "dna" and "T" not in given:
        given = given.replace("U", "T")
    if len(given) != found.columns:
        raise InputError(
            f"its input has {found.columns} columns, but --symbols has {len(given)} ({symbols}); "
            "give one letter for each column, and - for a column without a residue"
        )
    for symbol in alphabet.symbols:
        if given.count(symbol) != 1:
            raise InputError(f"--symbols {symbols}: '{symbol}' must appear in it once")
    unused = sorted(set(given) - set(alphabet.symbols) - {"-"})
    if unused:
        say(
            f"--symbols: the columns of {', '.join(unused)} are left out; bioseqrnn encodes an "
            "ambiguous residue as equal fractions of all residues that it may be (docs/keras.md)"
        )
    return [given.index(symbol) for symbol in alphabet.symbols]


def check_classes(classes: list[str], found: Imported) -> None:
    """Raise InputError unless there is one class for each unit, and all names differ."""
    units = len(found.state["head.bias"])
    if len(classes) != units:
        head = "one sigmoid unit, which means two classes" if found.binary else f"{units} units"
        raise InputError(
            f"{len(classes)} --class given, but the Dense layer has {head}; give one class for each"
        )
    if len(set(classes)) < units or not all(classes):
        raise InputError("--class: every class needs a different name")


def _tensors(found: Imported, places: list[int]) -> dict[str, torch.Tensor]:
    """The weights in single precision, with the input's columns in the alphabet's order."""
    state = {}
    for key, array in found.state.items():
        if key.startswith("recurrent.weight_ih_l0"):
            array = array[:, places]
        with np.errstate(over="ignore"):
            single = np.ascontiguousarray(array, dtype=np.float32)
        if not np.isfinite(single).all():
            raise InputError(f"{key}: a weight is infinite, or too large for single precision")
        state[key] = torch.from_numpy(single)
    return state


def _say(path: Path, found: Imported, layers: list[KerasLayer]) -> None:
    config = found.config
    both = "bidirectional " if config.bidirectional else ""
    say(
        f"{path.name}: {config.layers} {both}{config.cell} layer{'s' * (config.layers > 1)} of "
        f"{config.hidden_size} units, {config.pooling[0]} pooling, {len(found.state['head.bias'])} "
        "classes imported"
    )
    length = _fixed_length(layers)
    if length and not found.masked:
        say(
            f"{path.name}: built for {length} positions without a mask; sequences are now read "
            "without padding, so the scores of shorter sequences differ from those in Keras"
        )


def _fixed_length(layers: list[KerasLayer]) -> int | None:
    """Number of positions that the model was built for, if it is fixed."""
    for layer in layers[:1]:
        shape = layer.config.get("batch_shape") or layer.config.get("batch_input_shape")
        if isinstance(shape, list) and len(shape) > 1 and isinstance(shape[1], int) and shape[1]:
            return shape[1]
    return None
