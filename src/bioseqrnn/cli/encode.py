"""``bioseqrnn encode``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import DatasetOptionsJson
from bioseqrnn.support.errors import InputError


def encode(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="With --sheet: where the files that the dataset names lie, if elsewhere than it "
            "says; one for each, in order: of every row its FASTA, labels and intervals, then the "
            "genome of the options."
        ),
        Reads(),
    ] = None,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="sequences.parquet to write."), Writes()
    ],
    audit: Annotated[
        Path | None,
        typer.Option(help="audit.tsv to write; not with --shard. [required without --shard]"),
        Writes(),
    ] = None,
    fasta: Annotated[
        list[str] | None,
        typer.Option(
            help="FASTA file, plain or compressed, folder or glob; give the option once for each. "
            "[required without --sheet]"
        ),
        Reads(),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Label of the records; once for every --fasta, in the same order."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="TSV with columns id, label[, group] for all files, instead of --label."),
        Reads(),
    ] = None,
    label_key: Annotated[
        str | None, typer.Option(help="Key of key=label in the headers, instead of --label.")
    ] = None,
    intervals: Annotated[
        Path | None,
        typer.Option(help="BED or TSV of labelled intervals; --fasta is then their genome."),
        Reads(),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(help="datasets.tsv to take the files from, with --dataset."),
        Reads(),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="Dataset of the sheet, and its name in messages. [required with --sheet]"
        ),
    ] = None,
    options: DatasetOptionsJson = "{}",
    shard: Annotated[
        str | None,
        typer.Option(help="Encode one part only, like 2-of-8; 'gather' puts the parts together."),
    ] = None,
) -> None:
    """Encode labelled FASTA as packed one-hot Parquet, and count what was converted.

    The labels are given by --label, --labels, --label-key, --intervals, or all by --sheet with
    --dataset.
    """
    from bioseqrnn.config.datasets import DatasetOptions
    from bioseqrnn.config.validate import section_from_json
    from bioseqrnn.fasta.sources import Source, find_fasta, moved, sources_from_sheet
    from bioseqrnn.stages.sequences.run import encode_sequences
    from bioseqrnn.stages.sequences.shards import encode_shard, parse_shard
    from bioseqrnn.support.paths import check_outputs

    settings = section_from_json(DatasetOptions, options, "--options")
    if sheet is not None:
        if dataset is None or fasta or label or labels or label_key or intervals:
            raise InputError("--sheet goes with --dataset, and without --fasta and labels")
        sources = sources_from_sheet(sheet, dataset)
        if files:
            sources, settings = moved(sources, settings, files)
    elif files:
        raise InputError("files stand behind --fasta, or go with --sheet")
    elif not fasta:
        raise InputError("give --fasta (with --label or --labels), or --sheet with --dataset")
    elif label and len(label) != len(fasta):
        raise InputError(f"{len(fasta)} --fasta but {len(label)} --label; give one for each")
    else:
        sources = [
            Source(path, label[place].strip() if label else None, labels, label_key, intervals)
            for place, text in enumerate(fasta)
            for path in find_fasta(text)
        ]
    named = [path for s in sources for path in (s.fasta, s.labels, s.intervals) if path]
    named += [Path(settings.negatives.genome)] if settings.negatives.genome else []
    written = [("--output", output), *([] if audit is None else [("--audit", audit)])]
    check_outputs([("the dataset's", path) for path in named], written)
    where = dataset or "dataset"
    if shard is not None:
        if audit is not None:
            raise InputError("--audit is written by 'gather', not with --shard; leave it out")
        encode_shard(sources, output, parse_shard(shard), options=settings, where=where)
    elif audit is None:
        raise InputError("give --audit, the table of counts to write")
    else:
        encode_sequences(sources, output, audit, options=settings, where=where)
