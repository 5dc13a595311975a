"""``bioseqrnn tracks``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import Sequences
from bioseqrnn.tables.declared.explanation import TRACK


def tracks(
    attributions: Annotated[
        Path,
        typer.Argument(help="attributions.parquet, written by 'attribute'."),
        Reads(),
    ],
    sequences: Sequences,
    genome: Annotated[
        Path, typer.Option(help="FASTA file of the genome that the records were cut from."), Reads()
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for the bigWig files, one for each class."),
        # the attributions say which classes there are
        WritesInto((TRACK,)),
    ],
) -> None:
    """Write the contributions of records that were cut from a genome as bigWig tracks."""
    from bioseqrnn.stages.explanation.tracks import write_tracks

    write_tracks(attributions, sequences, genome, output)
