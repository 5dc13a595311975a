"""Made negatives as rows of a dataset's table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.intervals import read_intervals, resized
from bioseqrnn.fasta.labels import CLASSIFICATION
from bioseqrnn.fasta.records import PackedRecords, pack_records
from bioseqrnn.fasta.sources import Source, genome_names
from bioseqrnn.fasta.stream import Batch, Places
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.stages.sequences.writer import Batches, DatasetWriter, own_groups
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file


def check_negatives(
    sources: list[Source], alphabet: Alphabet, options: DatasetOptions, where: str
) -> None:
    """Raise InputError if it is clear before reading that no negatives can be made."""
    settings = options.negatives
    if options.task != CLASSIFICATION:
        raise InputError(f"{where}: negatives are a class, but task {options.task} has no classes")
    if settings.method == "genome":
        if alphabet.name != "dna":
            raise InputError(
                f"{where}: negatives from a genome are only for DNA, but this is {alphabet.name}; "
                "use method shuffle"
            )
        if settings.genome is None:
            raise InputError(f"{where}: method genome needs the FASTA of the genome as 'genome'")
        require_file(Path(settings.genome), "genome")
    for source in sources:
        if source.label == settings.label:
            raise _class_exists(source, settings.label)


def write_negatives(
    writer: DatasetWriter,
    batches: Batches,
    sources: list[Source],
    alphabet: Alphabet,
    options: DatasetOptions,
) -> dict[str, Any]:
    """Make negatives from all records and write them after the records, if the options say so.

    The records are read twice more: once to collect every sequence that must not be made, once to
    make negatives from each one. A shuffled negative and its record form a group.

    Returns
    -------
    dict
        ``negatives``: their settings and number, for the table's metadata; empty if not requested.
    """
    settings = options.negatives
    if not options.makes_negatives:
        return {}
    from bioseqrnn.stages.sequences.negatives.maker import Negatives

    genome = Path(settings.genome) if settings.genome else None
    maker = Negatives(
        alphabet,
        settings.method,
        k=settings.k,
        per_positive=settings.per_positive,
        seed=settings.seed,
        both_strands=options.strands == "both",
        genome=genome,
        intervals=_known_intervals(sources, genome, options.window),
    )
    for _, batch in batches():
        maker.add_positives(sequences_of(batch.records, alphabet))
    names = genome_names(sources, options)
    before = writer.written
    label = pa.array([settings.label])
    for source, batch in batches():
        if settings.label in _classes(batch):
            raise _class_exists(sources[source], settings.label)
        ids, sequences, origins = maker.make(
            batch.records.ids.to_pylist(), sequences_of(batch.records, alphabet)
        )
        if not ids:
            continue
        records = pack_records(Path("negatives"), ids, sequences, alphabet)
        labels = pa.DictionaryArray.from_arrays(np.zeros(len(ids), np.int32), label)
        groups = places = None
        if settings.method == "shuffle":
            groups = _pairs(batch, origins)
        elif genome is not None:
            # such a window shares only length and G+C content with its record
            places = _places(ids, names[genome.resolve()])
        writer.add(len(sources) + source, Batch(records, labels, groups, places))
    made = writer.written - before
    if maker.missing:
        say(
            f"{maker.missing:,} negatives could not be made: there is no other arrangement or no "
            "window"
        )
    return {"negatives": settings.model_dump() | {"made": made, "missing": maker.missing}}


def sequences_of(records: PackedRecords, alphabet: Alphabet) -> list[str]:
    """Return sequences as upper-case text."""
    from bioseqrnn.onehot.decoding import letters

    return list(letters(records.packed, np.arange(len(records)), alphabet))


def _class_exists(source: Source, label: str) -> InputError:
    return InputError(
        f"{source.origin}: has records of class '{label}', which is also the class of made "
        "negatives; set negatives.label to another, or make no negatives"
    )


def _classes(batch: Batch) -> set[str]:
    return set(batch.labels.unique().to_pylist())


def _pairs(batch: Batch, origins: list[str]) -> pa.Array:
    """Return the groups of shuffles: that of the original record, or a new one for the pair."""
    own = own_groups(pa.array(origins, pa.string()))
    if batch.groups is None:
        return own
    places = {name: i for i, name in enumerate(batch.records.ids.to_pylist())}
    return batch.groups.take(pa.array([places[name] for name in origins])).fill_null(own)


def _places(windows: list[str], genome: str) -> Places:
    """Return the places of windows of a genome, which their ids tell."""
    from bioseqrnn.stages.sequences.negatives.windows import place_of

    found = [place_of(window) for window in windows]
    return Places(
        pa.array([f"{genome}:{chrom}" for chrom, _, _ in found], pa.string()),
        pa.array([start for _, start, _ in found], pa.int64()),
        pa.array([strand for _, _, strand in found], pa.string()),
    )


def _known_intervals(
    sources: list[Source], genome: Path | None, window: int | None
) -> Iterator[tuple[str, int, int]]:
    """Yield the positions of positives in the genome from which windows are drawn."""
    for source in sources:
        if source.intervals and genome and source.fasta.resolve() == genome.resolve():
            for row in read_intervals(source.intervals):
                yield (row.chrom, *resized(row, window))
