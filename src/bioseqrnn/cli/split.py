"""``bioseqrnn split``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.options import AuditLimits, Seed, Sequences


def split(
    sequences: Sequences,
    output: Annotated[Path, typer.Option("--output", "-o", help="folds.parquet to write.")],
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    validation_fraction: Annotated[
        float,
        typer.Option(
            min=0.01, max=0.5, help="Share of the records a fold does not test that validate."
        ),
    ] = 0.1,
    seed: Seed = 1,
    findings: Annotated[
        Path | None,
        typer.Option(help="findings.tsv, written by 'audit': one may stop, and nothing is split."),
    ] = None,
    limits: AuditLimits = "{}",
    dataset: Annotated[str, typer.Option(help="Name in messages.")] = "dataset",
) -> None:
    """Assign stratified cross-validation folds; identical sequences stay together."""
    from bioseqrnn.folds.table import split_table
    from bioseqrnn.sequences.table import read_sequences

    if findings is not None:
        from bioseqrnn.config.validate import audit_config_from_json
        from bioseqrnn.sequences.checks.gate import pass_gate

        pass_gate(findings, audit_config_from_json(limits, "--limits"), where=dataset)
    split_table(
        read_sequences(sequences),
        output,
        folds=folds,
        validation_fraction=validation_fraction,
        seed=seed,
        where=dataset,
    )
