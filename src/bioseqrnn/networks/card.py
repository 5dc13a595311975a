"""The model card: the description of a model, JSON in the metadata of ``model.safetensors``."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from safetensors import SafetensorError, safe_open

from bioseqrnn import __version__
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.support.checked import Count, Described, checked, parse_object, problem
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file
from bioseqrnn.tables.predictions import OwnSummary
from bioseqrnn.tables.valid import check_classes, check_symbols

FORMAT = 1
CARD_KEY = "bioseqrnn"
# key of the card of a combination of several methods
MEMBERS = "members"
# fields that describe the training, in the card of a network of a fold
RUN = ("fold", "seed", "epoch", "device")
PACKAGES = ("bioseqrnn", "torch", "numpy", "pyarrow", "biopython", "safetensors")
# values of settings that older models did not have yet: a card without one of these settings is
# read with the value here
BEFORE: dict[str, Any] = {
    "residue_properties": False,
    "stem_pool": 1,
    "stem_summary": False,
    "memory": 0,
    "reverse_complement": "none",
    "members": 1,
}
# first bytes of files that are often mistaken for a model
OTHERS = {b"PK\x03\x04": "a zip archive (like torch.save or .keras files)", b"\x80": "a pickle",
          b"\x89HDF": "an HDF5 file (as written by Keras: import-keras reads them)"}  # fmt: skip


class Imported(Described):
    """The file that a model was imported from."""

    # `from` is a keyword of Python
    source: str = Field(alias="from")
    file: str


class Trained(Described):
    """Fields of a card that say what a model reads and predicts, and what it was trained on."""

    alphabet: Literal["dna", "protein"]
    symbols: str
    strands: Literal["single", "both"]
    ids: Literal["word", "header"]
    classes: list[Annotated[str, Field(min_length=1)]]
    task: Literal["binary", "multiclass", "multilabel", "regression", "per_position"]
    trained_on: Count | None = None
    # lengths of the shortest and the longest record
    trained_lengths: Annotated[list[Count], Field(min_length=2, max_length=2)] | None = None
    sequences_sha256: str = ""
    sources: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_form(self) -> Trained:
        check_classes(self.task, self.classes)
        check_symbols(self.alphabet, self.symbols)
        return self


class Card(Trained):
    """All fields of a card that programs read; docs/formats.md explains them."""

    format: Count
    # older models lack these two
    strands: Literal["single", "both"] = "single"
    ids: Literal["word", "header"] = "word"
    config: dict[str, Any]
    model: str
    seed: Count | None = None
    fold: Count | None = None
    epoch: Count | None = None
    device: str = ""
    fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    # seed of the permutation, if the labels of the training records were permuted
    permuted: Count | None = None
    imported: Imported | None = None
    search: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, float | None] = Field(default_factory=dict)
    temperature: Annotated[float, Field(ge=1e-6, le=1e6)] | None = None
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    own: OwnSummary | None = None

    @model_validator(mode="after")
    def _check(self) -> Card:
        strange = sorted(set(self.thresholds) - set(self.classes))
        if strange:
            raise ValueError(f"thresholds: there is no class '{strange[0]}'")
        return self


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that influence a model."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def read_card(path: Path) -> dict[str, Any]:
    """Read the model card only, checked as a ``Card``; fields missing in it stay missing.

    Raises
    ------
    InputError
        The file is not a model of bioseqrnn, is of a later version, or a field of its card is
        missing or wrong.
    """
    card = raw_card(path)
    if "baseline" in card:
        raise InputError(
            f"model {path}: is a fitted baseline ('{card['baseline']}'), not a network"
        )
    if MEMBERS in card:
        raise InputError(
            f"model {path}: is a combination of several methods; a single network is needed, like "
            "those in final/networks"
        )
    check_card(card, path)
    return card


def raw_card(path: Path) -> dict[str, Any]:
    """Read the JSON of the card of any model, without a check of its fields.

    Raises
    ------
    InputError
        The file is not a model of bioseqrnn.
    """
    require_file(path, "model")
    try:
        with safe_open(path, framework="numpy") as tensors:
            blob = (tensors.metadata() or {}).get(CARD_KEY)
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"model {path}: not a readable safetensors file ({beginning(path) or error})"
        ) from error
    if blob is None:
        raise InputError(f"model {path}: not written by bioseqrnn (no model card)")
    return parse_object(blob, f"model {path}: card")


def check_card(card: dict[str, Any], path: Path) -> None:
    """Raise InputError unless this is the card of a network; ``path`` is for messages."""
    require_format(card, FORMAT, path)
    checked(Card, card, f"model {path}: card")
    settings_of(card, path)


def require_format(card: Mapping[str, Any], known: int, path: Path) -> None:
    """Raise InputError unless a card has the format that this version reads."""
    found = card.get("format")
    if found != known or isinstance(found, bool):
        later = isinstance(found, int) and found > known
        raise InputError(
            f"model {path}: format {found}, but this version reads {known}"
            + (f"; {_written_by(card)}; update bioseqrnn" if later else "; train it again")
        )


def require_run(card: Mapping[str, Any], path: Path) -> None:
    """Raise InputError unless a card names the training in cross-validation that made the model."""
    missing = next((key for key in RUN if card.get(key) is None), None)
    if missing is not None:
        raise InputError(f"model {path}: card: '{missing}' is missing; give a network of a fold")


def refuse_permuted(card: Mapping[str, Any], path: Path) -> None:
    """Raise InputError if a network was trained on permuted labels: what it calls is chance."""
    number = card.get("permuted")
    if number is not None:
        raise InputError(
            f"model {path}: was trained on permuted labels ({number}) to count motifs by chance, "
            "so its predictions mean nothing; give a network or final model of the true labels"
        )


def settings_of(card: Mapping[str, Any], path: Path) -> ModelConfig:
    """Return the settings of a card; InputError if one is unknown or wrong.

    An unknown setting is never ignored: it could change what the model computes.
    """
    config = card["config"]
    try:
        return ModelConfig(**(BEFORE | config))
    except ValidationError as error:
        strange = sorted(set(config) - set(ModelConfig.model_fields))
        if strange:
            raise InputError(
                f"model {path}: has setting {strange[0]}, which this version ({__version__}) does "
                f"not know; {_written_by(card)}; update bioseqrnn"
            ) from error
        raise InputError(f"model {path}: card: config: {problem(error)}") from error


def _written_by(card: Mapping[str, Any]) -> str:
    versions = card.get("versions")
    known = versions.get("bioseqrnn") if isinstance(versions, dict) else None
    return f"it was written by bioseqrnn {known if isinstance(known, str) else '(unknown version)'}"


def beginning(path: Path) -> str:
    """Describe a file that is not a model, by its first bytes."""
    with path.open("rb") as file:
        begin = file.read(4)
    if not begin:
        return "it is empty"
    return next((f"it is {what}" for mark, what in OTHERS.items() if begin.startswith(mark)), "")
