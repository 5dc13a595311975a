"""``bioseqrnn encode``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.errors import InputError


class AlphabetName(StrEnum):
    """What the letters are."""

    auto = "auto"
    dna = "dna"
    protein = "protein"


class Strands(StrEnum):
    """Whether the strand matters."""

    single = "single"
    both = "both"


def encode(
    output: Annotated[Path, typer.Option("--output", "-o", help="sequences.parquet to write.")],
    audit: Annotated[Path, typer.Option(help="audit.tsv to write.")],
    fasta: Annotated[
        list[Path] | None,
        typer.Option(help="FASTA file, plain or compressed; give the option once a file."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Class of the file; once for every --fasta, in the same order."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="TSV with columns id, label[, group] for all files, instead of --label."),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="datasets.tsv to take the files from, with --dataset.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Dataset of the sheet, and its name in messages.")
    ] = None,
    alphabet: Annotated[
        AlphabetName, typer.Option(help="auto: DNA where 90 % of the letters are ACGTUN.")
    ] = AlphabetName.auto,
    strands: Annotated[
        Strands, typer.Option(help="both: a DNA sequence and its reverse complement mean the same.")
    ] = Strands.single,
    positive: Annotated[
        str | None, typer.Option(help="Positive class of two. Default: the last by name.")
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", help="Allowed class, in column order; once a class. Default: any."),
    ] = None,
) -> None:
    """Encode labelled FASTA as packed one-hot Parquet, and audit it.

    Either --fasta with --label or --labels, or --sheet with --dataset.
    """
    from bioseqrnn.sequences.encode import encode_sequences
    from bioseqrnn.sequences.sources import Source, sources_from_sheet

    if sheet is not None:
        if dataset is None or fasta or label or labels:
            raise InputError("--sheet goes with --dataset, and without --fasta, --label, --labels")
        sources = sources_from_sheet(sheet, dataset)
    elif not fasta:
        raise InputError("give --fasta (with --label or --labels), or --sheet with --dataset")
    elif labels is not None:
        if label:
            raise InputError("give --label or --labels, not both")
        sources = [Source(path, labels=labels) for path in fasta]
    elif len(label or []) != len(fasta):
        raise InputError(f"{len(fasta)} --fasta but {len(label or [])} --label; give one for each")
    else:
        sources = [Source(f, label=c) for f, c in zip(fasta, label or [], strict=True)]
    encode_sequences(
        sources,
        output,
        audit,
        alphabet=alphabet.value,
        classes=classes or None,
        positive=positive,
        strands=strands.value,
        where=dataset or "dataset",
    )
