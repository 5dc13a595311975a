"""``bioseqrnn motifs``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import SEED, THREADS, Seed, Sequences, Threads
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.tables.declared.explanation import MEME, MOTIF_TABLES, OCCURRENCES_BED

OUTPUTS = (*(table.file for table in MOTIF_TABLES), Path(OCCURRENCES_BED).name, Path(MEME).name)


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
    jaspar: Annotated[
        str | None, typer.Option(help=ExplanationConfig.model_fields["jaspar"].description)
    ] = None,
    seed: Seed = SEED,
    threads: Threads = THREADS,
) -> None:
    """Find the sequence motifs that the networks decide by, their matches and their occurrences."""
    from bioseqrnn.stages.explanation.motifs import discover_motifs

    discover_motifs(
        attributions,
        sequences,
        output,
        databases=database or [],
        jaspar=jaspar,
        seed=seed,
        threads=threads,
    )
