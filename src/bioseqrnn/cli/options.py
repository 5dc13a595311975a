"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads
from bioseqrnn.cli.settings import default, option, option_of
from bioseqrnn.config import values
from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.evaluation import EvaluationConfig
from bioseqrnn.config.machine import MachineConfig

Sequences = Annotated[Path, typer.Option(help="sequences.parquet, written by 'encode'."), Reads()]
DatasetOptionsJson = Annotated[
    str,
    typer.Option(
        help='Options of the dataset as a JSON object like \'{"strands": "both"}\'; '
        "config/README.md lists its keys under dataset_options."
    ),
]
Folds = Annotated[Path, typer.Option(help="folds.parquet, written by 'split'."), Reads()]
Fold = Annotated[int, typer.Option(min=0, help="Test fold, counted from 0.")]
Seed = Annotated[int, option_of(values.Seed, help="Random seed.")]
SEED = values.SEED
Threads = Annotated[
    int,
    option(
        MachineConfig,
        "threads",
        help="CPU threads. Results depend on their number, so use the same number for reruns.",
    ),
]
THREADS: int = default(MachineConfig, "threads")
# of commands that look at chosen records
ChosenModel = Annotated[
    Path, typer.Argument(help="model.safetensors, written by 'combine' or 'train'."), Reads()
]
ChosenFasta = Annotated[Path, typer.Argument(help="FASTA file with the records."), Reads()]
Records = Annotated[
    list[str] | None,
    typer.Option(
        "--record",
        help="Id of a record; give the option once for each. Default: the first 10 records.",
    ),
]
Longest = Annotated[int, typer.Option(min=1, help="Most residues of a record.")]
LONGEST = 5000
Bootstrap = Annotated[int, option(EvaluationConfig, "bootstrap")]
BOOTSTRAP: int = default(EvaluationConfig, "bootstrap")
Confidence = Annotated[float, option(EvaluationConfig, "confidence")]
CONFIDENCE: float = default(EvaluationConfig, "confidence")
AuditLimits = Annotated[
    str,
    typer.Option(
        help='Limits and actions as a JSON object, like \'{"length": {"action": "stop"}}\'; '
        "config/README.md lists them under audit."
    ),
]
ExplanationJson = Annotated[
    str,
    typer.Option(
        help="Settings as a JSON object, like '{\"records\": 200}'; config/README.md lists them "
        "under explanation."
    ),
]
Selected = Annotated[
    Path | None,
    typer.Option(
        help="selected.json, written by 'evaluate': only the networks of the selected model "
        "are used. Default: all networks."
    ),
    Reads(),
]
Temperatures = Annotated[
    Path | None,
    typer.Option(
        help="temperatures.tsv, written by 'evaluate', to calibrate the networks. Default: "
        "they are not calibrated."
    ),
    Reads(),
]
Fraction = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="Fraction of the fold's training and validation records to use, for a learning curve; "
        "a smaller fraction is a subset of a larger one.",
    ),
]
Device = Annotated[
    str,
    option(
        MachineConfig,
        "device",
        help="auto uses a CUDA GPU if there is one; cuda is an error without a GPU.",
    ),
]
DEVICE: str = default(MachineConfig, "device")
# of commands that make a project; cli/several.py reads the words of the first two
Classes = Annotated[
    list[str] | None,
    typer.Option(
        "--class",
        metavar="NAME FILE...",
        help="Class and its FASTA files, plain or compressed, folders or globs; give the option "
        "once for each class. NAME=FILE is the same.",
    ),
]
Predict = Annotated[
    list[str] | None,
    typer.Option("--predict", metavar="FILE...", help="FASTA files to predict."),
    Reads(),
]
DatasetName = Annotated[
    str | None,
    typer.Option("--name", help="Name of the dataset. Default: made from that of the folder."),
]
Alphabet = Annotated[str | None, option(DatasetOptions, "alphabet")]
Strands = Annotated[str | None, option(DatasetOptions, "strands")]
Positive = Annotated[
    str | None, typer.Option(help="Positive class of two. Default: the last by name.")
]
# what a project consists of
PROJECT_FILES = (
    "README.md", "config/config.yaml", "config/datasets.tsv", "config/queries.tsv",
)  # fmt: skip
