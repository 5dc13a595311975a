"""Input of the command ``encode``: a dataset in a sheet, or files with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.sources import Source, find_fasta, moved, sources_from_sheet
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.stages.sequences.shards import encode_shard, parse_shard
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.paths import check_outputs


@dataclass(frozen=True)
class Given:
    """Files of a dataset, given as ``sheet`` and ``dataset``, or as ``fasta`` and labels.

    Attributes
    ----------
    fasta : sequence of str
        FASTA files, folders or globs.
    label : sequence of str
        One label for each of ``fasta``.
    labels, intervals : Path or None
        A TSV of labels, or intervals with labels, for all of ``fasta``.
    label_key : str or None
        Key of the label in the headers.
    sheet : Path or None
        ``datasets.tsv``.
    dataset : str or None
        A dataset of the sheet; without a sheet, the name of the dataset in messages.
    files : sequence of str
        Present paths of the files named in the sheet, if they were moved; one for each.
    """

    fasta: Sequence[str] = ()
    label: Sequence[str] = ()
    labels: Path | None = None
    label_key: str | None = None
    intervals: Path | None = None
    sheet: Path | None = None
    dataset: str | None = None
    files: Sequence[str] = ()

    def sources(self, options: DatasetOptions) -> tuple[list[Source], DatasetOptions]:
        """Return the sources and the options, with the present paths of the files.

        Raises
        ------
        InputError
            Files and labels that do not match, or are missing.
        """
        if self.sheet is not None:
            others = (self.fasta, self.label, self.labels, self.label_key, self.intervals)
            if self.dataset is None or any(others):
                raise InputError(
                    "--sheet needs --dataset, and is not combined with --fasta or labels"
                )
            sources = sources_from_sheet(self.sheet, self.dataset)
            return moved(sources, options, list(self.files)) if self.files else (sources, options)
        if self.files:
            raise InputError("files follow --fasta, or are used with --sheet")
        if not self.fasta:
            raise InputError("give --fasta (with --label or --labels), or --sheet with --dataset")
        if self.label and len(self.label) != len(self.fasta):
            raise InputError(
                f"{len(self.fasta)} --fasta but {len(self.label)} --label; give one for each"
            )
        labels: list[str | None] = [None] * len(self.fasta)
        if self.label:
            labels = [label.strip() for label in self.label]
        return [
            Source(path, label, self.labels, self.label_key, self.intervals)
            for text, label in zip(self.fasta, labels, strict=True)
            for path in find_fasta(text)
        ], options


def encode_given(
    given: Given,
    output: Path,
    counts: Path | None,
    *,
    options: DatasetOptions,
    shard: str | None = None,
) -> None:
    """Encode a dataset, or one part of it.

    Parameters
    ----------
    given : Given
    output : Path
        ``sequences.parquet``.
    counts : Path or None
        The table of conversions; None for a shard, because ``gather`` writes the table.
    options : DatasetOptions
    shard : str, optional
        The part, for example ``2-of-8``.

    Raises
    ------
    InputError
        An output that is one of the dataset's files, no path for the counts, or any fault in the
        files.
    """
    sources, options = given.sources(options)
    read = [path for s in sources for path in (s.fasta, s.labels, s.intervals) if path]
    read += [Path(options.negatives.genome)] if options.negatives.genome else []
    written = [("--output", output), *([] if counts is None else [("--intake", counts)])]
    check_outputs([("the dataset's", path) for path in read], written)
    where = given.dataset or "dataset"
    if shard is not None:
        if counts is not None:
            raise InputError("--intake is written by 'gather', not with --shard; remove it")
        encode_shard(sources, output, parse_shard(shard), options=options, where=where)
    elif counts is None:
        raise InputError("give --intake, the table of counts to write")
    else:
        encode_sequences(sources, output, counts, options=options, where=where)
