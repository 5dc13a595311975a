"""``bioseqrnn init``."""

from __future__ import annotations

import shlex
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
from bioseqrnn.support.errors import InputError


def init(
    project: Annotated[
        Path | None,
        typer.Argument(help="Folder of the project, new or without a config. [required]"),
        WritesInto(PROJECT_FILES),
    ] = None,
    *,
    classes: Classes = None,
    predict: Predict = None,
    name: DatasetName = None,
    alphabet: Alphabet = None,
    strands: Strands = None,
    positive: Positive = None,
    profile: Annotated[
        str,
        typer.Option(
            help="Batch system whose profile is copied, to be edited: slurm, pbs, sge, lsf, "
            "kubernetes or aws-batch."
        ),
    ] = "slurm",
) -> None:
    """Make a project: a folder with configuration, sheets and profile, for 'run'.

    Without --class, the FASTA files are listed in config/datasets.tsv afterwards.
    """
    if project is None:
        raise InputError(
            "the folder of the project is missing; it comes before --class: bioseqrnn init "
            "my-project --class …"
        )
    from bioseqrnn.project.make import make_project
    from bioseqrnn.project.paths import to_show
    from bioseqrnn.project.request import read_request
    from bioseqrnn.support.console import say

    options = {"alphabet": alphabet, "strands": strands, "positive": positive}
    request = read_request(project, classes or (), predict or (), name=name, options=options)
    make_project(project, request, profile=profile)
    todo = "" if request.classes else "list the FASTA files in config/datasets.tsv, then "
    say(f"next: {todo}bioseqrnn run --output {shlex.quote(to_show(project))}")
