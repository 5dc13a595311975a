"""Reading of Keras files: the layers of a model, in order, with their weights.

No code in the files is run. Three forms are read: the ``.keras`` archive (a zip of ``config.json``
and ``model.weights.h5``), the older HDF5 file of a whole model (``model.save("x.h5")``, Keras 2 and
3), and weights alone of either kind (``save_weights``), together with the architecture that
``model.to_json()`` writes.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from bioseqrnn.networks.keras.graph import in_order
from bioseqrnn.networks.keras.safe import check_archive, check_hdf5, read_entry
from bioseqrnn.networks.keras.weights import Array
from bioseqrnn.support.checked import parse_object
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import read_json, require_file

ARCHIVE_CONFIG, ARCHIVE_WEIGHTS, ARCHIVE_METADATA = (
    "config.json", "model.weights.h5", "metadata.json",
)  # fmt: skip
# Where a layer's weights may be, in the order of layer.get_weights()
PARTS = ("forward_layer", "backward_layer", "cell")
# Errors raised by the libraries, and by missing keys of a configuration, for a damaged file
DAMAGED = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, LookupError, ValueError, TypeError,
    AttributeError, ArithmeticError, AssertionError, RuntimeError, MemoryError,
)  # fmt: skip
# Packages that the layers of Keras itself come from
KERAS = ("keras", "tf_keras", "tensorflow")
# Names of the group of layers in Keras 3 and in Keras 2.12 to 2.15
ROOTS = ("layers", "_layer_checkpoint_dependencies")


@dataclass(frozen=True)
class KerasLayer:
    """One layer of a model.

    Attributes
    ----------
    kind : str
        Class of the layer, such as ``Bidirectional``.
    name : str
    config : dict
        Settings, as ``layer.get_config()`` returns them.
    weights : list of arrays
        As ``layer.get_weights()`` returns them; empty for a layer without weights.
    """

    kind: str
    name: str
    config: dict[str, Any]
    weights: list[Array]


@dataclass(frozen=True)
class KerasModel:
    """The layers in the order that the input passes them, and the version of Keras ("" unknown)."""

    layers: list[KerasLayer]
    version: str


def read_model(path: Path, architecture: Path | None = None) -> KerasModel:
    """Read a model.

    Parameters
    ----------
    path : Path
        ``.keras``, ``.h5`` or ``.weights.h5``.
    architecture : Path, optional
        JSON of ``model.to_json()``, needed if ``path`` holds only weights.

    Raises
    ------
    InputError
        The file does not exist, has none of these forms or is damaged, the architecture is missing,
        or the layers do not form a chain.
    """
    require_file(path, "Keras model")
    given = _read_architecture(architecture) if architecture is not None else None
    with errors_name(path):
        if zipfile.is_zipfile(path):
            return _from_archive(path)
        if h5py.is_hdf5(path):
            with h5py.File(path) as h5:
                check_hdf5(h5, path.stat().st_size)
                return _from_hdf5(h5, given)
        raise InputError("neither a .keras archive nor an HDF5 file")


@contextmanager
def errors_name(path: Path) -> Iterator[None]:
    """Turn errors that a damaged file raises in the block into one line that names the file."""
    try:
        yield
    except InputError as error:
        raise InputError(f"Keras model {path}: {error}") from error
    except DAMAGED as error:
        why = " ".join(repr(error).split())
        raise InputError(f"Keras model {path}: damaged, or not a model ({why})") from error


def _read_architecture(path: Path) -> dict[str, Any]:
    value = read_json(path, "architecture", ("class_name", "config"))
    return _architecture(value)


def _architecture(value: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(value.get("config"), dict | list) or not isinstance(
        value.get("class_name"), str
    ):
        raise InputError("its configuration is not what model.to_json() writes")
    return value


def _from_archive(path: Path) -> KerasModel:
    with zipfile.ZipFile(path) as archive:
        check_archive(archive, (ARCHIVE_CONFIG, ARCHIVE_WEIGHTS, ARCHIVE_METADATA))
        missing = {ARCHIVE_CONFIG, ARCHIVE_WEIGHTS} - set(archive.namelist())
        if missing:
            raise InputError(f"contains no {' and '.join(sorted(missing))}")
        config = parse_object(read_entry(archive, ARCHIVE_CONFIG, text=True), ARCHIVE_CONFIG)
        version = ""
        if ARCHIVE_METADATA in archive.namelist():
            about = read_entry(archive, ARCHIVE_METADATA, text=True)
            version = str(parse_object(about, ARCHIVE_METADATA).get("keras_version", ""))
        weights = read_entry(archive, ARCHIVE_WEIGHTS, text=False)
    with h5py.File(io.BytesIO(weights)) as h5:
        check_hdf5(h5, len(weights))
        return KerasModel(_by_class(h5, in_order(_architecture(config))), version)


def _from_hdf5(h5: h5py.File, given: dict[str, Any] | None) -> KerasModel:
    config = given
    if config is None and "model_config" in h5.attrs:
        config = _architecture(parse_object(_text(h5.attrs["model_config"]), "model_config"))
    if config is None:
        raise InputError(
            "contains only weights; give --architecture with the JSON of model.to_json(), or the "
            "whole model"
        )
    version = _text(h5.attrs.get("keras_version", ""))
    if any(root in h5 for root in ROOTS):
        return KerasModel(_by_class(h5, in_order(config)), version)
    return KerasModel(_by_name(h5.get("model_weights", h5), in_order(config)), version)


def _by_class(h5: h5py.File, layers: list[dict[str, Any]]) -> list[KerasLayer]:
    """Layers of Keras 3: groups have the names of the classes, numbered from the second on."""
    group: Mapping[str, h5py.Group] = next((h5[root] for root in ROOTS if root in h5), {})
    seen: Counter[str] = Counter()
    found = []
    for layer in layers:
        base = _snake_case(layer["class_name"])
        key = f"{base}_{seen[base]}" if seen[base] else base
        seen[base] += 1
        weights = _collected(group[key]) if key in group else []
        found.append(_layer(layer, weights))
    return found


def _collected(group: h5py.Group) -> list[Array]:
    """Arrays in the group of a layer and in the groups of its parts."""
    arrays = [array for part in PARTS if part in group for array in _collected(group[part])]
    values = group.get("vars", {})
    return arrays + [np.asarray(values[key]) for key in sorted(values, key=int)]


def _by_name(group: h5py.Group, layers: list[dict[str, Any]]) -> list[KerasLayer]:
    """Layers of the older files: groups have the names of the layers, and list their weights."""
    found = []
    for layer in layers:
        part = group.get(layer["config"]["name"])
        names = [] if part is None else [_text(name) for name in part.attrs["weight_names"]]
        found.append(_layer(layer, [np.asarray(part[name]) for name in names]))
    return found


def _layer(layer: dict[str, Any], weights: list[Array]) -> KerasLayer:
    config = layer["config"]
    _check_own(layer)
    for part in ("layer", "backward_layer"):
        if isinstance(config.get(part), dict):
            _check_own(config[part])
    return KerasLayer(layer["class_name"], str(config["name"]), config, weights)


def _check_own(layer: dict[str, Any]) -> None:
    """Raise InputError at a layer defined by the user; it may have the name of a Keras layer."""
    module, registered = layer.get("module"), layer.get("registered_name")
    if (module is not None and str(module).split(".")[0] not in KERAS) or (
        registered is not None and ">" in str(registered)
    ):
        raise InputError(
            f"layer '{layer['config'].get('name')}' is a custom class ({module or ''} "
            f"{registered or layer['class_name']}), which needs the code of its author"
        )


def _snake_case(name: str) -> str:
    """Return the name of a class as Keras writes it in files, like GlobalMaxPooling1D or GRU."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
