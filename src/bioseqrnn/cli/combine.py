"""``bioseqrnn combine``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.support.errors import InputError


def combine(
    members: Annotated[
        list[Path],
        typer.Argument(
            help="Networks and baselines that were fitted to all records by 'train --selected' and "
            "'baseline --selected'. Without --selected: networks of one configuration, of several "
            "seeds or folds."
        ),
        Reads(),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="model.safetensors to write."), Writes()
    ],
    selected: Annotated[
        Path | None,
        typer.Option(
            help="selected.json, written by 'evaluate', with the weights. Default: an ensemble, in "
            "which all networks have the same weight."
        ),
        Reads(),
    ] = None,
    sequences: Annotated[
        Path | None,
        typer.Option(
            help="sequences.parquet that the members were trained on. With --folds, the model can "
            "say which new records are unlike them."
        ),
        Reads(),
    ] = None,
    folds: Annotated[
        Path | None, typer.Option(help="folds.parquet, written by 'split'."), Reads()
    ] = None,
) -> None:
    """Put the networks and baselines of the final model, or an ensemble, together in one file."""
    from bioseqrnn.stages.final.ensemble import make_ensemble
    from bioseqrnn.stages.final.run import combine_final

    if (sequences is None) != (folds is None):
        raise InputError("give --sequences and --folds together, or neither")
    if selected is None:
        make_ensemble(members, output, sequences=sequences, folds=folds)
        return
    combine_final(members, selected, output, sequences=sequences, folds=folds)
