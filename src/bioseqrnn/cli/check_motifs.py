"""``bioseqrnn check-motifs``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import (
    DEVICE,
    THREADS,
    Device,
    ExplanationJson,
    Folds,
    Selected,
    Sequences,
    Temperatures,
    Threads,
)
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.tables.declared.explanation import CHECKED_TABLES, MATRICES, OCCURRENCES

OUTPUTS = tuple(table.file for table in CHECKED_TABLES)


def check_motifs(
    models: Annotated[
        list[Path],
        typer.Argument(help="model.safetensors of the folds and seeds of one or more models."),
        Reads(),
    ],
    motifs: Annotated[
        Path,
        typer.Option(help="motifs.tsv, written by 'motifs', with the other tables in its folder."),
        Reads((MATRICES.file, OCCURRENCES.file)),
    ],
    sequences: Sequences,
    folds: Folds,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help=f"Folder for {', '.join(OUTPUTS)}."),
        WritesInto(OUTPUTS),
    ],
    selected: Selected = None,
    temperatures: Temperatures = None,
    permuted: Annotated[
        list[Path] | None,
        typer.Option(
            help="attributions.parquet by a network that was trained on permuted labels; can be "
            "given several times. Default: the number of motifs by chance is not known."
        ),
        Reads(),
    ] = None,
    settings: ExplanationJson = "{}",
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Test motifs: the score of held-out records without them, and of others with them."""
    from bioseqrnn.config.validate import section_from_json
    from bioseqrnn.stages.explanation.check import Networks
    from bioseqrnn.stages.explanation.check import check_motifs as check

    check(
        motifs,
        Networks(models, selected, temperatures),
        sequences,
        folds,
        output,
        permuted=permuted or [],
        settings=section_from_json(ExplanationConfig, settings, "--settings"),
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
    )
