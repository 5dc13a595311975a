"""``bioseqrnn motifs``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import SEED, THREADS, Seed, Sequences, Threads
from bioseqrnn.tables.declared.explanation import MATRICES, MOTIF_SEARCH, MOTIFS, OCCURRENCES

OUTPUTS = (
    MOTIFS.file, MATRICES.file, MOTIF_SEARCH.file, OCCURRENCES.file, "occurrences.bed.gz",
    "motifs.meme",
)  # fmt: skip


def motifs(
    attributions: Annotated[
        Path,
        typer.Argument(help="attributions.parquet, written by 'attribute'."),
        Reads(),
    ],
    sequences: Sequences,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help=f"Folder for {', '.join(OUTPUTS)} and the folder logos."
        ),
        WritesInto(OUTPUTS),
    ],
    database: Annotated[
        list[Path] | None,
        typer.Option(
            help="Known motifs as MEME or JASPAR text, with which the motifs are compared; can be "
            "given several times. Default: they are not compared."
        ),
        Reads(),
    ] = None,
    seed: Seed = SEED,
    threads: Threads = THREADS,
) -> None:
    """Find the sequence motifs that the networks decide by, their matches and their occurrences."""
    from bioseqrnn.stages.explanation.motifs import discover_motifs

    discover_motifs(
        attributions, sequences, output, databases=database or [], seed=seed, threads=threads
    )
