"""``bioseqrnn memory``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import (
    LONGEST,
    THREADS,
    ChosenFasta,
    ChosenModel,
    Longest,
    Records,
    Threads,
)
from bioseqrnn.tables.declared.inspection import MEMORY


def memory(
    model: ChosenModel,
    fasta: ChosenFasta,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help=f"Folder for {MEMORY.file}, and a figure of each record."
        ),
        WritesInto((MEMORY.file,)),
    ],
    records: Records = None,
    motifs: Annotated[
        Path | None,
        typer.Option(
            help="occurrences.tsv.gz, written by 'motifs': occurrences are marked in the figures."
        ),
        Reads(),
    ] = None,
    with_member: Annotated[
        str | None,
        typer.Option(
            "--with", help="Name of the network in a combined model. Default: its only network."
        ),
    ] = None,
    longest: Longest = LONGEST,
    threads: Threads = THREADS,
) -> None:
    """Show what a network keeps in memory along chosen records: states and gates."""
    from bioseqrnn.stages.inspection.memory import trace_memory

    trace_memory(
        model,
        fasta,
        output,
        records=records or [],
        motifs=motifs,
        only=with_member,
        longest=longest,
        threads=threads,
    )
