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
from bioseqrnn.support.errors import InputError


def _beside(output: Path, values: Values) -> Iterator[Path]:
    """Of a fold: the final model has neither."""
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
        typer.Option(min=0, help="Fold that tests, from 0. [required without --selected]"),
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
        str | None, typer.Option(help="Name of the model in tables. Default: its cell.")
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
            "instead of one fold; --folds, --fold, --model and --config are not used."
        ),
        Reads(),
    ] = None,
    chosen: Annotated[
        list[Path] | None,
        typer.Option(
            help="chosen.json, written by 'search': takes the place of --config. With --selected "
            "those of searches on all records, once each."
        ),
        Reads(),
    ] = None,
    fraction: Fraction = 1.0,
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
            help="Least seconds between two checkpoints, from which the same command goes on.",
        ),
    ] = 60.0,
) -> None:
    """Train a recurrent classifier: one fold, or with --selected the final model.

    SIGTERM or SIGUSR1 stops it with exit code 75; the same command then goes on from there.
    """
    if selected is None and (folds is None or fold is None):
        raise InputError("give --folds and --fold, or --selected for the final model")
    from bioseqrnn.config.models import ModelConfig
    from bioseqrnn.config.validate import section_from_json
    from bioseqrnn.fitting.session import Session
    from bioseqrnn.stages.training.run import (
        FoldFiles,
        FoldTraining,
        train_final,
        train_fold,
    )
    from bioseqrnn.tables.chosen import read_chosen

    words = {"device": device, "devices": devices, "nodes": nodes, "threads": threads}
    machine = MachineConfig.model_validate(words)
    with Session(output, checkpoint_seconds) as session:
        if folds is None or fold is None or selected is not None:
            assert selected is not None
            train_final(
                sequences,
                selected,
                output,
                seed=seed,
                machine=machine,
                session=session,
                searches=tuple(chosen or ()),
            )
            return
        settings, search = section_from_json(ModelConfig, config, "--config"), None
        if chosen:
            found = read_chosen(chosen[0])
            if len(chosen) > 1 or found.fold != fold:
                raise InputError(f"--chosen: give that of fold {fold}, and no other")
            settings, search = found.config, found.card
        train_fold(
            sequences,
            folds,
            FoldFiles(
                output,
                history or output.with_name("history.tsv"),
                predictions or output.with_name("predictions.parquet"),
            ),
            FoldTraining(model or settings.cell, settings, fold, seed, fraction, search),
            machine=machine,
            session=session,
        )
