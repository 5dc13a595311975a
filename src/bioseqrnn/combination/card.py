"""The card of a final model: its members, their weights, and how its scores are read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bioseqrnn.config.values import Name
from bioseqrnn.domain.card import DomainCard
from bioseqrnn.networks.card import Trained
from bioseqrnn.support.checked import Count, Described
from bioseqrnn.tables.selected import Conformal, Share, Temperature

FORMAT = 1


class MemberCard(Described):
    """A method of the model; ``card`` is the card of its own file."""

    name: Name
    kind: Literal["network", "baseline"]
    weight: Annotated[float, Field(ge=0, le=1e6)]
    temperature: Temperature | None
    card: dict[str, Any]


class FinalCard(Trained):
    """All fields of the card of a final model; docs/formats.md explains them."""

    format: Count
    # `combined`, or the name of the only member that counts
    model: Annotated[str, Field(min_length=1)]
    members: Annotated[list[MemberCard], Field(min_length=1, max_length=100)]
    centre: float
    metrics: dict[str, float | None] = Field(default_factory=dict)
    temperature: Temperature | None = None
    thresholds: dict[str, Share] = Field(default_factory=dict)
    # older models lack these two
    conformal: Conformal | None = None
    domain: DomainCard | None = None

    @model_validator(mode="after")
    def _check(self) -> FinalCard:
        names = [member.name for member in self.members]
        if len(set(names)) < len(names):
            raise ValueError("two members have the same name")
        if not any(member.weight > 0 for member in self.members):
            raise ValueError("no member has a weight above 0")
        strange = sorted(set(self.thresholds) - set(self.classes))
        if strange:
            raise ValueError(f"thresholds: there is no class '{strange[0]}'")
        if self.domain is not None and len(self.domain.composition.mean) != len(self.symbols):
            raise ValueError(f"domain: composition is not of {len(self.symbols)} residues")
        if self.conformal is not None and self.task != "regression":
            wrong = set(self.conformal.least) ^ set(self.classes)
            if wrong:
                raise ValueError(f"conformal: '{min(wrong)}' is no class, or has no limit")
        return self


# fields that all members share with the model
SHARED = (
    "alphabet", "symbols", "strands", "ids", "classes", "task", "trained_on", "trained_lengths",
    "sequences_sha256", "sources",
)  # fmt: skip
# those of them that differ between networks of several folds
OF_RECORDS = ("trained_on", "trained_lengths")
