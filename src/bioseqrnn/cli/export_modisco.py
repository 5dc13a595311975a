"""``bioseqrnn export-modisco``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import Sequences
from bioseqrnn.tables.declared.explanation import MODISCO_RECORDS, MODISCO_VALUES


def export_modisco(
    attributions: Annotated[
        Path,
        typer.Argument(help="attributions.parquet, written by 'attribute'."),
        Reads(),
    ],
    sequences: Sequences,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o",
            help=f"Folder for {MODISCO_RECORDS}, and contributions.CLASS.npz for each class.",
        ),
        # the attributions say which classes there are
        WritesInto((MODISCO_RECORDS, MODISCO_VALUES)),
    ],
) -> None:  # fmt: skip
    """Write attributions of DNA as the input of modisco-lite, another search for motifs."""
    from bioseqrnn.stages.explanation.modisco import export_modisco as export

    export(attributions, sequences, output)
