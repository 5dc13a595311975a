"""``bioseqrnn combine``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes


def combine(
    members: Annotated[
        list[Path],
        typer.Argument(
            help="Networks and baselines that were fitted to all records by 'train --selected' and "
            "'baseline --selected'."
        ),
        Reads(),
    ],
    selected: Annotated[
        Path, typer.Option(help="selected.json, written by 'evaluate', with the weights."), Reads()
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="model.safetensors to write."), Writes()
    ],
) -> None:
    """Put the networks and baselines of the final model together in one file."""
    from bioseqrnn.stages.final.run import combine_final

    combine_final(members, selected, output)
