"""The prediction job: FASTA and a model in, one row a record out, in bounded memory."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from bioseqrnn.fasta.choose_alphabet import warn_of_dna
from bioseqrnn.fasta.conversions import Conversions, say_conversions
from bioseqrnn.fasta.records import Records, counted, in_larger_blocks, read_records
from bioseqrnn.inference.device import choose_device, describe, set_deterministic
from bioseqrnn.inference.needs import require_memory
from bioseqrnn.inference.network import predict_packed, predict_stretches
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import load_model
from bioseqrnn.onehot.alphabet import ALPHABETS, Alphabet
from bioseqrnn.stages.prediction.bed import RunWriter
from bioseqrnn.stages.prediction.calls import START, call_columns, call_fields
from bioseqrnn.stages.prediction.decision import final_scores
from bioseqrnn.stages.prediction.domain import TrainedLengths
from bioseqrnn.stages.prediction.seen import SeenSequences
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.io import METADATA_KEY, sha256
from bioseqrnn.support.parquet import sealed_writer
from bioseqrnn.tables.declared.models import QUERY_PREDICTIONS

FORMAT = QUERY_PREDICTIONS.format
# What is in memory at once, and sorted by length into batches
BLOCK_RESIDUES = 4_000_000
# the same where every residue has scores
STRETCH_RESIDUES = 1_000_000


@contextmanager
def _gzip_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open gzip text whose bytes depend on its content only (no name, no time in the header)."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as zipped,
        io.TextIOWrapper(zipped, encoding="utf-8", newline="\n") as text,
    ):
        yield text


def _origin(card: dict[str, Any]) -> str:
    """Where a model comes from."""
    if "imported" in card:
        return f"imported from {card['imported']['from']} ({card['imported']['file']})"
    if card.get("trained_on") is None:
        return "of unknown training"
    return f"trained on {card['trained_on']:,} records"


@dataclass(frozen=True)
class _Predicted:
    """Consecutive records, or one stretch of a long one.

    ``starts`` and ``lengths``, int64 [n], are the residues of each that ``scores``, float64
    [units, outputs], are for; ``records`` counts those that end here.
    """

    source: Records
    starts: Ints
    lengths: Ints
    scores: Doubles
    records: int


def _predict(
    network: SequenceClassifier,
    card: Mapping[str, Any],
    blocks: Iterable[Records],
    alphabet: Alphabet,
    device: torch.device,
    fasta: Path,
) -> Iterator[_Predicted]:
    """Yield what is predicted, in the records' order; of a long one a stretch at a time."""
    residues = STRETCH_RESIDUES if network.task.per_position else BLOCK_RESIDUES
    for source in in_larger_blocks(blocks, residues):
        lengths = source.packed.lengths
        longest = int(lengths.argmax())
        if network.window is None and device.type == "cpu":
            what = f"{fasta}: record '{source.ids[longest]}'"
            require_memory(network, int(lengths[longest]), what)
        if not network.task.per_position or len(source) > 1 or lengths[0] <= residues:
            scores = predict_packed(
                network, source.packed, alphabet, np.arange(len(source)), device
            )
            scores = final_scores(network.task, scores, card)
            yield _Predicted(source, np.zeros(len(source), np.int64), lengths, scores, len(source))
            continue
        for start, scores in predict_stretches(network, source.packed, alphabet, device, residues):
            scores = final_scores(network.task, scores, card)
            last = start + len(scores) == lengths[0]
            yield _Predicted(source, np.array([start]), np.array([len(scores)]), scores, int(last))


