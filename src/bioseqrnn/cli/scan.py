"""``bioseqrnn scan``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import DEVICE, SEED, THREADS, Device, Seed, Threads
from bioseqrnn.cli.settings import option_of
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.support.errors import InputError


def scan(
    model: Annotated[
        Path, typer.Argument(help="model.safetensors, written by 'combine' or 'train'."), Reads()
    ],
    genome: Annotated[
        list[Path], typer.Argument(help="FASTA files, plain or compressed."), Reads()
    ],
    output: Annotated[
        list[Path],
        typer.Option(
            "--output",
            "-o",
            help="File to write, by its ending: windows (.parquet, .tsv, .tsv.gz), called regions "
            "(.bed, .bed.gz) or tracks (.bw, .bedgraph, .bedgraph.gz; {class} and {strand} in the "
            "name make one for each); may be given several times.",
        ),
        Writes(),
    ],
    window: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Residues of a window. Default: the length of the records that the model was "
            "trained on.",
        ),
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option(
            min=1, help="Residues from one window to the next. Default: a quarter of the window."
        ),
    ] = None,
    strand: Annotated[
        str,
        option_of(
            Literal["+", "-", "both"],
            help="Strand that is scored. Models that read both strands have one score.",
        ),
    ] = "both",
    with_member: Annotated[
        str | None,
        typer.Option(
            "--with",
            help="Name of the network or baseline in the final model that scores alone, which is "
            "faster. Default: the model as it was chosen.",
        ),
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            help="Class whose regions and tracks are written; give the option once for each. "
            "Default: all, or of two classes the positive one.",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Least probability of a called region. Default: as 'predict' calls records.",
        ),
    ] = None,
    most_ambiguous: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Largest share of ambiguous residues in a window; windows with more have no "
            "score.",
        ),
    ] = 0.1,
    false_positive_rate: Annotated[
        float,
        typer.Option(
            min=0,
            help="Megabases of the genome that are also scored after a shuffle that keeps their "
            "dinucleotides; each region then has its rate of false positives. 0: none.",
        ),
    ] = 0.0,
    part: Annotated[
        str | None,
        typer.Option(
            help="k/n: score only part k of n, from 1, and write one file for --parts, of any name."
        ),
    ] = None,
    parts: Annotated[
        list[Path] | None,
        typer.Option(
            help="File of a part; give the option once for each part. Nothing is scored again."
        ),
        Reads(),
    ] = None,
    seed: Seed = SEED,
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Score the windows of long records, such as a genome, with a model that classifies records.

    A scan that was stopped goes on where it was.
    """
    number = _part(part)
    if part and parts:
        raise InputError("--part and --parts exclude each other: make all parts first")
    if part and len(output) > 1:
        raise InputError("--part writes one file; give --output once")
    from bioseqrnn.stages.scanning.run import Choices, scan_genome

    scan_genome(
        model,
        genome,
        output,
        choices=Choices(
            window, stride, strand, with_member, tuple(classes or ()), threshold, most_ambiguous,
            false_positive_rate, seed,
        ),
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
        part=number,
        parts=parts or (),
    )  # fmt: skip


def _part(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"--part {text}: must be k/n with k from 1 to n, like 1/4")
    return int(found[1]), int(found[2])
