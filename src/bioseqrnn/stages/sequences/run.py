"""Encoding of FASTA sources into ``sequences.parquet`` and ``intake.tsv`` in one streaming pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.conversions import Conversions, say_conversions
from bioseqrnn.fasta.label_checks import LabelTally, refuse_labels, warn_of_labels
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.stages.sequences.counts import SourceCounts, counts_table
from bioseqrnn.stages.sequences.negatives.rows import write_negatives
from bioseqrnn.stages.sequences.reader import DatasetReader
from bioseqrnn.stages.sequences.writer import Batches, open_dataset, table_metadata
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.memory import collector_paused
from bioseqrnn.tables.declared.data import INTAKE

DEFAULTS = DatasetOptions()


def encode_sequences(
    sources: list[Source],
    output: Path,
    intake: Path,
    *,
    options: DatasetOptions = DEFAULTS,
    where: str = "dataset",
) -> int:
    """Encode labelled FASTA files into one Parquet table.

    Parameters
    ----------
    sources : list of Source
        In the order in which their records are written.
    output, intake : Path
        Written atomically. A table has the columns ``id``, ``source``, ``length``, ``label``,
        ``group`` and ``split`` (only if given) and ``onehot``.
    options : DatasetOptions
        Properties of the sequences and labels.
    where : str
        Name of the dataset in messages.

    Returns
    -------
    int
        Records written, which equals records read plus negatives made.

    Raises
    ------
    InputError
        For any error in the input; the message names file and record.
    """
    dataset = DatasetReader(sources, options, where)
    encoded = Encoded(
        sources=sources,
        names=dataset.names,
        options=options,
        alphabet=dataset.alphabet,
        grouped=dataset.grouped,
        batches=dataset.batches,
        checksums=dataset.checksums,
        where=where,
    )
    dataset.warn()
    written = write_table(encoded, output, intake)
    for file in dataset.label_files.values():
        file.say_without_record()
    return written


@dataclass(frozen=True)
class Encoded:
    """Everything needed to write a table, whether read from FASTA or from shards.

    Attributes
    ----------
    sources : list of Source
    names : list of str
        Names of the sources in the table.
    options : DatasetOptions
    alphabet : Alphabet
    grouped : bool
        Whether any record can have a group.
    batches : function
        Yields (source, batch) of all records, as often as it is called.
    checksums : function
        SHA-256 of every file, by name.
    where : str
        Name of the dataset in messages.
    """

    sources: list[Source]
    names: list[str]
    options: DatasetOptions
    alphabet: Alphabet
    grouped: bool
    batches: Batches
    checksums: Callable[[], dict[str, str]]
    where: str


def write_table(
    encoded: Encoded,
    output: Path,
    intake: Path,
    add_counts: Callable[[list[SourceCounts]], None] = lambda _: None,
) -> int:
    """Write ``sequences.parquet`` and ``intake.tsv``, both or neither; return the records written.

    ``add_counts`` adds counts that the batches do not contain.
    """
    options, where = encoded.options, encoded.where
    labels = LabelTally(options.task)
    # the table gets its final name last, so that a table never exists without the counts
    with together(), atomic_path(output) as temporary:
        with (
            open_dataset(
                temporary,
                encoded.sources,
                encoded.names,
                options,
                encoded.alphabet,
                encoded.grouped,
            ) as writer,
            progress(f"encode {where}", "records") as bar,
            collector_paused(),
        ):
            for source, batch in encoded.batches():
                writer.add(source, batch)
                labels.add(batch.labels)
                bar.advance(len(batch.records))
            for entry, counts in zip(encoded.sources, writer.counts, strict=False):
                if not counts.records:
                    raise _empty(entry)
            read = writer.written
            made = write_negatives(
                writer, encoded.batches, encoded.sources, encoded.alphabet, options
            )
            writer.check_ids(encoded.batches, encoded.sources, options)
            found = set().union(*(counts.classes for counts in writer.counts))
            refuse_labels(labels, found, where)
            metadata = table_metadata(
                found, options, encoded.alphabet, writer.written, encoded.checksums(), where
            )
            writer.finish(metadata | made)
        add_counts(writer.counts)
        INTAKE.write(intake, counts_table(writer.counts))
    total = Conversions()
    for counts in writer.counts:
        total.add(counts.conversions)
    say_conversions(total, where, encoded.alphabet, " (intake.tsv lists the files)")
    warn_of_labels(labels, found, options, where)
    _say_written(encoded, metadata["classes"], read, writer.written)
    return writer.written


def _say_written(encoded: Encoded, classes: list[str], read: int, written: int) -> None:
    """Report how many records were read and written, and the number of classes."""
    what = f"{len(classes)} classes" if classes else "numbers"
    extra = f" ({written - read:,} of them are made negatives)" if written > read else ""
    block = encoded.options.block
    if block is not None:
        extra += f" (a longer record is counted once for each block of at most {block:,} residues)"
    say(
        f"{encoded.where}: {read:,} records in, {written:,} out{extra}, {what}, "
        f"{encoded.alphabet.name}"
    )


def _empty(source: Source) -> InputError:
    if source.intervals:
        return InputError(f"{source.intervals}: contains no interval")
    return InputError(f"{source.fasta}: empty FASTA file (no '>' record)")
