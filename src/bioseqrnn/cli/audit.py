"""``bioseqrnn audit``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bioseqrnn.cli.files import Reads, Values, Writes
from bioseqrnn.cli.options import AuditLimits


def _makes_findings(values: Values) -> bool:
    return values["sequences"] is not None


def _beside(output: Path, values: Values) -> Iterator[Path]:
    """What is written with the verdicts and not named."""
    if values["sequences"] is None:
        return
    findings = values["findings"] or output.with_name("findings.tsv")
    if values["findings"] is None:
        yield findings
    if values["flagged"] is None:
        yield findings.with_name("flagged.tsv")


def audit(
    sequences: Annotated[
        Path | None,
        typer.Option(
            help="sequences.parquet, written by 'encode'. Without it, --findings is only compared "
            "with the limits. [required without --findings]"
        ),
        Reads(),
    ] = None,
    findings: Annotated[
        Path | None,
        typer.Option(
            help="findings.tsv, which does not depend on the limits. Default: beside --output. "
            "[required without --output or --sequences]"
        ),
        Writes(when=_makes_findings),
    ] = None,
    flagged: Annotated[
        Path | None,
        typer.Option(help="flagged.tsv to write. Default: beside the findings."),
        Writes(when=_makes_findings),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="checks.tsv to write, with verdicts. [required without --findings]",
        ),
        Writes(also=_beside),
    ] = None,
    limits: AuditLimits = "{}",
    dataset: Annotated[str, typer.Option(help="Name of the dataset in messages.")] = "dataset",
) -> None:
    """Check records before training: leakage, duplicates, label conflicts, shortcuts.

    This command never stops the run, so that the tables can be read; 'split --findings' does.
    """
    from bioseqrnn.config.audit import AuditConfig
    from bioseqrnn.config.validate import section_from_json
    from bioseqrnn.stages.audit.job import AuditFiles, audit_dataset

    audit_dataset(
        sequences,
        AuditFiles(findings, flagged, output),
        config=section_from_json(AuditConfig, limits, "--limits"),
        where=dataset,
    )
