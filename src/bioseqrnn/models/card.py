"""The model card: what a ``model.safetensors`` says of itself, as JSON in the header's metadata."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file

FORMAT = 1
CARD_KEY = "bioseqrnn"
PACKAGES = ("bioseqrnn", "torch", "numpy", "pyarrow", "biopython", "safetensors")


def package_versions() -> dict[str, str]:
    """Versions of Python and the packages that shape a model."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def read_card(path: Path) -> dict[str, Any]:
    """Read the model card only; InputError where the file is no model of bioseqrnn."""
    require_file(path, "model")
    try:
        with safe_open(path, framework="numpy") as tensors:
            blob = (tensors.metadata() or {}).get(CARD_KEY)
    except SafetensorError as error:
        raise InputError(f"model {path}: not a readable safetensors file ({error})") from error
    if blob is None:
        raise InputError(f"model {path}: not written by bioseqrnn (no model card)")
    card: dict[str, Any] = json.loads(blob)
    if card["format"] != FORMAT:
        raise InputError(f"model {path}: format {card['format']}, this version reads {FORMAT}")
    return card
