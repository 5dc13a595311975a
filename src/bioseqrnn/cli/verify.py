"""``bioseqrnn verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads

CONFIG = Path("config/config.yaml")


def verify(
    results: Annotated[
        Path,
        typer.Argument(help="Folder of results, or that of one dataset in it."),
        Reads(),
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            help="Configuration of the run. Default: config/config.yaml, if there is one; without "
            "it, input files and settings are not compared."
        ),
        Reads(),
    ] = None,
) -> None:
    """Compare results with their manifest, and with inputs, settings and machine of now.

    Prints one line for each difference. Exit code 0: results are what was made; 1: they differ.
    """
    from bioseqrnn.stages.verification.findings import Kind
    from bioseqrnn.stages.verification.run import summary, verify_results
    from bioseqrnn.support.console import shown

    if config is None and CONFIG.exists():
        config = CONFIG
    findings = []
    for finding in verify_results(results, config):
        typer.echo(shown(str(finding)))
        findings.append(finding)
    typer.echo(summary(findings))
    if any(finding.kind is not Kind.NOTE for finding in findings):
        raise typer.Exit(1)
