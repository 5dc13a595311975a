"""Reading of ``selected.json``: the configuration of the final model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from bioseqrnn.support.checked import Count, Described, checked
from bioseqrnn.support.io import read_json

Temperature = Annotated[float, Field(ge=1e-6, le=1e6)]
Share = Annotated[float, Field(ge=0, le=1)]
Epochs = Annotated[int, Field(ge=1, le=10**6)]


class Candidate(Described):
    """A network that could have been selected."""

    model: str
    validation_loss: float
    runs: Annotated[int, Field(ge=1)]


class Member(Described):
    """A method of the final model."""

    name: Annotated[str, Field(min_length=1)]
    kind: Literal["network", "baseline"]
    weight: Annotated[float, Field(ge=0)]
    temperature: Temperature | None
    settings: dict[str, bool | int | float | str] = Field(default_factory=dict)


class Conformal(Described):
    """Limits of prediction sets (``metrics.conformal.Limits``)."""

    error_rate: Annotated[float, Field(gt=0, lt=1)]
    least: dict[str, Share] = Field(default_factory=dict)
    width: Annotated[float, Field(ge=0)] | None = None
    groups: dict[str, Count] = Field(default_factory=dict)


class FinalChoice(Described):
    """The final model; ``final_model`` of the evaluation explains the keys."""

    name: Annotated[str, Field(min_length=1)]
    row: Annotated[str, Field(min_length=1)]
    criterion: str
    members: Annotated[list[Member], Field(min_length=1)]
    centre: float
    metrics: dict[str, float | None]
    temperature: Temperature | None = None
    thresholds: dict[str, Share] = Field(default_factory=dict)
    called: dict[str, Share | None] = Field(default_factory=dict)
    positives: dict[str, Count] = Field(default_factory=dict)
    aim: str = "none"
    conformal: Conformal | None = None


class NetworkChoice(Described):
    """Settings of a network that is trained on all records."""

    config: dict[str, Any] | None
    epochs: Epochs


class Selection(Described):
    """The keys that the programs read; ``select_model`` explains their meaning."""

    model: Annotated[str, Field(min_length=1)]
    config: dict[str, Any] | None
    epochs: Epochs
    metrics: dict[str, float | None]
    networks: dict[str, NetworkChoice] = Field(default_factory=dict)
    final: FinalChoice | None = None
    temperature: Temperature | None = None
    thresholds: dict[str, Share] = Field(default_factory=dict)
    called: dict[str, Share | None] = Field(default_factory=dict)
    positives: dict[str, Count] = Field(default_factory=dict)
    criterion: str = ""
    headline: str = ""
    row: str = ""
    candidates: list[Candidate] = Field(default_factory=list)
    devices: list[str] = Field(default_factory=list)


def final_networks(selection: dict[str, Any]) -> set[str]:
    """Names of the networks that are trained on all records: the selected one, and members."""
    members = (selection.get("final") or {}).get("members", ())
    named = {str(member["name"]) for member in members if member["kind"] == "network"}
    return {str(selection["model"]), *named}


def read_selection(path: Path, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read ``selected.json``; InputError if it is no such file or lacks one of ``more`` keys."""
    content = read_json(path, "selection", ("model", "config", "epochs", "metrics", *more))
    checked(Selection, content, f"selection {path}", "evaluate again")
    return content
