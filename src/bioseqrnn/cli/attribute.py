"""``bioseqrnn attribute``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import (
    DEVICE,
    SEED,
    THREADS,
    Device,
    Folds,
    Seed,
    Sequences,
    Threads,
)
from bioseqrnn.cli.settings import default, option
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.tables.declared.explanation import EXPLAINED

OUTPUTS = tuple(table.file for table in EXPLAINED)


def attribute(
    models: Annotated[
        list[Path],
        typer.Argument(help="model.safetensors of the folds and seeds of one or more models."),
        Reads(),
    ],
    sequences: Sequences,
    folds: Folds,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help=f"Folder for {', '.join(OUTPUTS)}."),
        WritesInto(OUTPUTS),
    ],
    selected: Annotated[
        Path | None,
        typer.Option(
            help="selected.json, written by 'evaluate': only the networks of the selected model "
            "are used. Default: all networks."
        ),
        Reads(),
    ] = None,
    temperatures: Annotated[
        Path | None,
        typer.Option(
            help="temperatures.tsv, written by 'evaluate', to calibrate the networks. Default: "
            "they are not calibrated."
        ),
        Reads(),
    ] = None,
    method: Annotated[str, option(ExplanationConfig, "method")] = default(
        ExplanationConfig, "method"
    ),
    records: Annotated[int, option(ExplanationConfig, "records")] = default(
        ExplanationConfig, "records"
    ),
    changes: Annotated[int, option(ExplanationConfig, "changes")] = default(
        ExplanationConfig, "changes"
    ),
    longest: Annotated[int, option(ExplanationConfig, "longest")] = default(
        ExplanationConfig, "longest"
    ),
    seed: Seed = SEED,
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Show which residues decide: contribution of each to the calibrated logit of each class."""
    from bioseqrnn.stages.explanation.attribute import attribute_sequences

    settings = {
        "method": method, "records": records, "changes": changes, "longest": longest, "seed": seed,
    }  # fmt: skip
    attribute_sequences(
        models,
        sequences,
        folds,
        output,
        selected=selected,
        temperatures=temperatures,
        settings=ExplanationConfig.model_validate(settings),
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
    )
