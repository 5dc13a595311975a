"""``bioseqrnn search``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Values, Writes
from bioseqrnn.cli.options import DEVICE, THREADS, Device, Threads
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.support.errors import InputError


def _beside(output: Path, values: Values) -> Iterator[Path]:
    if values["choose"] and values["trials"] is None:
        yield output.with_name("trials.tsv")


def search(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="worker-0.tsv to write; with --choose, chosen.json to write."
        ),
        Writes(also=_beside),
    ],
    model: Annotated[str, typer.Option(help="Name of the searched model in tables.")],
    sequences: Annotated[
        Path | None,
        typer.Option(help="sequences.parquet, written by 'encode'. [required without --choose]"),
        Reads(),
    ] = None,
    folds: Annotated[
        Path | None,
        typer.Option(help="folds.parquet, written by 'split'. [required without --choose]"),
        Reads(),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            help="Journal of the study, on a disk that all workers can use. [required without "
            "--choose]"
        ),
        Writes(),
    ] = None,
    fold: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Test fold, counted from 0: its test and validation records are not read. "
            "Default: search on all records, for the final model.",
        ),
    ] = None,
    config: Annotated[
        str, typer.Option(help="Settings of the model that are not searched, as a JSON object.")
    ] = '{"cell": "gru"}',
    settings: Annotated[
        str,
        typer.Option(
            help="The search as a JSON object, like '{\"trials\": 40}'; config/README.md lists its "
            "keys under search."
        ),
    ] = "{}",
    worker: Annotated[int, typer.Option(min=0, help="Number of this worker, from 0.")] = 0,
    choose: Annotated[
        list[Path] | None,
        typer.Option(
            help="worker-0.tsv and the tables of the other workers, one option for each: choose "
            "the best trial instead of running trials."
        ),
        Reads(),
    ] = None,
    trials: Annotated[
        Path | None,
        typer.Option(help="trials.tsv to write. Default: beside chosen.json."),
        Writes(),
    ] = None,
    selected: Annotated[
        Path | None,
        typer.Option(
            help="selected.json, written by 'evaluate': search only if this model is the final "
            "model."
        ),
        Reads(),
    ] = None,
    device: Device = DEVICE,
    threads: Threads = THREADS,
) -> None:
    """Search for better settings of a model within the training records of one fold.

    Several workers may share one journal. SIGTERM or SIGUSR1 stops a worker with exit code 75; the
    same command then goes on from there.
    """
    from bioseqrnn.config.models import ModelConfig
    from bioseqrnn.config.search import SearchConfig
    from bioseqrnn.config.validate import section_from_json

    base = section_from_json(ModelConfig, config, "--config")
    wanted = section_from_json(SearchConfig, settings, "--settings")
    if choose:
        from bioseqrnn.stages.search.choose import choose as choose_trial

        choose_trial(
            choose,
            output,
            trials or output.with_name("trials.tsv"),
            model=model,
            config=base,
            search=wanted,
            fold=fold,
            selected=selected,
        )
        return
    if sequences is None or folds is None or journal is None:
        raise InputError(
            "give --sequences, --folds and --journal, or --choose with the tables of the workers"
        )
    from bioseqrnn.stages.search.run import Searched, work

    work(
        sequences,
        folds,
        journal,
        output,
        searched=Searched(model, base, wanted, fold),
        worker=worker,
        machine=MachineConfig.model_validate({"device": device, "threads": threads}),
        selected=selected,
    )
