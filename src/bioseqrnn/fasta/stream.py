"""Labelled records of a dataset's sources, block after block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.blocks import WHOLE, Shard
from bioseqrnn.fasta.genome import Genome
from bioseqrnn.fasta.header_key import HeaderKey
from bioseqrnn.fasta.intervals import interval_windows
from bioseqrnn.fasta.labels import CODE, PER_POSITION, REGRESSION, LabelFile, LabelReader
from bioseqrnn.fasta.pieces import cut_records
from bioseqrnn.fasta.records import PackedRecords, in_larger_blocks, pack_records, read_records
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fasta.three_line import read_three_line
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

# Columns are built for so many residues at once: large enough that this costs nothing a record
BATCH_RESIDUES = 1 << 22


@dataclass(frozen=True)
class Batch:
    """Some consecutive records of one source, with their labels.

    Attributes
    ----------
    records : PackedRecords
    labels : pyarrow array [n]
        Of the type that ``label_type`` names, or categories of it.
    groups : pyarrow string array [n], or None
        Where the user gave groups.
    """

    records: PackedRecords
    labels: pa.Array
    groups: pa.Array | None


def read_batches(
    source: Source,
    alphabet: Alphabet,
    options: DatasetOptions,
    reader: LabelReader,
    files: dict[Path, LabelFile],
    shard: Shard = WHOLE,
) -> Iterator[Batch]:
    """Yield the labelled records of one source, in order.

    ``files`` holds the label files, which sources can share. Intervals, which are read at random
    places, belong to the first shard.
    """
    if source.intervals is not None:
        if shard.index == 0:
            yield from _windows(source, source.intervals, alphabet, options, reader)
        return
    whole = options.ids == "header"
    if options.task == PER_POSITION:
        for records, texts in read_three_line(
            source.fasta, alphabet, whole_headers=whole, shard=shard
        ):
            records, texts = cut_records(records, texts, alphabet.width, options.block)
            labels = reader.column(texts, lambda _: str(source.fasta))
            yield Batch(records, labels, _constant(source.group, len(texts)))
        return
    blocks = in_larger_blocks(
        read_records(
            source.fasta,
            alphabet,
            whole_headers=whole,
            keep_titles=source.label_key is not None,
            shard=shard,
        ),
        BATCH_RESIDUES,
    )
    if source.labels is not None:
        yield from _from_file(source, files[source.labels], reader, blocks)
    elif source.label_key is not None:
        yield from _from_headers(source, source.label_key, reader, blocks)
    else:
        assert source.label is not None
        value = reader.column([source.label], lambda _: str(source.fasta))
        for records in blocks:
            labels = pa.DictionaryArray.from_arrays(np.zeros(len(records), np.int32), value)
            yield Batch(records, labels, _constant(source.group, len(records)))


def _constant(text: str | None, count: int) -> pa.Array | None:
    return None if text is None else pa.array([text] * count, pa.string())


def _from_file(
    source: Source, file: LabelFile, reader: LabelReader, blocks: Iterator[PackedRecords]
) -> Iterator[Batch]:
    # every distinct text is read once, however many records have it
    values = reader.column(file.texts, lambda place: file.place_of(file.texts[place]))
    names = pa.array(file.groups, pa.string())
    for records in blocks:
        rows = file.find(records.ids)
        if (rows < 0).any():
            name = records.ids[int(np.flatnonzero(rows < 0)[0])].as_py()
            near = file.near(name)
            hint = "add a row for it or remove the record"
            if near is not None:
                hint = f"did you mean '{near}'? Ids must be the same, letter for letter"
            raise InputError(f"{source.fasta}: record '{name}' has no label in {file.path}; {hint}")
        labels = pa.DictionaryArray.from_arrays(pa.array(file.label_codes[rows], CODE), values)
        groups = None
        if file.groups:
            codes = file.group_codes[rows]
            groups = names.take(pa.array(codes, CODE, mask=codes < 0))
            if source.group is not None:
                groups = groups.fill_null(source.group)
        else:
            groups = _constant(source.group, len(records))
        yield Batch(records, labels, groups)


def _from_headers(
    source: Source, key: str, reader: LabelReader, blocks: Iterator[PackedRecords]
) -> Iterator[Batch]:
    several = reader.separator if reader.may_be_empty else ""
    headers = HeaderKey(key, several, words=reader.task != REGRESSION)
    for records in blocks:

        def where(place: int, ids: pa.StringArray = records.ids) -> str:
            return f"{source.fasta}: record '{ids[place].as_py()}'"

        texts = []
        for place, title in enumerate(records.titles):
            values = headers.values(title)
            if len(values) != 1:
                what = f"two values of '{key}='" if values else f"no '{key}='"
                hint = "keep one" if values else headers.hint(title)
                raise InputError(f"{where(place)} has {what} in its header; {hint}")
            if not values[0] and not reader.may_be_empty:
                raise InputError(f"{where(place)} has nothing behind '{key}='; add the label")
            texts += values
        yield Batch(records, reader.column(texts, where), _constant(source.group, len(texts)))
    if headers.to_the_end:
        say(
            f"warning: {source.fasta}: in {headers.to_the_end:,} header(s) the value of '{key}=' "
            f"goes on to the end, like '{headers.example}'; put it in quotes where it ends sooner"
        )


def _windows(
    source: Source,
    intervals: Path,
    alphabet: Alphabet,
    options: DatasetOptions,
    reader: LabelReader,
) -> Iterator[Batch]:
    if alphabet.name != "dna":
        raise InputError(f"{source.fasta}: intervals are for DNA, this is {alphabet.name}")
    genome = Genome(source.fasta)
    for rows, sequences in interval_windows(genome, intervals, options.window):
        records = pack_records(source.fasta, [row.name for row in rows], sequences, alphabet)
        texts = [source.label or row.label or "" for row in rows]
        for row, text in zip(rows, texts, strict=True):
            if not text:
                raise InputError(
                    f"{intervals}: line {row.line} has no label; give it in the fourth column of "
                    "BED or the column 'label' of a TSV, or one for all as 'label'"
                )
        lines = [row.line for row in rows]
        labels = reader.column(texts, _line_in(intervals, lines))
        groups = None
        if source.group is not None or any(row.group for row in rows):
            groups = pa.array([row.group or source.group for row in rows], pa.string())
        yield Batch(records, labels, groups)


def _line_in(path: Path, lines: list[int]) -> Callable[[int], str]:
    return lambda place: f"{path}: line {lines[place]}"
