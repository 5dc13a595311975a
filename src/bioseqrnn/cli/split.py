"""``bioseqrnn split``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Writes
from bioseqrnn.cli.options import AuditLimits, Seed, Sequences


class Grouping(StrEnum):
    """What keeps records in one fold."""

    homology = "homology"
    duplicates = "duplicates"
    column = "column"
    none = "none"


Share = Annotated[
    float,
    typer.Option(min=0.1, max=1, help="Share of both sequences that the alignment must span."),
]


def split(
    sequences: Sequences,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="folds.parquet to write."), Writes()
    ],
    grouping: Annotated[
        Grouping,
        typer.Option(
            help="What keeps records in one fold: sequences alike (MMseqs2), equal sequences, the "
            "group column, or nothing. The first three keep copies and given groups together."
        ),
    ] = Grouping.homology,
    identity_dna: Annotated[
        float,
        typer.Option(min=0.5, max=1, help="Identity from which DNA is alike, on either strand."),
    ] = 0.8,
    identity_protein: Annotated[
        float, typer.Option(min=0.2, max=1, help="Identity from which proteins are alike.")
    ] = 0.4,
    length_correction: Annotated[
        bool,
        typer.Option(help="Ask more identity of protein alignments of less than 52 residues."),
    ] = True,
    coverage: Share = 0.8,
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    repeats: Annotated[
        int, typer.Option(min=1, help="Times that all records are dealt, each time anew.")
    ] = 1,
    validation_fraction: Annotated[
        float,
        typer.Option(
            min=0.01, max=0.5, help="Share of the records a fold does not test that validate."
        ),
    ] = 0.1,
    seed: Seed = 1,
    exclude_leaking: Annotated[
        bool,
        typer.Option(
            "--exclude-leaking",
            help="Of a given split: do not test records alike a training or validation record.",
        ),
    ] = False,
    leaks: Annotated[
        Path | None,
        typer.Option(help="leaks.tsv to write: what leaks, and would in random folds."),
        Writes(),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads of MMseqs2.")] = 1,
    findings: Annotated[
        Path | None,
        typer.Option(help="findings.tsv, written by 'audit': one may stop, and nothing is split."),
        Reads(),
    ] = None,
    limits: AuditLimits = "{}",
    dataset: Annotated[str, typer.Option(help="Name in messages.")] = "dataset",
) -> None:
    """Assign stratified cross-validation folds; related sequences stay together."""
    from bioseqrnn.similarity.pairs import Threshold
    from bioseqrnn.stages.folds.run import split_table
    from bioseqrnn.tables.sequences import read_sequences

    if findings is not None:
        from bioseqrnn.config.audit import AuditConfig
        from bioseqrnn.config.validate import section_from_json
        from bioseqrnn.stages.audit.gate import pass_gate

        pass_gate(findings, section_from_json(AuditConfig, limits, "--limits"), where=dataset)
    table = read_sequences(sequences)
    if table.alphabet.name == "dna":
        threshold = Threshold(identity_dna, coverage)
    else:
        threshold = Threshold(identity_protein, coverage, length_correction)
    split_table(
        table,
        output,
        folds=folds,
        validation_fraction=validation_fraction,
        seed=seed,
        grouping=grouping.value,
        threshold=threshold,
        repeats=repeats,
        exclude_leaking=exclude_leaking,
        leaks=leaks,
        threads=threads,
        where=dataset,
    )
