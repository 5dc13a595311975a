"""``bioseqrnn import-keras``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.settings import option_of
from bioseqrnn.config.values import Alphabet


def import_keras(
    model: Annotated[
        Path,
        typer.Argument(help="Keras model: .keras, .h5, or .weights.h5 with --architecture."),
        Reads(),
    ],
    alphabet: Annotated[str, option_of(Alphabet, help="Type of its sequences.")],
    classes: Annotated[
        list[str],
        typer.Option(
            "--class",
            help="Class of each unit of the Dense layer, in order; give the option once for each "
            "class. For a single sigmoid unit, first the class of 0, then the class of 1.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="model.safetensors to write."), Writes()
    ],
    symbols: Annotated[
        str | None,
        typer.Option(
            help="Letters of the one-hot columns, or of the codes of an Embedding from 0, in the "
            "order of the model, like ATGC or -ACGT (- for a column without a residue). Default: "
            "ACGT or ACDEFGHIKLMNPQRSTVWY."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the model in tables. Default: the name of the file.")
    ] = None,
    architecture: Annotated[
        Path | None,
        typer.Option(help="JSON of model.to_json(), if the file contains only weights."),
        Reads(),
    ] = None,
    logits: Annotated[
        bool, typer.Option("--logits", help="The Dense layer is linear and gives logits.")
    ] = False,
) -> None:
    """Convert a classifier trained with Keras to a model for 'predict'; Keras is not needed."""
    from bioseqrnn.networks.keras.convert import import_keras as convert

    convert(
        model,
        output,
        alphabet=alphabet,
        classes=classes,
        symbols=symbols,
        name=name,
        architecture=architecture,
        logits=logits,
    )
