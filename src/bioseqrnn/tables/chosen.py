"""``chosen.json``: the result of a search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.validate import section
from bioseqrnn.support.checked import Count, Described, checked
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import read_json
from bioseqrnn.tables.selected import Epochs

# entries on a search in a model card
CARD = ("searched", "trial", "value", "own_value", "trials", "pruned", "inner_folds", "criterion")


class ChosenFile(Described):
    """``chosen.json`` of a model that was searched (docs/formats.md)."""

    model: Annotated[str, Field(min_length=1)]
    fold: Count | None
    config: dict[str, Any]
    epochs: Epochs
    searched: dict[str, Any]
    trial: Count
    value: float
    own_value: float | None
    trials: Count
    pruned: Count
    inner_folds: Count
    criterion: str


@dataclass(frozen=True)
class Chosen:
    """The best trial of a search.

    Attributes
    ----------
    model : str
        The searched model, ``{model}_search``.
    fold : int or None
        Fold whose training records were used for the search; None: all records.
    config : ModelConfig
    epochs : int
        Median of the best epochs of the inner folds.
    card : dict
        Entries on the search for the model card.
    """

    model: str
    fold: int | None
    config: ModelConfig
    epochs: int
    card: dict[str, Any]


def read_chosen(path: Path) -> Chosen:
    """Read ``chosen.json``; InputError if it is no such file."""
    content = read_json(path, "result of a search", ("model", "fold", "config"))
    if content["config"] is None:
        # the final model is not from this search
        return Chosen("", None, ModelConfig(cell="gru"), 0, {})
    if not {"epochs", *CARD} <= set(content):
        raise InputError(f"{path}: not the result of a search; search again")
    checked(ChosenFile, content, f"result of a search {path}", "search again")
    return Chosen(
        content["model"],
        content["fold"],
        section(ModelConfig, content["config"], f"{path}: config"),
        content["epochs"],
        {key: content[key] for key in CARD},
    )
