"""``bioseqrnn train``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Values, Writes
from bioseqrnn.cli.options import (
    DEVICE,
    SEED,
    THREADS,
    Device,
    Fraction,
    Seed,
    Sequences,
    Threads,
)
from bioseqrnn.cli.settings import default, option
from bioseqrnn.config.machine import MachineConfig


def _beside(output: Path, values: Values) -> Iterator[Path]:
    """The other outputs of a fold; the final model has none."""
    if values["selected"] is None:
        yield from (
            output.with_name(f"{name}.{kind}")
            for name, kind in (("history", "tsv"), ("predictions", "parquet"))
            if values[name] is None
        )


def train(
    sequences: Sequences,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="model.safetensors to write."),
        Writes(also=_beside),
    ],
    folds: Annotated[
        Path | None,
        typer.Option(help="folds.parquet, written by 'split'. [required without --selected]"),
        Reads(),
    ] = None,
    fold: Annotated[
        int | None,
        typer.Option(min=0, help="Test fold, counted from 0. [required without --selected]"),
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="history.tsv to write. Default: beside the model."), Writes()
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(help="predictions.parquet to write. Default: beside the model."),
        Writes(),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Name of the model in tables. Default: the name of its cell. With --selected: "
            "which of the networks; default: the selected one."
        ),
    ] = None,
    config: Annotated[
        str,
        typer.Option(
            help='Settings as a JSON object, like \'{"cell": "lstm", "epochs": 40}\'; '
            "config/README.md lists them with defaults and units."
        ),
    ] = '{"cell": "gru"}',
    selected: Annotated[
        Path | None,
        typer.Option(
            help="selected.json, written by 'evaluate': train the final model on all records "
            "instead of one fold; --folds, --fold and --config are not used."
        ),
        Reads(),
    ] = None,
    chosen: Annotated[
        list[Path] | None,
        typer.Option(
            help="chosen.json, written by 'search'; it replaces --config. With --selected: "
            "chosen.json of every search on all records; give the option once for each."
        ),
        Reads(),
    ] = None,
    fraction: Fraction = 1.0,
    permuted: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Train the network of selected.json on the fold's training and validation records "
            "after their labels were permuted, to see what is found by chance: the seed of the "
            "permutation. Give it with --folds, --fold and --selected.",
        ),
    ] = None,
    seed: Seed = SEED,
    device: Device = DEVICE,
    threads: Threads = THREADS,
    devices: Annotated[
        int,
        option(
            MachineConfig,
            "devices",
            help="Devices of a node that train one network together, one process each.",
        ),
    ] = default(MachineConfig, "devices"),
    nodes: Annotated[int, option(MachineConfig, "nodes")] = default(MachineConfig, "nodes"),
    checkpoint_seconds: Annotated[
        float,
        typer.Option(
            min=0,
            envvar="BIOSEQRNN_CHECKPOINT_SECONDS",
            help="Minimum number of seconds between two checkpoints; the same command resumes from "
            "a checkpoint.",
        ),
    ] = 60.0,
) -> None:
    """Train a recurrent classifier: one fold, or with --selected the final model.

    SIGTERM or SIGUSR1 stops it with exit code 75; the same command then resumes
    from its checkpoint with identical results.
    """
    from bioseqrnn.stages.training.given import Given, train_given
    from bioseqrnn.stages.training.run import FoldFiles

    train_given(
        sequences,
        FoldFiles(
            output,
            history or output.with_name("history.tsv"),
            predictions or output.with_name("predictions.parquet"),
        ),
        Given(folds, fold, selected, model, config, tuple(chosen or ()), fraction, permuted),
        seed=seed,
        machine=MachineConfig.model_validate(
            {"device": device, "devices": devices, "nodes": nodes, "threads": threads}
        ),
        checkpoint_seconds=checkpoint_seconds,
    )
