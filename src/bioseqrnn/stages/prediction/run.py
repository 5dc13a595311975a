"""The prediction job: from FASTA and a model to one row per record, in bounded memory."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.inference.device import choose_device, describe, set_deterministic
from bioseqrnn.stages.prediction.added import Added
from bioseqrnn.stages.prediction.formats import STANDARD, format_of
from bioseqrnn.stages.prediction.formats.writer import Coding, Writer
from bioseqrnn.stages.prediction.nearest import NearestColumns, NearestRecords
from bioseqrnn.stages.prediction.predictor import Predictor
from bioseqrnn.stages.prediction.rows import Rows
from bioseqrnn.stages.prediction.seen import SeenSequences
from bioseqrnn.support.atomic import atomic_path, temporary_folder, together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.declared.models import QUERY_PREDICTIONS

FORMAT = QUERY_PREDICTIONS.format
STANDARD_INPUT = "standard input"
GFF3 = (".gff3", ".gff3.gz")


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
    coding: Coding | None = None,
) -> int:
    """Predict every record of one FASTA file, as ``predict_queries`` does."""
    return predict_queries(
        [fasta],
        model,
        outputs,
        machine=machine,
        sequences=sequences,
        only=only,
        members=members,
        coding=coding,
    )


def predict_queries(
    fastas: Sequence[Path],
    model: Path,
    outputs: Sequence[Path],
    *,
    machine: MachineConfig,
    sequences: Path | None = None,
    only: str | None = None,
    members: bool = False,
    coding: Coding | None = None,
    nearest: bool = False,
) -> int:
    """Predict every record of some FASTA files, in their order.

    Parameters
    ----------
    fastas : sequence of Path
        Any number of records; an id may occur more than once. ``-`` is standard input.
    model : Path
        ``model.safetensors``.
    outputs : sequence of Path
        Files to write, all or none. The extension gives the format (``formats.FORMATS``); a format
        that does not exist for the model's task is left out, unless it is the only one. ``-`` is
        standard output, as TSV, which is written while the records are predicted.

        Rows have the columns ``id``, ``length``, ``call`` (by the model's thresholds; several
        labels are joined by ``;``), ``probability_{class}`` (calibrated), and ``threshold_{class}``
        if calls depend on thresholds; in regression ``id``, ``length`` and ``value``. A model per
        position gives one character, and a list of probabilities, for each residue. A record of
        more than a million residues takes several rows, each beginning at residue ``start``, which
        is otherwise 0. ``status`` is ``predicted``, or ``refused`` for a record that the model
        cannot take, whose ``reason`` says why. If there are several files, the column ``file``
        names that of each record, and a file that cannot be read to its end has a last row with the
        status ``unreadable``.
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
    coding : Coding, optional
        The class of coding bases of a model per position: in GFF3, its runs become genes.
    nearest : bool
        Whether columns name the most similar record of ``sequences``, by alignment with MMseqs2.

    Returns
    -------
    int
        Number of records in the output, which equals the number of records read.

    Raises
    ------
    InputError
        An output has no known format, the model or table is invalid, or a FASTA file is. If there
        are several files and one can be read, this error comes last: the outputs are complete for
        the other files.
    """
    if nearest and sequences is None:
        raise InputError("--nearest: needs --sequences, the sequences.parquet of the training")
    formats = {path: format_of(path) for path in outputs}
    set_deterministic(0, machine.threads)
    device = choose_device(machine.device)
    predictor = Predictor.load(model, device, only, members)
    card, task = predictor.card, predictor.task
    formats = {path: writer for path, writer in formats.items() if writer.suits(task)}
    if not formats:
        raise InputError(f"{outputs[0]}: this format does not exist for the task {task.name}")
    opposite = predictor.opposite
    _check_coding(coding, card, opposite, [*formats])
    say(f"{card['model']} {_origin(card)}, on {describe(device)}")
    seen = SeenSequences(sequences, card) if sequences is not None else None
    names = predictor.members if members and only is None else []
    queries: dict[str, str] = {}
    failed: list[str] = []
    with together(), ExitStack() as files:
        added: Callable[[], list[Added]] = predictor.added
        if sequences is not None and nearest:
            folder = files.enter_context(temporary_folder("bioseqrnn-nearest-"))
            added = _with_nearest(added, NearestRecords(sequences, card, folder, machine.threads))
        rows = Rows(task, card, names, seen, several=len(fastas) > 1, added=added)
        # the first file gets its final name last: if it exists, the others exist too
        written = {path: _opened(path, files) for path in reversed(formats)}
        content = replace(rows.content, opposite=opposite, coding=coding)
        writers = {path: formats[path](written[path], content, files) for path in written}
        for fasta in fastas:
            name = str(fasta) if str(fasta) != STANDARD else STANDARD_INPUT
            rows.begin(name)
            try:
                queries[name] = _predict_file(predictor, fasta, rows, [*writers.values()])
            except InputError as error:
                failed.append(name)
                if len(failed) == len(fastas):
                    raise
                say(f"error: {error}")
                for file in writers.values():
                    file.write(*rows.unreadable(str(error)))
        metadata = {
            "format": FORMAT,
            "task": task.name,
            "classes": rows.content.classes,
            "model": card["model"],
            "model_sha256": sha256(model),
            "queries": queries,
            "records": rows.records,
        }
        beside: dict[str, str] = {}
        for path, file in writers.items():
            file.finish(metadata | {"beside": beside})
            # text is complete before the table that the metadata are written to
            if path.suffix == ".gz":
                beside[path.name] = sha256(written[path])
    if failed:
        raise InputError(
            f"{', '.join(failed)}: not read to the end (see above); the other files were predicted"
        )
    return rows.records


def _check_coding(
    coding: Coding | None, card: dict[str, Any], opposite: dict[str, str], outputs: list[Path]
) -> None:
    """Raise InputError if genes are asked for that the model, or no output, can have."""
    if coding is None:
        return
    if card["alphabet"] != "dna" or opposite.get(coding.name, coding.name) == coding.name:
        pairs = sorted(
            {" and ".join(sorted(pair)) for pair in opposite.items() if len({*pair}) > 1}
        )
        raise InputError(
            f"coding class '{coding.name}': genes need a class with an opposite one on the other "
            f"strand, and those of this model are {', '.join(pairs) or 'none'}; the dataset option "
            "'opposite' says what they are, when a model is trained"
        )
    if not any(path.name.endswith(GFF3) for path in outputs):
        raise InputError(
            f"coding class '{coding.name}': genes are written as GFF3 only; the name of the output "
            f"must end in {GFF3[0]}, {GFF3[1]} or .parquet"
        )


def _with_nearest(
    added: Callable[[], list[Added]], records: NearestRecords
) -> Callable[[], list[Added]]:
    """The added columns of a model, and those of the nearest training records."""
    return lambda: [*added(), NearestColumns(records)]


def _opened(path: Path, files: ExitStack) -> Path:
    """Where a writer writes: a temporary file, or standard output itself."""
    return path if str(path) == STANDARD else files.enter_context(atomic_path(path))


def _predict_file(predictor: Predictor, fasta: Path, rows: Rows, writers: Sequence[Writer]) -> str:
    """Write the rows of one FASTA file; return its SHA-256."""
    with _as_file(fasta) as path:
        with progress(f"predict {path.name}", "records") as bar:
            for table, part in predictor.tables(predictor.read(path), rows, path):
                for file in writers:
                    file.write(table, part)
                bar.advance(part.records + len(part.refused))
        rows.count(path.name)
        return sha256(path)


@contextmanager
def _as_file(fasta: Path) -> Iterator[Path]:
    """Yield the file itself; standard input is copied to a temporary file, which is read twice."""
    if str(fasta) != STANDARD:
        yield fasta
        return
    with temporary_folder("bioseqrnn-") as folder:
        path = folder / STANDARD_INPUT
        with path.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        try:
            yield path
        except InputError as error:
            raise InputError(str(error).replace(str(path), STANDARD_INPUT)) from error
