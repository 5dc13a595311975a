"""``bioseqrnn encode``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import DatasetOptionsJson


def encode(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="With --sheet: the paths of the dataset's files where they differ from those in "
            "the sheet; one for each file, in order: the FASTA, labels and intervals of every row, "
            "then the genome of the options."
        ),
        Reads(),
    ] = None,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="sequences.parquet to write."), Writes()
    ],
    intake: Annotated[
        Path | None,
        typer.Option(
            "--intake",
            "--audit",
            help="intake.tsv to write; not with --shard. [required without --shard]",
        ),
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
        typer.Option(help="Label of the records; give one for every --fasta, in the same order."),
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
        typer.Option(help="datasets.tsv that lists the files; use it with --dataset."),
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
        typer.Option(help="Encode only one part, like 2-of-8; 'gather' joins the parts."),
    ] = None,
) -> None:
    """Encode labelled FASTA as packed one-hot Parquet, and count what was converted.

    The labels are given by --label, --labels, --label-key, --intervals, or all by --sheet with
    --dataset.
    """
    from bioseqrnn.config.datasets import DatasetOptions
    from bioseqrnn.config.validate import section_from_json
    from bioseqrnn.stages.sequences.given import Given, encode_given

    encode_given(
        Given(
            fasta=fasta or (),
            label=label or (),
            labels=labels,
            label_key=label_key,
            intervals=intervals,
            sheet=sheet,
            dataset=dataset,
            files=files or (),
        ),
        output,
        intake,
        options=section_from_json(DatasetOptions, options, "--options"),
        shard=shard,
    )
