"""The prediction job: FASTA and a model in, one row a record out, in bounded memory."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bioseqrnn.console import progress, say
from bioseqrnn.evaluation.predictions import score_columns
from bioseqrnn.io import METADATA_KEY, atomic_path, sha256
from bioseqrnn.models.store import load_model
from bioseqrnn.prediction.decision import final_scores, record_calls
from bioseqrnn.prediction.network import predict_packed
from bioseqrnn.prediction.seen import SeenSequences
from bioseqrnn.sequences.alphabet import ALPHABETS
from bioseqrnn.sequences.encode import warn_of_dna
from bioseqrnn.sequences.reading.records import in_larger_blocks, read_records
from bioseqrnn.training.device import choose_device, describe, set_deterministic

FORMAT = 1
# What is in memory at once, and sorted by length into batches
BLOCK_RESIDUES = 4_000_000


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
    return f"trained on {card['trained_on']:,} records"


def predict_query(
    fasta: Path,
    model: Path,
    output: Path,
    tsv: Path,
    *,
    device: str,
    threads: int,
    sequences: Path | None = None,
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
        thresholds; several labels are joined by ``;``) and ``probability_{class}``, calibrated; of
        regression ``id``, ``length`` and ``value``. Written together, or neither.
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
    alphabet = ALPHABETS[card["alphabet"]]
    classes: list[str] = card["classes"]
    task = network.task
    warn_of_dna(fasta, alphabet)
    say(f"{card['model']} {_origin(card)}, on {describe(chosen)}")
    fields: list[tuple[str, pa.DataType]] = [
        ("id", pa.string()), ("length", pa.int64()),
    ]  # fmt: skip
    fields += [("call", pa.string())] * task.probabilistic
    fields += [(name, pa.float64()) for name in score_columns(task, classes)]
    seen = SeenSequences(sequences, card) if sequences is not None else None
    fields += [("in_training", pa.bool_())] * (seen is not None)
    schema = pa.schema(fields)
    done = known = 0
    blocks = read_records(fasta, alphabet, whole_headers=card.get("ids") == "header")
    with (
        atomic_path(tsv) as tsv_temporary,
        atomic_path(output) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd", store_schema=False) as writer,
        _gzip_text(tsv_temporary) as text,
        progress(f"predict {fasta.name}", "records") as bar,
    ):
        for records in in_larger_blocks(blocks, BLOCK_RESIDUES):
            rows = np.arange(len(records))
            scores = predict_packed(network, records.packed, alphabet, rows, chosen)
            scores = final_scores(task, scores, card)
            columns: dict[str, Any] = {
                "id": records.ids.to_pylist(),
                "length": records.packed.lengths,
            }
            if task.probabilistic:
                thresholds = card.get("thresholds", {})
                columns["call"] = record_calls(task, classes, scores, thresholds)
            columns |= dict(zip(score_columns(task, classes), scores.T, strict=True))
            if seen is not None:
                columns["in_training"] = seen.contain(records.packed)
                known += int(columns["in_training"].sum())
            frame = pd.DataFrame(columns)
            writer.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False))
            frame.to_csv(
                text, sep="\t", index=False, header=done == 0, float_format="%.6f",
                lineterminator="\n",
            )  # fmt: skip
            done += len(records)
            bar.advance(len(records))
        metadata = {
            "format": FORMAT,
            "classes": classes,
            "model": card["model"],
            "model_sha256": sha256(model),
            "query": fasta.name,
            "query_sha256": sha256(fasta),
            "records": done,
        }
        writer.add_key_value_metadata({METADATA_KEY: json.dumps(metadata, sort_keys=True)})
    say(f"{fasta.name}: {done:,} records in, {done:,} rows out")
    if known:
        say(
            f"{fasta.name}: {known:,} of them stand among the records that the model was trained "
            "on (column in_training): how it does on these says nothing about new ones"
        )
    return done
