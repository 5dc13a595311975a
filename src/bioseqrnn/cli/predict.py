"""``bioseqrnn predict``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Values, Writes
from bioseqrnn.cli.options import DEVICE, THREADS, Device, Threads
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.support.errors import InputError


def _beside(output: Path, _values: Values) -> Iterator[Path]:
    yield from _outputs(output)[1:]


def _outputs(output: Path) -> list[Path]:
    """The file that is asked for, and those of the other formats beside it."""
    from bioseqrnn.stages.prediction.formats import FORMATS

    return list(dict.fromkeys([output, *(output.with_suffix(ending) for ending in FORMATS)]))


def predict(
    fasta: Annotated[Path, typer.Argument(help="FASTA file with the new sequences."), Reads()],
    model: Annotated[
        Path, typer.Option(help="model.safetensors, written by 'combine' or 'train'."), Reads()
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Parquet file to write; a gzipped TSV is written beside it, and for a "
            "per_position model also a gzipped BED.",
        ),
        Writes(also=_beside),
    ],
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
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Predict new sequences: one row for each record, in the order of the file.

    A per_position model calls every residue.
    """
    if output.suffix != ".parquet":
        raise InputError(f"--output {output}: must end in .parquet; the TSV is written beside it")
    from bioseqrnn.stages.prediction.run import predict_query

    predict_query(
        fasta,
        model,
        _outputs(output),
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
        sequences=sequences,
        only=with_member,
        members=members,
    )
