"""The prediction job: from FASTA and a model to one row per record, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bioseqrnn.combination.store import load_final
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.fasta.choose_alphabet import warn_of_dna
from bioseqrnn.fasta.conversions import Conversions, say_conversions
from bioseqrnn.fasta.records import counted, read_records
from bioseqrnn.inference.device import choose_device, describe, set_deterministic
from bioseqrnn.inference.records import Predicted, predict_records
from bioseqrnn.networks.card import MEMBERS
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.stages.prediction.calls import (
    START,
    call_columns,
    call_fields,
    member_columns,
    member_fields,
)
from bioseqrnn.stages.prediction.domain import TrainedLengths
from bioseqrnn.stages.prediction.formats import format_of
from bioseqrnn.stages.prediction.formats.writer import Content
from bioseqrnn.stages.prediction.seen import SeenSequences
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.declared.models import QUERY_PREDICTIONS
from bioseqrnn.tasks import Task

FORMAT = QUERY_PREDICTIONS.format


def _origin(card: dict[str, Any]) -> str:
    """Origin of a model, in words."""
    if "imported" in card:
        return f"imported from {card['imported']['from']} ({card['imported']['file']})"
    if card.get("trained_on") is None:
        return "with unknown training data"
    return f"trained on {card['trained_on']:,} records"


def predict_query(
    fasta: Path,
    model: Path,
    outputs: Sequence[Path],
    *,
    machine: MachineConfig,
    sequences: Path | None = None,
    only: str | None = None,
    members: bool = False,
) -> int:
    """Predict every record of a FASTA file, in its order.

    Parameters
    ----------
    fasta : Path
        Any number of records; an id may occur more than once.
    model : Path
        ``model.safetensors``.
    outputs : sequence of Path
        Files to write, all or none. The extension gives the format (``formats.FORMATS``); a format
        that does not exist for the model's task is left out.

        Rows have the columns ``id``, ``length``, ``call`` (by the model's thresholds; several
        labels are joined by ``;``), ``probability_{class}`` (calibrated), and ``threshold_{class}``
        if calls depend on thresholds; in regression ``id``, ``length`` and ``value``. A model per
        position gives one character, and a list of probabilities, for each residue. A record of
        more than a million residues takes several rows, each beginning at residue ``start``, which
        is otherwise 0.
    machine : MachineConfig
        One device of it is used.
    sequences : Path, optional
        ``sequences.parquet`` that the model was trained on. If given, a column ``in_training`` says
        whether a record's sequence (or its reverse complement) is in it.
    only : str, optional
        Name of the member of the final model that predicts alone.
    members : bool
        Whether the calibrated scores of every member are written beside those of the model, in
        columns ``{member}:probability_{class}`` or ``{member}:value``.

    Returns
    -------
    int
        Number of records predicted, which equals the number of records read.

    Raises
    ------
    InputError
        An output has no known format, or a model, table or FASTA file is invalid.
    """
    formats = {path: format_of(path) for path in outputs}
    set_deterministic(0, machine.threads)
    device = choose_device(machine.device)
    scorer, card = load_final(model, device, only=only, every=members)
    alphabet, task = ALPHABETS[card["alphabet"]], scorer.task
    warn_of_dna(fasta, alphabet)
    say(f"{card['model']} {_origin(card)}, on {describe(device)}")
    names = [member["name"] for member in card.get(MEMBERS, ())] if members else []
    rows = _Rows(task, card, sequences, [] if only is not None else names)
    conversions = Conversions()
    whole_headers = card.get("ids") == "header"
    blocks = counted(read_records(fasta, alphabet, whole_headers=whole_headers), conversions)
    with together(), ExitStack() as files:
        # the first file gets its final name last: if it exists, the others exist too
        suited = [path for path in reversed(formats) if formats[path].suits(task)]
        written = {path: files.enter_context(atomic_path(path)) for path in suited}
        writers = {path: formats[path](written[path], rows.content, files) for path in suited}
        bar = files.enter_context(progress(f"predict {fasta.name}", "records"))
        for part in predict_records(scorer, card, blocks, fasta):
            table = rows.table(part)
            for file in writers.values():
                file.write(table, part)
            bar.advance(part.records)
        metadata = {
            "format": FORMAT,
            "task": task.name,
            "classes": rows.content.classes,
            "model": card["model"],
            "model_sha256": sha256(model),
            "query": fasta.name,
            "query_sha256": sha256(fasta),
            "records": rows.records,
        }
        beside: dict[str, str] = {}
        for path, file in writers.items():
            file.finish(metadata | {"beside": beside})
            # text is complete before the table that the metadata are written to
            if path.suffix == ".gz":
                beside[path.name] = sha256(written[path])
    say_conversions(conversions, fasta.name, alphabet)
    rows.report(fasta)
    return rows.records


class _Rows:
    """Makes the rows of a prediction and counts records.

    Attributes
    ----------
    content : Content
        Classes and columns of the rows.
    records : int
        Number of records that are complete so far.
    """

    def __init__(
        self, task: Task, card: Mapping[str, Any], sequences: Path | None, members: Sequence[str]
    ) -> None:
        self._members = members
        self._task, self._classes = task, list(card["classes"])
        self._thresholds: Mapping[str, float] = card.get("thresholds") or {}
        self._seen = SeenSequences(sequences, card) if sequences is not None else None
        self._trained = TrainedLengths(card)
        self.records = self._rows = self._known = 0
        fields = [("id", pa.string()), *call_fields(task, self._classes, self._thresholds)]
        fields += member_fields(task, self._classes, members)
        if self._seen is not None:
            fields.append(("in_training", pa.bool_()))
        self.content = Content(task, self._classes, pa.schema(fields))
        # kept for later parts of the same record
        self._contained = np.zeros(0, bool)

    def table(self, part: Predicted) -> pa.Table:
        """Rows of some records, or of a part of one record."""
        source = part.source
        columns: dict[str, Any] = {"id": source.ids, START: part.starts, "length": part.lengths}
        columns |= call_columns(
            self._task, self._classes, part.lengths, part.scores, self._thresholds
        )
        columns |= member_columns(
            self._task, self._classes, part.lengths, part.members, self._members
        )
        if part.begins:
            self._trained.add(source.ids, source.packed.lengths)
        if self._seen is not None:
            if part.begins:
                self._contained = self._seen.contain(source.packed)
                self._known += int(self._contained.sum())
            columns["in_training"] = self._contained
        schema = self.content.schema
        table = pa.table([columns[name] for name in schema.names], schema=schema)
        self.records, self._rows = self.records + part.records, self._rows + len(table)
        return table

    def report(self, fasta: Path) -> None:
        """Log how many records there were, with unusual lengths, and from the training table."""
        done, rows = self.records, self._rows
        more = f" ({rows:,} rows: long records take several)" if rows > done else ""
        say(f"{fasta.name}: {done:,} records in, {done:,} out{more}")
        self._trained.warn(fasta)
        if self._known:
            say(
                f"{fasta.name}: {self._known:,} of them were used to train the model (column "
                "in_training), so their scores do not show how the model performs on new records"
            )
