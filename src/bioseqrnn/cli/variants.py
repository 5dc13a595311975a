"""``bioseqrnn variants``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import DEVICE, THREADS, Device, Threads
from bioseqrnn.cli.settings import option_of
from bioseqrnn.config.machine import MachineConfig


def variants(
    vcf: Annotated[
        Path, typer.Argument(help="VCF file with the variants, plain or compressed."), Reads()
    ],
    model: Annotated[
        Path, typer.Option(help="model.safetensors, written by 'combine' or 'train'."), Reads()
    ],
    genome: Annotated[
        Path, typer.Option(help="FASTA file of the genome that the VCF refers to."), Reads()
    ],
    output: Annotated[
        list[Path],
        typer.Option(
            "--output",
            "-o",
            help="File to write, by its ending: a table (.tsv, .tsv.gz) or the VCF with INFO "
            "fields (.vcf, .vcf.gz as bgzip); may be given several times.",
        ),
        Writes(),
    ],
    window: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Bases around each variant that are scored. Default: the length of the records "
            "that the model was trained on.",
        ),
    ] = None,
    strand: Annotated[
        str,
        option_of(
            Literal["+", "-", "both"],
            help="Strand that is scored; both: the higher score of the two. Models that read both "
            "strands have one score.",
        ),
    ] = "+",
    ranks: Annotated[
        bool,
        typer.Option(
            help="Compare the difference with all single changes of the window: three predictions "
            "for each base of it."
        ),
    ] = True,
    with_member: Annotated[
        str | None,
        typer.Option(
            "--with",
            help="Name of the network or baseline in the final model that predicts alone. "
            "Default: the model as it was chosen.",
        ),
    ] = None,
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Score both alleles of the variants in a VCF file, within their genome."""
    from bioseqrnn.stages.variants.run import Choices, score_variants

    score_variants(
        vcf,
        model,
        genome,
        output,
        choices=Choices(window, strand, ranks, with_member),
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
    )
