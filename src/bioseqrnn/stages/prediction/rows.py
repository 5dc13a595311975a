"""The rows of a prediction: one for each record, in input order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.records import NO_IDS, PackedRecords, Refused
from bioseqrnn.inference.records import Predicted
from bioseqrnn.metrics.decision import deciding
from bioseqrnn.onehot.packing import NOTHING
from bioseqrnn.stages.prediction.added import Added
from bioseqrnn.stages.prediction.calls import (
    START,
    THRESHOLD,
    call_columns,
    call_fields,
    member_columns,
    member_fields,
)
from bioseqrnn.stages.prediction.domain import TrainedLengths
from bioseqrnn.stages.prediction.formats.writer import Content
from bioseqrnn.stages.prediction.seen import SeenSequences
from bioseqrnn.support.console import say
from bioseqrnn.tasks import Task

STATUS, REASON, FILE = "status", "reason", "file"
PREDICTED, REFUSED, UNREADABLE = "predicted", "refused", "unreadable"
# number of refused records that are named; the others are only counted
NAMED = 3


class Rows:
    """Makes the rows of a prediction and counts records.

    Parameters
    ----------
    task : Task
    card : mapping
        Card of the model.
    members : sequence of str
        Members of a combination whose scores get columns.
    seen : SeenSequences, optional
        Sequences that the model was trained on, for the column ``in_training``.
    several : bool
        Whether a column names the file of each record.
    added : callable
        Makes further columns, for one file of records.

    Attributes
    ----------
    content : Content
        Classes and columns of the rows.
    records : int
        Number of records that are complete so far, refused ones included.
    """

    def __init__(
        self,
        task: Task,
        card: Mapping[str, Any],
        members: Sequence[str] = (),
        seen: SeenSequences | None = None,
        several: bool = False,
        added: Callable[[], Sequence[Added]] = list,
    ) -> None:
        self._members, self._seen, self._card = members, seen, card
        self._new_added = added
        self._task, self._classes = task, list(card["classes"])
        self._thresholds: Mapping[str, float] = card.get("thresholds") or {}
        fields = [("id", pa.string()), *call_fields(task, self._classes, self._thresholds)]
        fields += member_fields(task, self._classes, members)
        fields += [field for some in added() for field in some.fields]
        if seen is not None:
            fields.append(("in_training", pa.bool_()))
        fields += [(STATUS, pa.string()), (REASON, pa.string())]
        if several:
            fields.insert(0, (FILE, pa.string()))
        self.content = Content(task, self._classes, pa.schema(fields))
        self.records = 0
        self.begin("")

    def begin(self, file: str) -> None:
        """Begin a file: its records are counted and reported apart."""
        self._file = file
        self._trained, self._added = TrainedLengths(self._card), self._new_added()
        self._done = self._rows = self._known = 0
        self._refused: list[Refused] = []
        self._refusals = 0
        # kept for later parts of the same record
        self._contained = np.zeros(0, bool)

    def table(self, part: Predicted) -> pa.Table:
        """Rows of some records, or of a part of one record."""
        schema = self.content.schema
        rows = self._taken(part) if len(part.starts) else schema.empty_table()
        done = part.records + len(part.refused)
        if part.refused:
            self._refusals += len(part.refused)
            self._refused += part.refused[: NAMED - len(self._refused)]
            rows = _merged(rows, self._without_scores(part.refused), part.refused)
        self.records, self._done = self.records + done, self._done + done
        self._rows += len(rows)
        return rows

    def unreadable(self, reason: str) -> tuple[pa.Table, Predicted]:
        """The row that stands for the records of a file that could not be read."""
        nothing = PackedRecords(NO_IDS, NOTHING, Conversions(), ())
        scores = np.zeros((0, self._task.outputs(self._classes)))
        part = Predicted(nothing, NOTHING.lengths, NOTHING.lengths, scores, 0)
        return self._without_scores([Refused(0, "", 0, reason)], UNREADABLE), part

    def _taken(self, part: Predicted) -> pa.Table:
        source = part.source
        columns: dict[str, Any] = {"id": source.ids, START: part.starts, "length": part.lengths}
        columns |= call_columns(
            self._task, self._classes, part.lengths, part.scores, self._thresholds
        )
        columns |= member_columns(
            self._task, self._classes, part.lengths, part.members, self._members
        )
        for some in self._added:
            columns |= some.columns(part)
        if part.begins:
            self._trained.add(source.ids, source.packed.lengths)
        if self._seen is not None:
            if part.begins:
                self._contained = self._seen.contain(source.packed)
                self._known += int(self._contained.sum())
            columns["in_training"] = self._contained
        count = len(part.starts)
        columns |= {FILE: pa.repeat(self._file, count), STATUS: pa.repeat(PREDICTED, count)}
        columns[REASON] = pa.nulls(count, pa.string())
        schema = self.content.schema
        return pa.table([columns[name] for name in schema.names], schema=schema)

    def _without_scores(self, refused: Sequence[Refused], status: str = REFUSED) -> pa.Table:
        """Rows of records without a call; the thresholds are the same in every row."""
        count, schema = len(refused), self.content.schema
        columns: dict[str, Any] = {
            "id": pa.array([one.name for one in refused], pa.string()),
            "length": pa.array([one.length for one in refused], pa.int64()),
            START: pa.array(np.zeros(count, np.int64)),
            FILE: pa.repeat(self._file, count),
            STATUS: pa.repeat(status, count),
            REASON: pa.array([one.reason for one in refused], pa.string()),
        }
        for name, limit in deciding(self._task, self._classes, self._thresholds).items():
            columns[f"{THRESHOLD}{name}"] = pa.array(np.full(count, limit))
        return pa.table(
            [columns.get(field.name, pa.nulls(count, field.type)) for field in schema],
            schema=schema,
        )

    def report(self, name: str) -> None:
        """Log what was special about the records of a file, or of ``name``."""
        if self._refusals:
            shown = ", ".join(f"'{one.name}' ({one.reason})" for one in self._refused)
            more = self._refusals - len(self._refused)
            shown += f" and {more:,} more" if more else ""
            records = "1 record is" if self._refusals == 1 else f"{self._refusals:,} records are"
            say(f"warning: {name}: {records} not predicted (column {STATUS}): {shown}")
        self._trained.warn(name)
        for some in self._added:
            some.report(name)
        if self._known:
            say(
                f"{name}: {self._known:,} of them were used to train the model (column "
                "in_training), so their scores do not show how the model performs on new records"
            )

    def count(self, name: str) -> None:
        """Log how many records of a file there were."""
        done, rows = self._done, self._rows
        more = f" ({rows:,} rows: long records take several)" if rows > done else ""
        say(f"{name}: {done:,} records in, {done:,} out{more}")


def _merged(taken: pa.Table, others: pa.Table, refused: Sequence[Refused]) -> pa.Table:
    """Rows of records with those that were refused, in input order."""
    places = np.insert(
        np.arange(len(taken)), [one.place for one in refused], len(taken) + np.arange(len(others))
    )
    return pa.concat_tables([taken, others]).take(pa.array(places))