def predict_query(
    fasta: Path,
    model: Path,
    output: Path,
    tsv: Path,
    *,
    device: str,
    threads: int,
    sequences: Path | None = None,
    bed: Path | None = None,
) -> int:
    """Predict every record of a FASTA file, in its order.

    Parameters
    ----------
    fasta : Path
        Any number of records; an id may occur more than once.
    model : Path
        ``model.safetensors``.
    output, tsv : Path
        Parquet and gzipped TSV with the columns ``id``, ``length``, ``call`` (by the model's
        thresholds; several labels are joined by ``;``), ``probability_{class}``, calibrated, and
        ``threshold_{class}`` where the model has thresholds that make calls; of
        regression ``id``, ``length`` and ``value``. A model per position gives a character, and a
        list of probabilities, for each residue, and the TSV leaves the lists out; a record of more
        than a million residues takes several rows, each from residue ``start``, 0 else.
        All files are written together, or none.
    bed : Path, optional
        Gzipped BED of the runs of residues with one call; of a model per position only.
    sequences : Path, optional
        ``sequences.parquet`` that the model was trained on: then a column ``in_training`` says
        whether a record's sequence (or its reverse complement) stands in it.
    device : {"auto", "cpu", "cuda"}
    threads : int
        CPU threads.

    Returns
    -------
    int
        Records predicted, which equals records read.
    """
    set_deterministic(0, threads)
    chosen = choose_device(device)
    network, card = load_model(model, chosen)
    alphabet, task = ALPHABETS[card["alphabet"]], network.task
    classes: list[str] = card["classes"]
    task = network.task
    warn_of_dna(fasta, alphabet)
    say(f"{card['model']} {_origin(card)}, on {describe(chosen)}")
    seen = SeenSequences(sequences, card) if sequences is not None else None
    thresholds = card.get("thresholds") or {}
    fields = [("id", pa.string()), *call_fields(task, classes, thresholds)]
    fields += [("in_training", pa.bool_())] * (seen is not None)
    schema = pa.schema(fields)
    in_text = [field.name for field in schema if not pa.types.is_list(field.type)]
    done = rows = known = 0
    conversions = Conversions()
    blocks = counted(
        read_records(fasta, alphabet, whole_headers=card.get("ids") == "header"), conversions
    )
    trained = TrainedLengths(card)
    with together(), ExitStack() as files:
        text = files.enter_context(_gzip_text(files.enter_context(atomic_path(tsv))))
        runs = None
        if bed is not None and task.per_position:
            bed_text = files.enter_context(_gzip_text(files.enter_context(atomic_path(bed))))
            runs = RunWriter(bed_text, classes)
        temporary = files.enter_context(atomic_path(output))
        writer = files.enter_context(
            sealed_writer(temporary, schema, compression="zstd", store_schema=False)
        )
        bar = files.enter_context(progress(f"predict {fasta.name}", "records"))
        # a value is in the unit of the labels, whatever that is
        digits = "%.6f" if task.probabilistic else "%.12g"
        for part in _predict(network, card, blocks, alphabet, chosen, fasta):
            columns: dict[str, Any] = {
                "id": part.source.ids, START: part.starts, "length": part.lengths
            }  # fmt: skip
            columns |= call_columns(task, classes, part.lengths, part.scores, thresholds)
            if (part.starts == 0).all():
                # of a long record that comes in stretches, once
                trained.add(part.source.ids, part.source.packed.lengths)
            if seen is not None and (part.starts == 0).all():
                contained = seen.contain(part.source.packed)
                known += int(contained.sum())
            if seen is not None:
                columns["in_training"] = contained
            table = pa.table([columns[name] for name in schema.names], schema=schema)
            writer.write_table(table)
            table.select(in_text).to_pandas().to_csv(
                text, sep="\t", index=False, header=rows == 0, float_format=digits,
                lineterminator="\n",
            )  # fmt: skip
            if runs is not None:
                ends = np.cumsum(part.lengths)
                for name, start, end, length in zip(
                    part.source.ids.to_pylist(), part.starts, ends, part.lengths, strict=True
                ):
                    runs.add(name, int(start), part.scores[end - length : end])
            done, rows = done + part.records, rows + len(table)
            bar.advance(part.records)
        if runs is not None:
            runs.finish()
        metadata = {
            "format": FORMAT,
            "task": task.name,
            "classes": classes,
            "model": card["model"],
            "model_sha256": sha256(model),
            "query": fasta.name,
            "query_sha256": sha256(fasta),
            "records": done,
        }
        writer.add_key_value_metadata({METADATA_KEY: json.dumps(metadata, sort_keys=True)})
    say_conversions(conversions, fasta.name, alphabet)
    more = f" ({rows:,} rows: long ones take several)" if rows > done else ""
    say(f"{fasta.name}: {done:,} records in, {done:,} out{more}")
    trained.warn(fasta)
    if known:
        say(
            f"{fasta.name}: {known:,} of them stand among the records that the model was trained "
            "on (column in_training): how it does on these says nothing about new ones"
        )
    return done
