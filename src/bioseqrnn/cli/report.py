"""``bioseqrnn report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, WritesInto
from bioseqrnn.cli.options import CONFIDENCE, Folds, Sequences
from bioseqrnn.cli.settings import option
from bioseqrnn.config.evaluation import EvaluationConfig
from bioseqrnn.tables.declared import REPORTED
from bioseqrnn.tables.declared.explanation import CHECKED_TABLES, SHOWN_MOTIFS

OUTPUTS = ("report.html", "manifest.json", *(f"tables/{table.name}.tsv" for table in REPORTED))


def report(
    sequences: Sequences,
    folds: Folds,
    intake: Annotated[
        Path,
        typer.Option("--intake", "--audit", help="intake.tsv, written by 'encode'."),
        Reads(),
    ],
    checks: Annotated[Path, typer.Option(help="checks.tsv, written by 'audit'."), Reads()],
    leaks: Annotated[Path, typer.Option(help="leaks.tsv, written by 'split'."), Reads()],
    evaluation: Annotated[Path, typer.Option(help="Folder written by 'evaluate'."), Reads()],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for report.html, tables/ and manifest.json."),
        WritesInto(OUTPUTS),
    ],
    gradients: Annotated[
        Path | None,
        typer.Option(help="gradients.tsv, written by 'diagnose'. Default: no such section."),
        Reads(),
    ] = None,
    table: Annotated[
        list[Path] | None,
        typer.Option(
            help="Another table to show, like random_folds.tsv; can be given several times."
        ),
        Reads(),
    ] = None,
    search: Annotated[
        list[Path] | None,
        typer.Option(
            help="trials.tsv of every search; give the option once for each. Default: no such "
            "section."
        ),
        Reads(),
    ] = None,
    learning_curve: Annotated[
        Path | None,
        typer.Option(
            help="learning_curve.tsv, written by 'learning-curve'. Default: no such section."
        ),
        Reads(),
    ] = None,
    motifs: Annotated[
        Path | None,
        typer.Option(
            help="motifs.tsv, written by 'motifs', with the other tables in its folder. Default: "
            "no such section."
        ),
        Reads(tuple(table.file for table in SHOWN_MOTIFS[1:])),
    ] = None,
    motif_tests: Annotated[
        Path | None,
        typer.Option(
            help="motif_tests.tsv, written by 'check-motifs', with motif_null.tsv in its folder. "
            "Default: tests of motifs are not shown."
        ),
        Reads(tuple(table.file for table in CHECKED_TABLES[1:])),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            help="Folder of all results of the dataset; manifest.json lists their checksums, which "
            "'verify' compares. Default: only the checksums of the files that are read."
        ),
        Reads(),
    ] = None,
    dataset: Annotated[str, typer.Option(help="Name in the title.")] = "dataset",
    settings: Annotated[
        str, typer.Option(help="Settings of the run as a JSON object, for the provenance.")
    ] = "{}",
    confidence: Annotated[
        float,
        option(
            EvaluationConfig, "confidence", help="Confidence level that was used by 'evaluate'."
        ),
    ] = CONFIDENCE,
) -> None:
    """Make the HTML report (MultiQC), the same numbers as TSV, and a manifest."""
    from bioseqrnn.support.checked import parse_object

    shown = parse_object(settings, "--settings")
    from bioseqrnn.stages.report.results import Inputs
    from bioseqrnn.stages.report.run import build_report

    inputs = Inputs(
        sequences,
        intake,
        checks,
        folds,
        leaks,
        evaluation,
        gradients=gradients,
        optional=tuple(table or ()),
        search=tuple(search or ()),
        learning_curve=learning_curve,
        motifs=motifs,
        motif_tests=motif_tests,
        results=results,
    )
    build_report(inputs, output, dataset=dataset, settings=shown, confidence=confidence)
