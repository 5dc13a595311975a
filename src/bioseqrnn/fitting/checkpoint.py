"""The checkpoint of a training: one file next to the model, removed when the training has ended.

The file begins with the SHA-256 of the remaining bytes. A dictionary follows, written by
``torch.save``: ``fingerprint`` (identifies the training) and ``state``
(``TrainingState.state_dict``). It is read with ``weights_only=True``, so that loading it never
executes code.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from bioseqrnn.config.choices import CELLS, POOLINGS
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.console import say
from bioseqrnn.support.dependencies import digest_of, module_file

SUFFIX = ".checkpoint"
# errors raised when content of an unexpected form is read or compared
ODD = (
    AttributeError, EOFError, IndexError, KeyError, OverflowError, RecursionError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
DIGEST = 32


def checkpoint_path(model: Path) -> Path:
    """Path of the checkpoint of the training that writes ``model``."""
    return model.with_name(model.name + SUFFIX)


def code_fingerprint(module: str) -> dict[str, str]:
    """Versions of torch and bioseqrnn, and a checksum of a module and of all that it imports.

    The checksum includes modules that are not imported but chosen by name in the settings.
    """
    chosen = [module_file(choice.module) for choice in (*CELLS.values(), *POOLINGS.values())]
    return {
        "code": digest_of(module_file(module), *chosen),
        "bioseqrnn": version("bioseqrnn"),
        # converted to a plain str: weights_only does not read the type of the version
        "torch": str(torch.__version__),
    }


def write_checkpoint(path: Path, fingerprint: dict[str, Any], state: dict[str, Any]) -> None:
    """Write atomically; a failure is only logged, since training does not depend on the file."""
    content = io.BytesIO()
    torch.save({"fingerprint": fingerprint, "state": state}, content)
    data = content.getbuffer()
    try:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            file.write(hashlib.sha256(data).digest())
            file.write(data)
    except OSError as error:
        say(f"{error}; training continues without a checkpoint")


def read_checkpoint(path: Path, fingerprint: dict[str, Any], what: str) -> dict[str, Any] | None:
    """Return the state in a checkpoint, or None if there is none for exactly this training.

    A checkpoint that is damaged, or belongs to other data, settings or code, is not used; this is
    logged. ``what`` is the name of the training in the log.
    """
    try:
        # opening a pipe would wait for ever
        if path.exists() and not path.is_file():
            raise OSError(f"{path}: not a regular file")
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        say(f"{what}: checkpoint cannot be read ({error}); training starts from the beginning")
        return None
    content = _content(data)
    if content is None:
        say(
            f"{what}: checkpoint {path} is damaged and is not used; training starts from the "
            "beginning"
        )
        return None
    other = different(content["fingerprint"], fingerprint)
    if other:
        say(
            f"{what}: checkpoint {path} belongs to another training ({', '.join(other)} differ) "
            "and is not used; training starts from the beginning"
        )
        return None
    state: dict[str, Any] = content["state"]
    return state


def _content(data: bytes) -> dict[str, Any] | None:
    """The dictionary in a file, or None if the file is damaged."""
    if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
        return None
    try:
        content = torch.load(io.BytesIO(data[DIGEST:]), map_location="cpu", weights_only=True)
    # the file holds more than tensors, numbers and text, or is no archive (any error of PyTorch)
    except (pickle.UnpicklingError, *ODD):
        return None
    if not isinstance(content, dict):
        return None
    whole = all(isinstance(content.get(name), dict) for name in ("fingerprint", "state"))
    return content if whole else None


def different(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of the entries that differ; for an inner dictionary, the names of its entries."""
    names: list[str] = []
    for name in sorted(one.keys() | other.keys(), key=str):
        a, b = one.get(name), other.get(name)
        if isinstance(a, dict) and isinstance(b, dict):
            names += different(a, b)
        elif type(a) is not type(b) or a != b:
            names.append(str(name))
    return names
