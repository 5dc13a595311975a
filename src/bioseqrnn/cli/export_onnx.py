"""``bioseqrnn export-onnx``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.support.errors import InputError


def export_onnx(
    model: Annotated[
        Path,
        typer.Argument(help="model.safetensors, written by 'train', 'combine' or 'import-keras'."),
        Reads(),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="ONNX file to write."), Writes()],
    with_member: Annotated[
        str | None,
        typer.Option(
            "--with",
            help="Name of the network in a final model that is exported alone, like gru. Default: "
            "the model as it was chosen.",
        ),
    ] = None,
) -> None:
    """Write a network as an ONNX file, which onnxruntime and other programs can run."""
    try:
        import onnx as _  # noqa: F401
    except ImportError as error:
        raise InputError(
            "export-onnx: the package onnx is not installed; install it with pip install "
            "'bioseqrnn[onnx]'"
        ) from error
    from bioseqrnn.combination.onnx import export_onnx as export

    export(model, output, only=with_member)
