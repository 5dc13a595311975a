"""The sources of a dataset, opened and read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.blocks import WHOLE, Shard
from bioseqrnn.fasta.choose_alphabet import choose_alphabet, warn_of_dna
from bioseqrnn.fasta.intervals import read_intervals, warn_of_unused
from bioseqrnn.fasta.labels import PER_POSITION, LabelFile, LabelReader
from bioseqrnn.fasta.opening import check_unchanged, file_state
from bioseqrnn.fasta.sources import Source, check_sources, genome_names
from bioseqrnn.fasta.stream import Batch, Reading, read_batches
from bioseqrnn.stages.sequences.negatives.rows import check_negatives
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256


class DatasetReader:
    """The sources of a dataset, ready to be read: alphabet chosen, label files loaded.

    Attributes
    ----------
    alphabet : Alphabet
    names : list of str
        Names of the sources in the table.
    reader : LabelReader
    grouped : bool
        Whether any record can have a group.
    """

    def __init__(self, sources: list[Source], options: DatasetOptions, where: str) -> None:
        check_sources(sources, options.task == PER_POSITION)
        self.sources, self.options, self.where = sources, options, where
        self._genomes = genome_names(sources, options)
        genome = options.negatives.genome
        read = [Path(genome)] if genome else []
        read += [path for s in sources for path in (s.fasta, s.labels, s.intervals) if path]
        self._states = {path: file_state(path) for path in read}
        fastas = [source.fasta for source in sources]
        self.alphabet = choose_alphabet(fastas, options.alphabet, options.task)
        if options.strands == "both" and self.alphabet.name != "dna":
            raise InputError(
                f"{where}: strands 'both' is only for DNA, but this is {self.alphabet.name}"
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
        source = self.sources[index]
        genome = self._genomes.get(source.fasta.resolve(), "")
        return read_batches(
            Reading(
                source, self.alphabet, self.options, self.reader, self.label_files, shard, genome
            )
        )

    def batches(self) -> Iterator[tuple[int, Batch]]:
        """Yield (source, batch) of all records, in order."""
        for index in range(len(self.sources)):
            for batch in self.source_batches(index):
                yield index, batch

    def warn(self) -> None:
        """Log warnings about the tables of labels and intervals."""
        for file in self.label_files.values():
            file.warn()
        for path in dict.fromkeys(s.intervals for s in self.sources if s.intervals):
            warn_of_unused(path)

    def checksums(self) -> dict[str, str]:
        """SHA-256 of every file, by short name."""
        # files are read several times: they must be the same each time
        self.check_unchanged()
        files = list(dict.fromkeys(self.files))
        sums = {n: sha256(path) for n, path in zip(_short_names(files), files, strict=True)}
        self.check_unchanged()
        return sums

    def check_unchanged(self) -> None:
        """Raise InputError if a file has changed since the start."""
        for path, state in self._states.items():
            check_unchanged(path, state)


def _short_names(files: list[Path]) -> list[str]:
    """Return file names, or whole paths if two different files have the same name."""
    names = [path.name for path in files]
    clash = len(set(names)) < len(set(files))
    return [str(path) for path in files] if clash else names
