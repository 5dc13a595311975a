"""``bioseqrnn split``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import AuditLimits, Sequences
from bioseqrnn.cli.settings import option
from bioseqrnn.config.folds import FoldsConfig


def split(
    sequences: Sequences,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="folds.parquet to write."), Writes()
    ],
    settings: Annotated[
        str,
        typer.Option(
            help='Settings as a JSON object, like \'{"count": 10, "validation_fraction": 0.2}\'; '
            "config/README.md lists them under folds."
        ),
    ] = "{}",
    folds: Annotated[
        int | None, option(FoldsConfig, "count", help="Number of folds: the setting 'count'.")
    ] = None,
    grouping: Annotated[
        str | None,
        option(
            FoldsConfig,
            "grouping",
            help="Which records stay in one fold: similar sequences (MMseqs2), equal sequences, "
            "the group column, or nothing. The first three keep copies and given groups together.",
        ),
    ] = None,
    leaks: Annotated[
        Path | None,
        typer.Option(
            help="leaks.tsv to write: test records that are related to training records, in these "
            "and in random folds."
        ),
        Writes(),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads of MMseqs2.")] = 1,
    findings: Annotated[
        Path | None,
        typer.Option(
            help="findings.tsv, written by 'audit': if a check stops the run, nothing is split."
        ),
        Reads(),
    ] = None,
    limits: AuditLimits = "{}",
    dataset: Annotated[str, typer.Option(help="Name of the dataset in messages.")] = "dataset",
) -> None:
    """Assign stratified cross-validation folds; related sequences stay together."""
    from bioseqrnn.config.validate import section_from_json
    from bioseqrnn.stages.folds.run import split_table
    from bioseqrnn.tables.sequences import read_sequences

    given = {"count": folds, "grouping": grouping}
    config = section_from_json(FoldsConfig, settings, "--settings").model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    if findings is not None:
        from bioseqrnn.config.audit import AuditConfig
        from bioseqrnn.stages.audit.gate import pass_gate

        pass_gate(findings, section_from_json(AuditConfig, limits, "--limits"), where=dataset)
    table = read_sequences(sequences)
    split_table(table, output, config, leaks=leaks, threads=threads, where=dataset)
