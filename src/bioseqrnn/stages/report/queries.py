"""What became of new sequences: counts from files of predictions, a row group at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bioseqrnn.support.checked import Count, Described, checked
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import open_parquet, require_columns
from bioseqrnn.tables.declared.models import QUERY_PREDICTIONS
from bioseqrnn.tables.declared.queries import CALLS, MARKED, QUERIES
from bioseqrnn.tasks import task_of

WHAT, AGAIN = "file of predictions", "make it again with 'predict'"
DOMAINS = ("inside", "edge", "outside", "unknown")
OUTSIDE, PREDICTED, REFUSED, UNREADABLE = "outside", "predicted", "refused", "unreadable"
NO_LABEL = "(none)"
LABELS = ";"
# records of a query that are listed for each mark
LISTED = 20
ALWAYS = ("id", "length", "domain", "domain_reason", "status", "reason")
SOMETIMES = ("start", "call", "prediction_set", "members_disagree", "in_training", "value")


class _Metadata(Described):
    """The part of the metadata of predictions that is needed."""

    format: Count
    task: Literal["binary", "multiclass", "multilabel", "regression", "per_position"]
    classes: list[str]
    model: str


@dataclass
class Summary:
    """Counts of one query.

    Attributes
    ----------
    name : str
    model : str
        Name of the model in its card.
    task : str
    classes : list of str
    rows : Counter
        Records by status.
    domains : Counter
        Predicted records by domain.
    sets : Counter
        Predicted records by the size of their set: 0, 1, or 2 for more.
    calls : Counter
        Calls by (class, domain): of records, or of residues.
    marked : list of tuple
        Rows of ``MARKED`` without the name of the query.
    in_training : int or None
    disagree : list of float
        Sum of ``members_disagree``.
    extent : list of float
        Of values: sum, lowest and highest value.
    thresholds : dict of str to float
    """

    name: str
    model: str
    task: str
    classes: list[str]
    rows: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)
    sets: Counter[int] = field(default_factory=Counter)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    marked: list[tuple[Any, ...]] = field(default_factory=list)
    in_training: int | None = None
    disagree: float | None = None
    extent: list[float] = field(default_factory=list)
    thresholds: dict[str, float] = field(default_factory=dict)


def summarise(path: Path) -> Summary:
    """Count the calls of one file of predictions; memory does not depend on its length.

    Raises
    ------
    InputError
        It is not such a file, is damaged, or is of another version.
    """
    file, metadata = open_parquet(path, WHAT)
    found = checked(_Metadata, metadata, f"{WHAT} {path}: metadata", AGAIN)
    if found.format != QUERY_PREDICTIONS.format:
        raise InputError(
            f"{WHAT} {path}: has format {found.format}, but this version reads "
            f"{QUERY_PREDICTIONS.format}; {AGAIN}"
        )
    require_columns(file, ALWAYS)
    names = file.schema_arrow.names
    limits = {f"threshold_{name}": name for name in found.classes}
    wanted = [name for name in names if name in (*ALWAYS, *SOMETIMES) or name in limits]
    summary = Summary(path.stem, found.model, found.task, found.classes)
    room = dict.fromkeys((OUTSIDE, REFUSED, UNREADABLE), LISTED)
    for number in range(file.num_row_groups):
        part = file.read_row_group(number, columns=wanted)
        if not len(part):
            continue
        for column in limits.keys() & set(wanted):
            summary.thresholds.setdefault(limits[column], part[column][0].as_py())
        _count(summary, part)
        _list(summary, part, room)
    return summary


def _grouped(part: pa.Table, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield each combination of values with the number of its rows."""
    groups = part.select(columns).group_by(list(columns)).aggregate([([], "count_all")])
    yield from zip(*(groups[name].to_pylist() for name in [*columns, "count_all"]), strict=True)


