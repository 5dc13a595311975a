"""``bioseqrnn predict``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Values, Writes
from bioseqrnn.cli.options import DEVICE, THREADS, Device, Threads
from bioseqrnn.cli.settings import default, option
from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.support.errors import InputError

GENETIC_CODE = str(default(DatasetOptions, "genetic_code"))


def _beside(output: Path, _values: Values) -> Iterator[Path]:
    yield from _outputs(output)[1:]


def _outputs(output: Path) -> list[Path]:
    """The file that is asked for; of a Parquet file, also those that are written beside it."""
    from bioseqrnn.stages.prediction.formats import FORMATS

    if output.suffix != ".parquet":
        return [output]
    beside = (output.with_suffix(ending) for ending, writer in FORMATS.items() if writer.beside)
    return list(dict.fromkeys([output, *beside]))


def predict(
    fasta: Annotated[
        list[Path] | None,
        typer.Argument(help="FASTA files with the new sequences; - is standard input."),
        Reads(),
    ] = None,
    *,
    model: Annotated[
        Path, typer.Option(help="model.safetensors, written by 'combine' or 'train'."), Reads()
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="File to write, by its ending: .parquet, .tsv or .tsv.gz, and for a per_position "
            "model .bed.gz, .gff3 or .gff3.gz; - is standard output, as TSV. Beside a Parquet file "
            "a gzipped TSV is written, and for a per_position model also gzipped BED and GFF3.",
        ),
        Writes(also=_beside, when=lambda values: str(values["output"]) != "-"),
    ],
    more: Annotated[
        list[Path] | None,
        typer.Option(
            "--fasta", help="FASTA file, instead of an argument; give the option once for each."
        ),
        Reads(),
    ] = None,
    sequences: Annotated[
        Path | None,
        typer.Option(
            help="sequences.parquet of the training; marks records that were used for training."
        ),
        Reads(),
    ] = None,
    with_member: Annotated[
        str | None,
        typer.Option(
            "--with",
            help="Name of the network or baseline in the final model that predicts alone, like "
            "kmer_logistic. Default: the model as it was chosen.",
        ),
    ] = None,
    members: Annotated[
        bool,
        typer.Option(
            "--members",
            help="Write the scores of every network and baseline of a combined model too.",
        ),
    ] = False,
    coding: Annotated[
        str | None,
        typer.Option(
            help="Class of the coding bases on the + strand, like F. In GFF3, its runs and those "
            "of its opposite class are then genes: open reading frames as CDS features. Default: "
            "runs of bases with the same call."
        ),
    ] = None,
    genetic_code: Annotated[str, option(DatasetOptions, "genetic_code")] = GENETIC_CODE,
    nearest: Annotated[
        bool,
        typer.Option(
            "--nearest",
            help="Find the most similar record of --sequences for each record, with MMseqs2.",
        ),
    ] = False,
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Predict new sequences: one row for each record, in the order of the files.

    A per_position model calls every residue. A record that the model cannot take has a row with the
    reason. Messages are written to standard error.
    """
    fastas = [*(fasta or ()), *(more or ())]
    if not fastas:
        raise InputError("no FASTA file is given; name one, or - for standard input")
    if sum(str(path) == "-" for path in fastas) > 1:
        raise InputError("standard input (-) can be read only once")
    from bioseqrnn.stages.prediction.formats.writer import Coding
    from bioseqrnn.stages.prediction.run import predict_queries

    predict_queries(
        fastas,
        model,
        _outputs(output),
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
        sequences=sequences,
        only=with_member,
        members=members,
        coding=None if coding is None else Coding(coding, int(genetic_code)),
        nearest=nearest,
    )
