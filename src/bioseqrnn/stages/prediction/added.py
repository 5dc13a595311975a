"""Columns of predictions beside calls and scores: each says how far a row can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from bioseqrnn.combination.store import load_domain
from bioseqrnn.domain.judge import Domain
from bioseqrnn.inference.records import Predicted
from bioseqrnn.metrics.conformal import Limits
from bioseqrnn.networks.card import MEMBERS
from bioseqrnn.stages.prediction.sets import SetColumns
from bioseqrnn.stages.prediction.spread import SpreadColumns
from bioseqrnn.stages.prediction.validity import DomainColumns
from bioseqrnn.tables.selected import Conformal
from bioseqrnn.tasks import task_of


class Added(Protocol):
    """Some columns of one kind, for the records of one file.

    Attributes
    ----------
    fields : list of (str, pyarrow DataType)
        Names and types of the columns.
    """

    fields: list[tuple[str, pa.DataType]]

    def columns(self, part: Predicted) -> dict[str, pa.Array]:
        """Values of the columns for some records, or for a part of one record."""
        ...

    def report(self, name: str) -> None:
        """Log a summary of all records of the file ``name``."""
        ...


@dataclass(frozen=True)
class AddedColumns:
    """Makes the added columns of a model, anew for each file of records.

    Attributes
    ----------
    card : mapping
        Card of the model, as ``load_final`` returns it.
    domain : Domain or None
    limits : Limits or None
        Of prediction sets.
    weights : dict of str to float
        Weights of the members that count; empty if a single one predicts.
    told : list of str
        See ``DomainColumns``.
    """

    card: Mapping[str, Any]
    domain: Domain | None
    limits: Limits | None
    weights: dict[str, float]
    told: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, model: Path, card: Mapping[str, Any], *, alone: bool) -> AddedColumns:
        """Read what a model file has; ``alone``: whether a single member predicts.

        Raises
        ------
        InputError
            The known words in the file do not fit its card.
        """
        limits = None
        if card.get("conformal") is not None:
            known = Conformal.model_validate(card["conformal"])
            limits = Limits(known.error_rate, known.least, known.width, known.groups)
        members = () if alone else card.get(MEMBERS, ())
        weights = {m["name"]: m["weight"] for m in members if m["weight"] > 0}
        return cls(card, load_domain(model, dict(card)), limits, weights)

    def __call__(self) -> list[Added]:
        """Return what is added; nothing of members or classes per position."""
        task, classes = task_of(self.card["task"]), list(self.card["classes"])
        added: list[Added] = []
        if not task.per_position:
            if len(self.weights) > 1:
                added.append(SpreadColumns(task, self.weights))
            if self.limits is not None:
                added.append(SetColumns(task, classes, self.limits))
        return [*added, DomainColumns(self.domain, self.told)]
