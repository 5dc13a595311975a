"""``bioseqrnn attribute``."""

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
from bioseqrnn.cli.settings import option, option_of
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.values import Seed
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
    selected: Selected = None,
    temperatures: Temperatures = None,
    settings: ExplanationJson = "{}",
    method: Annotated[str | None, option(ExplanationConfig, "method")] = None,
    records: Annotated[int | None, option(ExplanationConfig, "records")] = None,
    changes: Annotated[int | None, option(ExplanationConfig, "changes")] = None,
    longest: Annotated[int | None, option(ExplanationConfig, "longest")] = None,
    flank: Annotated[int | None, option(ExplanationConfig, "flank")] = None,
    seed: Annotated[int | None, option_of(Seed, help="Random seed.")] = None,
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Show which residues decide: contribution of each to the calibrated logit of each class."""
    from bioseqrnn.config.validate import section, section_from_json
    from bioseqrnn.stages.explanation.attribute import attribute_sequences

    whole = section_from_json(ExplanationConfig, settings, "--settings")
    given = {
        "method": method, "records": records, "changes": changes, "longest": longest,
        "flank": flank, "seed": seed,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    attribute_sequences(
        models,
        sequences,
        folds,
        output,
        selected=selected,
        temperatures=temperatures,
        settings=section(ExplanationConfig, whole.model_dump() | given, "--settings"),
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
    )
