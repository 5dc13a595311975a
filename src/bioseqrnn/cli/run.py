"""``bioseqrnn run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import WritesInto
from bioseqrnn.cli.options import (
    PROJECT_FILES,
    Alphabet,
    Classes,
    DatasetName,
    Positive,
    Predict,
    Strands,
)


def run(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="-- WORDS",
            help="Words after -- are handed to Snakemake, like -- --dry-run. Relative paths in "
            "them start at the project.",
        ),
    ] = None,
    *,
    classes: Classes = None,
    predict: Predict = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder of the project; it is made if it is not there. Default: this folder. "
            "[required with --class]",
        ),
        WritesInto(PROJECT_FILES),
    ] = None,
    cores: Annotated[
        int | None,
        typer.Option(min=1, help="Cores of this machine. Default: all, if no profile says."),
    ] = None,
    name: DatasetName = None,
    alphabet: Alphabet = None,
    strands: Strands = None,
    positive: Positive = None,
) -> None:
    """Run the whole workflow: from FASTA files to report, final model and predictions.

    With --class, a project is made in the folder of --output. Run again, it goes on where it was.
    """
    from bioseqrnn.project.run import Asked, run_project

    code = run_project(
        output,
        Asked(
            classes or (),
            predict or (),
            name,
            {"alphabet": alphabet, "strands": strands, "positive": positive},
        ),
        cores=cores,
        words=words or (),
    )
    if code:
        raise typer.Exit(code)
