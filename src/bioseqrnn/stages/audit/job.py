"""The command ``audit``: it makes findings, judges them, or both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.config.audit import AuditConfig
from bioseqrnn.stages.audit.gate import judge_findings
from bioseqrnn.support.atomic import together
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.data import FINDINGS, FLAGGED


@dataclass(frozen=True)
class AuditFiles:
    """Tables of the audit; if ``findings`` or ``flagged`` is None, it is in the other's folder.

    Attributes
    ----------
    findings, flagged : Path or None
        The findings, and the records that they are about.
    checks : Path or None
        The findings with verdicts; None: findings are not judged.
    """

    findings: Path | None = None
    flagged: Path | None = None
    checks: Path | None = None


def audit_dataset(
    sequences: Path | None, files: AuditFiles, *, config: AuditConfig, where: str
) -> None:
    """Make the findings of ``sequences``, if given, and judge them; no finding stops the run here.

    Raises
    ------
    InputError
        There are neither sequences nor findings, or no table to write.
    """
    findings = files.findings
    if findings is None:
        if files.checks is None or sequences is None:
            raise InputError("give --sequences and --output, or --findings with one of them")
        findings = files.checks.with_name(FINDINGS.file)
    with together():
        if sequences is not None:
            # judging alone does not need the libraries of the checks
            from bioseqrnn.stages.audit.run import audit_sequences

            flagged = files.flagged or findings.with_name(FLAGGED.file)
            audit_sequences(sequences, findings, flagged, identity=config.identity, where=where)
        if files.checks is not None:
            judge_findings(findings, files.checks, config, where=where)
