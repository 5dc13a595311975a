"""Reading of ``selected.json``: the configuration of the final model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from bioseqrnn.support.checked import Count, Described, checked
from bioseqrnn.support.io import read_json

Epochs = Annotated[int, Field(ge=1, le=10**6)]


class Candidate(Described):
    """A network that could have been selected."""

    model: str
    validation_loss: float
    runs: Annotated[int, Field(ge=1)]


class Selection(Described):
    """The keys that the programs read; ``select_model`` explains their meaning."""

    model: Annotated[str, Field(min_length=1)]
    config: dict[str, Any] | None
    epochs: Epochs
    metrics: dict[str, float | None]
    temperature: Annotated[float, Field(ge=1e-6, le=1e6)] | None = None
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    called: dict[str, Annotated[float, Field(ge=0, le=1)] | None] = Field(default_factory=dict)
    positives: dict[str, Count] = Field(default_factory=dict)
    criterion: str = ""
    headline: str = ""
    row: str = ""
    candidates: list[Candidate] = Field(default_factory=list)
    devices: list[str] = Field(default_factory=list)


def read_selection(path: Path, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read ``selected.json``; InputError if it is no such file or lacks one of ``more`` keys."""
    content = read_json(path, "selection", ("model", "config", "epochs", "metrics", *more))
    checked(Selection, content, f"selection {path}", "evaluate again")
    return content
