"""The checkpoint of a training: one file beside the model, removed when the training has ended.

The file is the SHA-256 of what follows, then a dictionary as ``torch.save`` writes it:
``fingerprint`` (what the training is of) and ``state`` (``TrainingState.state_dict``). It is read
with ``weights_only=True``, so that loading it never executes code.
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
# errors raised where content of another form is read or compared
ODD = (
    AttributeError, EOFError, IndexError, KeyError, OverflowError, RecursionError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
DIGEST = 32


def checkpoint_path(model: Path) -> Path:
    """Path of the checkpoint of the training that writes ``model``."""
    return model.with_name(model.name + SUFFIX)


def code_fingerprint(module: str) -> dict[str, str]:
    """Versions of torch and bioseqrnn, and a checksum of a module and all that it imports.

    A network is made of what the settings choose by name, too.
    """
    chosen = [module_file(choice.module) for choice in (*CELLS.values(), *POOLINGS.values())]
    return {
        "code": digest_of(module_file(module), *chosen),
        "bioseqrnn": version("bioseqrnn"),
        # a plain str: its own type is none that weights_only reads
        "torch": str(torch.__version__),
    }


def write_checkpoint(path: Path, fingerprint: dict[str, Any], state: dict[str, Any]) -> None:
    """Write atomically; a failure is logged only, since training does not depend on it."""
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
    """Return the state in a checkpoint, or None where there is none for this very training.

    A checkpoint that is damaged, or of other data, settings or code, is not used, and the log says
    so; ``what`` is the name of the training in the log.
    """
    try:
        # a pipe would be waited for
        if path.exists() and not path.is_file():
            raise OSError(f"{path}: no plain file")
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        say(f"{what}: checkpoint not read ({error}); training starts from the beginning")
        return None
    content = _content(data)
    if content is None:
        say(
            f"{what}: checkpoint {path} is damaged and not used; training starts from the beginning"
        )
        return None
    other = different(content["fingerprint"], fingerprint)
    if other:
        say(
            f"{what}: checkpoint {path} is of another training ({', '.join(other)} differ) "
            "and not used; training starts from the beginning"
        )
        return None
    state: dict[str, Any] = content["state"]
    return state


def _content(data: bytes) -> dict[str, Any] | None:
    """The dictionary in a file, or None where it is not as it was written."""
    if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
        return None
    try:
        content = torch.load(io.BytesIO(data[DIGEST:]), map_location="cpu", weights_only=True)
    # holds more than tensors, numbers and text, or is not an archive (any error of PyTorch)
    except (pickle.UnpicklingError, *ODD):
        return None
    if not isinstance(content, dict):
        return None
    whole = all(isinstance(content.get(name), dict) for name in ("fingerprint", "state"))
    return content if whole else None


def different(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of the entries that differ; those of an inner dictionary instead of its own name."""
    names: list[str] = []
    for name in sorted(one.keys() | other.keys(), key=str):
        a, b = one.get(name), other.get(name)
        if isinstance(a, dict) and isinstance(b, dict):
            names += different(a, b)
        elif type(a) is not type(b) or a != b:
            names.append(str(name))
    return names
