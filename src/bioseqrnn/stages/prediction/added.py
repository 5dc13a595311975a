"""Columns of predictions beside calls and scores: each says how far a row can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from bioseqrnn.combination.store import load_domain
from bioseqrnn.inference.records import Predicted
from bioseqrnn.metrics.conformal import Limits
from bioseqrnn.networks.card import MEMBERS
from bioseqrnn.stages.prediction.sets import SetColumns
from bioseqrnn.stages.prediction.spread import SpreadColumns
from bioseqrnn.stages.prediction.validity import DomainColumns
from bioseqrnn.tables.selected import Conformal
from bioseqrnn.tasks import task_of


class Added(Protocol):
    """Some columns of one kind.

    Attributes
    ----------
    fields : list of (str, pyarrow DataType)
        Names and types of the columns.
    """

    fields: list[tuple[str, pa.DataType]]

    def columns(self, part: Predicted) -> dict[str, pa.Array]:
        """Values of the columns for some records, or for a part of one record."""
        ...

    def report(self, fasta: Path) -> None:
        """Log a summary of all records."""
        ...


def added_columns(model: Path, card: Mapping[str, Any], *, alone: bool = False) -> list[Added]:
    """Return what is added to the predictions of a model.

    Parameters
    ----------
    model : Path
    card : mapping
        Card of the model, as ``load_final`` returns it.
    alone : bool
        Whether a single member predicts.
    """
    added: list[Added] = []
    task = task_of(card["task"])
    weights = {m["name"]: m["weight"] for m in card.get(MEMBERS, ()) if m["weight"] > 0}
    if len(weights) > 1 and not alone and not task.per_position:
        added.append(SpreadColumns(task, weights))
    if card.get("conformal") is not None and not task.per_position:
        known = Conformal.model_validate(card["conformal"])
        limits = Limits(known.error_rate, known.least, known.width, known.groups)
        added.append(SetColumns(task, list(card["classes"]), limits))
    added.append(DomainColumns(load_domain(model, dict(card))))
    return added
