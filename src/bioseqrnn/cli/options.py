"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads


class Device(StrEnum):
    """Where a network runs."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


Sequences = Annotated[Path, typer.Option(help="sequences.parquet, written by 'encode'."), Reads()]
DatasetOptionsJson = Annotated[
    str,
    typer.Option(
        help='What the dataset is, as a JSON object like \'{"strands": "both"}\'; '
        "config/README.md lists its keys under dataset_options."
    ),
]
Folds = Annotated[Path, typer.Option(help="folds.parquet, written by 'split'."), Reads()]
Fold = Annotated[int, typer.Option(min=0, help="Fold that tests, counted from 0.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Random seed.")]
Threads = Annotated[
    int,
    typer.Option(min=1, help="CPU threads. Results depend on it, so keep it for reruns."),
]
Bootstrap = Annotated[int, typer.Option(min=100, help="Bootstrap replicates behind the intervals.")]
Confidence = Annotated[float, typer.Option(min=0.5, max=0.999, help="Confidence of the intervals.")]
AuditLimits = Annotated[
    str,
    typer.Option(
        help='Limits and actions as a JSON object, like \'{"length": {"action": "stop"}}\'; '
        "config/README.md lists them under audit."
    ),
]
Fraction = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="Share of the fold's training and validation records to use, for a curve of scores by "
        "their number; a smaller share is part of a larger one.",
    ),
]
DeviceOption = Annotated[
    Device,
    typer.Option(help="auto takes a CUDA GPU where there is one; cuda without one is an error."),
]
