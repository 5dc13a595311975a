"""``{baseline}.safetensors``: the arrays of a fitted baseline and its card, written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bioseqrnn.baselines.methods import form_of, load
from bioseqrnn.baselines.model import Fitted
from bioseqrnn.baselines.stored import Array
from bioseqrnn.networks.card import CARD_KEY, Trained, beginning, package_versions
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.checked import Count, checked, parse_object
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file
from bioseqrnn.tables.predictions import OwnSummary
from bioseqrnn.tasks import task_of

FORMAT = 1
# packages that influence a baseline, beside those of a network
PACKAGES = ("scikit-learn", "scipy")


class BaselineCard(Trained):
    """All fields of the card of a baseline; docs/formats.md explains them."""

    format: Count
    baseline: Annotated[str, Field(min_length=1)]
    settings: dict[str, bool | int | float | str]
    # the length of the records that it reads; null: any
    length: Count | None = None
    seed: Count
    trained_on: Count
    own: OwnSummary | None = None


def save_baseline(path: Path, fitted: Fitted, card: dict[str, Any]) -> None:
    """Write a fitted baseline atomically.

    ``card`` has the fields of ``BaselineCard`` except those that are added here: format, settings,
    length and versions.
    """
    versions = package_versions() | {name: version(name) for name in PACKAGES}
    card = {
        "format": FORMAT, "versions": versions, "settings": dict(fitted.settings),
        "length": fitted.length, **card,
    }  # fmt: skip
    checked(BaselineCard, card, f"baseline {path}: card")
    arrays = {name: np.ascontiguousarray(array) for name, array in fitted.arrays().items()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(arrays, {CARD_KEY: json.dumps(card, sort_keys=True)}))


def load_baseline(path: Path) -> tuple[Fitted, dict[str, Any]]:
    """Read a fitted baseline and its card; nothing in the file is executed.

    Raises
    ------
    InputError
        The file is not a baseline of bioseqrnn, is damaged, or is of a later version.
    """
    require_file(path, "baseline")
    where = f"baseline {path}"
    try:
        with safe_open(path, framework="numpy") as tensors:
            blob = (tensors.metadata() or {}).get(CARD_KEY)
            arrays = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{where}: not a readable safetensors file ({beginning(path) or error})"
        ) from error
    if blob is None:
        raise InputError(f"{where}: not written by bioseqrnn (no card)")
    card = parse_object(blob, f"{where}: card")
    return build_baseline(arrays, card, where), card


def build_baseline(arrays: Mapping[str, Array], card: dict[str, Any], where: str) -> Fitted:
    """Return a fitted baseline from its arrays and its card, both checked.

    Parameters
    ----------
    arrays : mapping of str to array
    card : dict
    where : str
        Name of the file, at the beginning of messages.
    """
    if "baseline" not in card:
        raise InputError(f"{where}: is a network, not a baseline")
    if card.get("format") != FORMAT:
        raise InputError(
            f"{where}: format {card.get('format')}, this version reads {FORMAT}; "
            "update bioseqrnn, or make it again"
        )
    read = checked(BaselineCard, card, f"{where}: card")
    form = form_of(task_of(read.task), read.classes, ALPHABETS[read.alphabet], read.strands)
    fitted = load(read.baseline, form, read.settings, arrays, where)
    if fitted.length != read.length:
        raise InputError(f"{where}: its card says length {read.length}, not {fitted.length}")
    return fitted
