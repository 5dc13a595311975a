"""The card of a final model: its members, their weights, and how its scores are read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bioseqrnn.support.checked import Count, Described
from bioseqrnn.tables.valid import check_classes, check_symbols

FORMAT = 1
Temperature = Annotated[float, Field(ge=1e-6, le=1e6)]
# the same pattern as that of the names of models in the settings
MemberName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class MemberCard(Described):
    """A method of the model; ``card`` is the card of its own file."""

    name: MemberName
    kind: Literal["network", "baseline"]
    weight: Annotated[float, Field(ge=0, le=1e6)]
    temperature: Temperature | None
    card: dict[str, Any]


class FinalCard(Described):
    """All fields of the card of a final model; docs/formats.md explains them."""

    format: Count
    # `combined`, or the name of the only member that counts
    model: Annotated[str, Field(min_length=1)]
    members: Annotated[list[MemberCard], Field(min_length=1, max_length=100)]
    centre: float
    alphabet: Literal["dna", "protein"]
    symbols: str
    strands: Literal["single", "both"]
    ids: Literal["word", "header"]
    classes: list[Annotated[str, Field(min_length=1)]]
    task: Literal["binary", "multiclass", "multilabel", "regression", "per_position"]
    trained_on: Count | None = None
    trained_lengths: Annotated[list[Count], Field(min_length=2, max_length=2)] | None = None
    sequences_sha256: str = ""
    sources: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, float | None] = Field(default_factory=dict)
    temperature: Temperature | None = None
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> FinalCard:
        check_classes(self.task, self.classes)
        check_symbols(self.alphabet, self.symbols)
        names = [member.name for member in self.members]
        if len(set(names)) < len(names):
            raise ValueError("two members have the same name")
        if not any(member.weight > 0 for member in self.members):
            raise ValueError("no member has a weight above 0")
        strange = sorted(set(self.thresholds) - set(self.classes))
        if strange:
            raise ValueError(f"thresholds: there is no class '{strange[0]}'")
        return self


# fields that all members share with the model
SHARED = (
    "alphabet", "symbols", "strands", "ids", "classes", "task", "trained_on", "trained_lengths",
    "sequences_sha256", "sources",
)  # fmt: skip
