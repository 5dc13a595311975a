"""``bioseqrnn mutate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import WritesInto
from bioseqrnn.cli.options import (
    DEVICE,
    LONGEST,
    THREADS,
    ChosenFasta,
    ChosenModel,
    Device,
    Longest,
    Records,
    Threads,
)
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.inspection import DESIGNED, EDITS, MUTATED

OUTPUTS = (*(table.file for table in MUTATED), DESIGNED)


def mutate(
    model: ChosenModel,
    fasta: ChosenFasta,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help=f"Folder for {', '.join(OUTPUTS)}, and a heat map of each record.",
        ),
        WritesInto(OUTPUTS),
    ],
    records: Records = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--class",
            help="The only class that is looked at. Default: all; of two classes, the positive "
            "one.",
        ),
    ] = None,
    design: Annotated[
        float | None,
        typer.Option(
            metavar="P",
            help="Change each record, one best change after the other, until the class has this "
            f"probability; writes {EDITS.file} and {DESIGNED}.",
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="With --design: most edits of a record.")] = 20,
    keep: Annotated[
        str,
        typer.Option(
            metavar="POSITIONS",
            help="With --design: positions that are not changed, from 1, like 1-3,30.",
        ),
    ] = "",
    with_member: Annotated[
        str | None,
        typer.Option(
            "--with",
            help="Name of the network or baseline in a combined model that scores alone.",
        ),
    ] = None,
    position: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="The residue whose class is looked at, counted from 1, of the records of a "
            "per_position model.",
        ),
    ] = None,
    longest: Longest = LONGEST,
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Score all single changes of chosen records; design records of a class."""
    if design is None and keep:
        raise InputError("--keep: is for --design; give the probability to reach, too")
    from bioseqrnn.stages.inspection.design import Goal
    from bioseqrnn.stages.inspection.mutate import Asked, mutate_records

    mutate_records(
        model,
        fasta,
        output,
        records=records or [],
        asked=Asked(label, position),
        goal=None if design is None else Goal(design, most, keep),
        only=with_member,
        longest=longest,
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
    )
