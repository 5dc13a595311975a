"""Labelled records of a dataset's sources, in batches."""

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

# Residues for which columns are built at once, so that the cost per record is negligible
BATCH_RESIDUES = 1 << 22


@dataclass(frozen=True)
class Batch:
    """Consecutive records of one source, with their labels.

    Attributes
    ----------
    records : PackedRecords
    labels : pyarrow array [n]
        Labels of the type ``label_type``, plain or dictionary-encoded.
    groups : pyarrow string array [n], or None
        Groups, if the user gave any.
    places : Places, optional
        Where the records are on a genome, if they are windows of one.
    """

    records: PackedRecords
    labels: pa.Array
    groups: pa.Array | None
    places: Places | None = None


@dataclass(frozen=True)
class Places:
    """Where records are on a genome.

    Attributes
    ----------
    chroms : pyarrow string array [n]
        Name of the genome and of the chromosome, ``genome.fa:chr1``.
    starts : pyarrow int64 array [n]
        First base, counted from 0.
    strands : pyarrow string array [n]
        ``-`` if the record is the reverse complement, otherwise ``+``.
    """

    chroms: pa.Array
    starts: pa.Array
    strands: pa.Array


@dataclass(frozen=True)
class Reading:
    """One source, or a shard of it, and how it is read.

    Attributes
    ----------
    source : Source
    alphabet : Alphabet
    options : DatasetOptions
    labels : LabelReader
    files : dict of Path to LabelFile
        The label files; several sources can share one.
    shard : Shard
    genome : str
        Name of the FASTA file if it is a genome.
    """

    source: Source
    alphabet: Alphabet
    options: DatasetOptions
    labels: LabelReader
    files: dict[Path, LabelFile]
    shard: Shard = WHOLE
    genome: str = ""

    def records(self, *, keep_titles: bool = False) -> Iterator[PackedRecords]:
        """Yield the records of the FASTA file, packed."""
        blocks = read_records(
            self.source.fasta,
            self.alphabet,
            whole_headers=self.options.ids == "header",
            keep_titles=keep_titles,
            shard=self.shard,
        )
        return in_larger_blocks(blocks, BATCH_RESIDUES)

    def groups(self, count: int) -> pa.Array | None:
        """Return the group of the source ``count`` times; None if it has none."""
        group = self.source.group
        return None if group is None else pa.array([group] * count, pa.string())


def read_batches(reading: Reading) -> Iterator[Batch]:
    """Yield the labelled records of one source, in order.

    Raises
    ------
    InputError
        For any fault in the files; the message names file and record.
    """
    source = reading.source
    if source.intervals is None and reading.options.task == PER_POSITION:
        return _from_third_lines(reading)
    read = next(read for kind, read in READERS.items() if getattr(source, kind) is not None)
    return read(reading)


def _from_third_lines(reading: Reading) -> Iterator[Batch]:
    source, alphabet, options = reading.source, reading.alphabet, reading.options
    for records, texts in read_three_line(
        source.fasta, alphabet, whole_headers=options.ids == "header", shard=reading.shard
    ):
        records, texts = cut_records(records, texts, alphabet.width, options.block)
        labels = reading.labels.column(texts, lambda _: str(source.fasta))
        yield Batch(records, labels, reading.groups(len(texts)))


def _of_source(reading: Reading) -> Iterator[Batch]:
    assert reading.source.label is not None
    value = reading.labels.column([reading.source.label], lambda _: str(reading.source.fasta))
    for records in reading.records():
        labels = pa.DictionaryArray.from_arrays(np.zeros(len(records), np.int32), value)
        yield Batch(records, labels, reading.groups(len(records)))


def _from_file(reading: Reading) -> Iterator[Batch]:
    source = reading.source
    assert source.labels is not None
    file = reading.files[source.labels]
    # each distinct text is converted once, however many records have it
    values = reading.labels.column(file.texts, lambda place: file.place_of(file.texts[place]))
    names = pa.array(file.groups, pa.string())
    for records in reading.records():
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
            groups = reading.groups(len(records))
        yield Batch(records, labels, groups)


def _from_headers(reading: Reading) -> Iterator[Batch]:
    source, key, reader = reading.source, reading.source.label_key, reading.labels
    assert key is not None
    several = reader.separator if reader.may_be_empty else ""
    headers = HeaderKey(key, several, words=reader.task != REGRESSION)
    for records in reading.records(keep_titles=True):

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
                raise InputError(f"{where(place)} has no value after '{key}='; add the label")
            texts += values
        yield Batch(records, reader.column(texts, where), reading.groups(len(texts)))
    if headers.to_the_end:
        say(
            f"warning: {source.fasta}: in {headers.to_the_end:,} header(s) the value of '{key}=' "
            f"extends to the end of the header, like '{headers.example}'; if it ends earlier, put "
            "it in quotes"
        )


def _windows(reading: Reading) -> Iterator[Batch]:
    """Yield windows of a genome; they need random access, so all belong to the first shard."""
    source, alphabet, intervals = reading.source, reading.alphabet, reading.source.intervals
    assert intervals is not None
    if reading.shard.index:
        return
    if alphabet.name != "dna":
        raise InputError(f"{source.fasta}: intervals are only for DNA, but this is {alphabet.name}")
    genome = Genome(source.fasta)
    for rows, sequences in interval_windows(genome, intervals, reading.options.window):
        records = pack_records(source.fasta, [row.name for row in rows], sequences, alphabet)
        texts = [source.label or row.label or "" for row in rows]
        for row, text in zip(rows, texts, strict=True):
            if not text:
                raise InputError(
                    f"{intervals}: line {row.line} has no label; give it in the fourth column of "
                    "BED or the column 'label' of a TSV, or give 'label' for all lines"
                )
        lines = [row.line for row in rows]
        labels = reading.labels.column(texts, _line_in(intervals, lines))
        groups = None
        if source.group is not None or any(row.group for row in rows):
            groups = pa.array([row.group or source.group for row in rows], pa.string())
        places = Places(
            pa.array([f"{reading.genome}:{row.chrom}" for row in rows], pa.string()),
            pa.array([row.start for row in rows], pa.int64()),
            pa.array(["-" if row.strand == "-" else "+" for row in rows], pa.string()),
        )
        yield Batch(records, labels, groups, places)


def _line_in(path: Path, lines: list[int]) -> Callable[[int], str]:
    return lambda place: f"{path}: line {lines[place]}"


# functions that read a source, by the field that gives its labels; the first field set is used
READERS: dict[str, Callable[[Reading], Iterator[Batch]]] = {
    "intervals": _windows,
    "labels": _from_file,
    "label_key": _from_headers,
    "label": _of_source,
}