def _count(summary: Summary, part: pa.Table) -> None:
    there = part.column_names
    # a long record takes several rows, of which the first counts
    first = part.filter(pc.equal(part["start"], 0)) if "start" in there else part
    for status, count in _grouped(first, "status"):
        summary.rows[status] += count
    taken = part.filter(pc.equal(part["status"], PREDICTED))
    first = first.filter(pc.equal(first["status"], PREDICTED))
    for domain, count in _grouped(first, "domain"):
        summary.domains[domain] += count
    if "prediction_set" in there:
        single = set(summary.classes)
        for text, count in _grouped(first, "prediction_set"):
            summary.sets[0 if not text else 1 if text in single else 2] += count
    if "in_training" in there:
        known = pc.sum(first["in_training"]).as_py() or 0
        summary.in_training = (summary.in_training or 0) + known
    if "members_disagree" in there:
        summary.disagree = (summary.disagree or 0) + (
            pc.sum(first["members_disagree"]).as_py() or 0
        )
    if "value" in there and len(first):
        low, high = pc.min_max(first["value"]).as_py().values()
        total = pc.sum(first["value"]).as_py()
        old = summary.extent or [0.0, np.inf, -np.inf]
        summary.extent = [old[0] + total, min(old[1], low), max(old[2], high)]
    if "call" in there:
        _count_calls(summary, taken)


def _count_calls(summary: Summary, taken: pa.Table) -> None:
    task, calls = task_of(summary.task), summary.calls
    if task.per_position:
        for domain in pc.unique(taken["domain"]).to_pylist():
            texts = taken["call"].filter(pc.equal(taken["domain"], domain))
            letters = Counter[int]()
            for text in texts:
                values, counts = np.unique(_codes(text.as_py()), return_counts=True)
                letters.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
            for code, count in letters.items():
                calls[chr(code), domain] += count
        return
    for call, domain, count in _grouped(taken, "call", "domain"):
        names = [call] if task.exclusive else [name for name in call.split(LABELS) if name]
        for name in names or [NO_LABEL]:
            calls[name, domain] += count


def _codes(text: str) -> Any:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _list(summary: Summary, part: pa.Table, room: dict[str, int]) -> None:
    """List the first records with a mark, while there is room for them."""
    by_record = "call" in part.column_names and not task_of(summary.task).per_position
    marks = {REFUSED: ("status", "reason"), UNREADABLE: ("status", "reason")}
    marks[OUTSIDE] = ("domain", "domain_reason")
    for mark, (column, reason) in marks.items():
        if not room[mark]:
            continue
        rows = pc.equal(part[column], mark)
        if "start" in part.column_names:
            rows = pc.and_(rows, pc.equal(part["start"], 0))
        found = part.filter(rows).slice(0, room[mark])
        room[mark] -= len(found)
        for row in found.to_pylist():
            call = row["call"] if by_record else None
            length = None if mark == UNREADABLE else row["length"]
            summary.marked.append((mark, row["id"], length, call, row[reason]))


def tables_of(summaries: Sequence[Summary]) -> dict[str, pd.DataFrame]:
    """Return the tables ``QUERIES``, ``CALLS`` and ``MARKED`` by their names."""
    queries, calls, marked = [], [], []
    for one in summaries:
        predicted = one.rows[PREDICTED]
        sets = [one.sets[size] if one.sets else None for size in range(3)]
        ends: Sequence[float | None] = one.extent[1:] or [None, None]
        mean = one.extent[0] / predicted if one.extent else None
        shares = None if one.disagree is None or not predicted else one.disagree / predicted
        queries.append(
            (
                one.name, one.rows[PREDICTED] + one.rows[REFUSED], predicted, one.rows[REFUSED],
                one.rows[UNREADABLE], one.in_training, *(one.domains[d] for d in DOMAINS), *sets,
                shares, mean, *ends,
            )
        )  # fmt: skip
        extra = [NO_LABEL] if any(name == NO_LABEL for name, _ in one.calls) else []
        for name in [*one.classes, *extra]:
            counts = [one.calls[name, domain] for domain in DOMAINS]
            calls.append((one.name, name, one.thresholds.get(name), sum(counts), *counts))
        marked += [(one.name, *row) for row in one.marked]
    whole = ("in_training", "set_empty", "set_single", "set_several")
    frame = QUERIES.frame(queries).astype(dict.fromkeys(whole, "Int64"))
    listed = MARKED.frame(marked).astype({"length": "Int64"})
    return {QUERIES.name: frame, CALLS.name: CALLS.frame(calls), MARKED.name: listed}
