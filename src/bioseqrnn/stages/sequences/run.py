"""FASTA sources to ``sequences.parquet`` and ``audit.tsv``, in one streaming pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.blocks import WHOLE, Shard
from bioseqrnn.fasta.choose_alphabet import choose_alphabet, warn_of_dna
from bioseqrnn.fasta.conversions import Conversions, say_conversions
from bioseqrnn.fasta.intervals import read_intervals, warn_of_unused
from bioseqrnn.fasta.label_checks import LabelTally, refuse_labels, warn_of_labels
from bioseqrnn.fasta.labels import PER_POSITION, LabelFile, LabelReader
from bioseqrnn.fasta.opening import check_unchanged, file_state
from bioseqrnn.fasta.sources import Source, check_sources
from bioseqrnn.fasta.stream import Batch, read_batches
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.stages.sequences.counts import Audit, audit_table
from bioseqrnn.stages.sequences.negatives.rows import check_negatives, write_negatives
from bioseqrnn.stages.sequences.writer import Batches, open_dataset, table_metadata
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.support.memory import collector_paused
from bioseqrnn.tables.declared.data import AUDIT

DEFAULTS = DatasetOptions()


class Dataset:
    """The sources of a dataset, ready to be read: alphabet chosen, label files loaded.

    Attributes
    ----------
    alphabet : Alphabet
    names : list of str
        Of the sources, as they stand in the table.
    reader : LabelReader
    grouped : bool
        Whether any record can have a group.
    """

    def __init__(self, sources: list[Source], options: DatasetOptions, where: str) -> None:
        check_sources(sources, options.task == PER_POSITION)
        self.sources, self.options, self.where = sources, options, where
        genome = options.negatives.genome
        read = [Path(genome)] if genome else []
        read += [path for s in sources for path in (s.fasta, s.labels, s.intervals) if path]
        self._states = {path: file_state(path) for path in read}
        fastas = [source.fasta for source in sources]
        self.alphabet = choose_alphabet(fastas, options.alphabet, options.task)
        if options.strands == "both" and self.alphabet.name != "dna":
            raise InputError(
                f"{where}: strands 'both' makes sense for DNA only, this is {self.alphabet.name}"
            )
        if options.alphabet != "auto" and options.task != PER_POSITION:
            for fasta in fastas:
                warn_of_dna(fasta, self.alphabet)
        if options.makes_negatives:
            check_negatives(sources, self.alphabet, options, where)
        self.reader = LabelReader(options.task, options.label_separator)
        paths = dict.fromkeys(source.labels for source in sources if source.labels is not None)
        self.label_files = {path: LabelFile(path, self.reader.may_be_empty) for path in paths}
        names = dict(zip(self.files, _short_names(self.files), strict=True))
        self.names = [names[source.origin] for source in sources]
        self.grouped = (
            any(source.group for source in sources)
            or any(file.groups for file in self.label_files.values())
            or any(row.group for s in sources if s.intervals for row in read_intervals(s.intervals))
        )

    @property
    def files(self) -> list[Path]:
        """Every file that is read: the FASTA file of each source, then labels and intervals."""
        others = [*self.label_files, *(s.intervals for s in self.sources if s.intervals)]
        if self.options.negatives.genome:
            others.append(Path(self.options.negatives.genome))
        return [source.fasta for source in self.sources] + list(dict.fromkeys(others))

    def source_batches(self, index: int, shard: Shard = WHOLE) -> Iterator[Batch]:
        """Yield the records of one source, or of a shard of it, in order."""
        return read_batches(
            self.sources[index], self.alphabet, self.options, self.reader, self.label_files, shard
        )

    def batches(self) -> Iterator[tuple[int, Batch]]:
        """Yield (source, batch) of all records, in order."""
        for index in range(len(self.sources)):
            for batch in self.source_batches(index):
                yield index, batch

    def warn(self) -> None:
        """Say what is odd about the tables of labels and intervals."""
        for file in self.label_files.values():
            file.warn()
        for path in dict.fromkeys(s.intervals for s in self.sources if s.intervals):
            warn_of_unused(path)

    def checksums(self) -> dict[str, str]:
        """SHA-256 of every file, by short name."""
        # several passes read a file: it must be the same in all of them
        self.check_unchanged()
        files = list(dict.fromkeys(self.files))
        sums = {n: sha256(path) for n, path in zip(_short_names(files), files, strict=True)}
        self.check_unchanged()
        return sums

    def check_unchanged(self) -> None:
        """Raise InputError where a file is not what it was at the start."""
        for path, state in self._states.items():
            check_unchanged(path, state)


def encode_sequences(
    sources: list[Source],
    output: Path,
    audit: Path,
    *,
    options: DatasetOptions = DEFAULTS,
    where: str = "dataset",
) -> int:
    """Encode labelled FASTA files to one Parquet table.

    Parameters
    ----------
    sources : list of Source
        In the order in which their records are written.
    output, audit : Path
        Written atomically. A table has the columns ``id``, ``source``, ``length``, ``label``,
        ``group`` and ``split`` (only where one is given) and ``onehot``.
    options : DatasetOptions
        What the sequences and labels are.
    where : str
        What to call the dataset in messages.

    Returns
    -------
    int
        Records written, which equals records read plus negatives made.

    Raises
    ------
    InputError
        For anything a user can get wrong; the message names file and record.
    """
    dataset = Dataset(sources, options, where)
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
    written = write_table(encoded, output, audit)
    for file in dataset.label_files.values():
        file.say_without_record()
    return written


@dataclass(frozen=True)
class Encoded:
    """Everything that a table is written from, whether read from FASTA or from shards.

    Attributes
    ----------
    sources : list of Source
    names : list of str
        Of the sources, in the table.
    options : DatasetOptions
    alphabet : Alphabet
    grouped : bool
        Whether any record can have a group.
    batches : function
        Yields (source, batch) of all records, as often as it is called.
    checksums : function
        SHA-256 of every file, by name.
    where : str
        The dataset in messages.
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
    audit: Path,
    add_counts: Callable[[list[Audit]], None] = lambda _: None,
) -> int:
    """Write ``sequences.parquet`` and ``audit.tsv``, both or neither; return the records written.

    ``add_counts`` adds what was counted where the batches do not say it.
    """
    options, where = encoded.options, encoded.where
    labels = LabelTally(options.task)
    # the table gets its name last: where it is, the counts are
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
            for entry, tally in zip(encoded.sources, writer.audits, strict=False):
                if not tally.records:
                    raise _empty(entry)
            read = writer.written
            made = write_negatives(
                writer, encoded.batches, encoded.sources, encoded.alphabet, options
            )
            writer.check_ids(encoded.batches, encoded.sources, options)
            found = set().union(*(tally.classes for tally in writer.audits))
            refuse_labels(labels, found, where)
            metadata = table_metadata(
                found, options, encoded.alphabet, writer.written, encoded.checksums(), where
            )
            writer.finish(metadata | made)
        add_counts(writer.audits)
        AUDIT.write(audit, audit_table(writer.audits))
    total = Conversions()
    for tally in writer.audits:
        total.add(tally.conversions)
    say_conversions(total, where, encoded.alphabet, " (audit.tsv says where)")
    warn_of_labels(labels, found, options, where)
    classes: list[str] = metadata["classes"]
    what = f"{len(classes)} classes" if classes else "numbers"
    extra = f" ({writer.written - read:,} of them made negatives)" if writer.written > read else ""
    if options.block is not None:
        extra += f" (a longer one counts once for each block of at most {options.block:,} residues)"
    say(
        f"{where}: {read:,} records in, {writer.written:,} out{extra}, {what}, "
        f"{encoded.alphabet.name}"
    )
    return writer.written


def _empty(source: Source) -> InputError:
    if source.intervals:
        return InputError(f"{source.intervals}: no interval in it")
    return InputError(f"{source.fasta}: empty FASTA file (no '>' record)")


def _short_names(files: list[Path]) -> list[str]:
    """Return file names, or whole paths where two different files share a name."""
    names = [path.name for path in files]
    clash = len(set(names)) < len(set(files))
    return [str(path) for path in files] if clash else names
