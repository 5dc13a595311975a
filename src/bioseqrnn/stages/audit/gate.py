"""The gate before training: findings of the audit are compared with their limits.

Findings do not depend on limits, so after a change of a limit only the verdict is repeated.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bioseqrnn.config.audit import AuditConfig
from bioseqrnn.config.audit import Check as CheckSetting
from bioseqrnn.support.atomic import written_so_far
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.audit import FAILED, MADE, NOT_APPLICABLE, read_findings
from bioseqrnn.tables.checks import CHECKS
from bioseqrnn.tables.declared import data as tables

PASS, WARN, STOP, IGNORE = "pass", "warn", "stop", "ignore"
SHOWN_IDS = 3


def judge(findings: pd.DataFrame, config: AuditConfig) -> pd.DataFrame:
    """Give each finding its verdict.

    Returns
    -------
    DataFrame
        As ``checks.tsv``.
    """
    rows = []
    for finding in findings.to_dict("records"):
        name = str(finding["check"])
        setting: CheckSetting = getattr(config, name)
        verdict = _verdict(name, str(finding["state"]), float(finding["value"]), setting)
        advice = f" {CHECKS[name].advice}" if verdict != PASS and finding["state"] == MADE else ""
        rows.append(
            finding
            | {"limit": setting.limit, "action": setting.action, "verdict": verdict}
            | {"explanation": f"{finding['explanation']}{advice}"}
        )
    return tables.CHECKS.frame(rows).astype({"records": "Int64"})


def _verdict(name: str, state: str, value: float, setting: CheckSetting) -> str:
    if setting.action == IGNORE or state == NOT_APPLICABLE:
        return PASS
    if state == FAILED:
        # a check that failed to run did not pass
        return WARN
    return setting.action if CHECKS[name].beyond(value, setting.limit) else PASS


def judge_findings(
    findings: Path, checks: Path, config: AuditConfig, where: str = "dataset"
) -> None:
    """Write ``checks.tsv``, and report the checks that are beyond their limit."""
    judged = judge(read_findings(written_so_far(findings)), config)
    tables.CHECKS.write(checks, judged)
    _say_verdicts(judged, where)
    say(f"{where}: {(judged['verdict'] != PASS).sum()} of {len(judged)} checks did not pass")


def _say_verdicts(checks: pd.DataFrame, where: str) -> None:
    for row in checks[checks["verdict"] != PASS].itertuples():
        say(f"{row.verdict}: {where}: {row.check}: {row.explanation}")


def pass_gate(findings: Path, config: AuditConfig, where: str = "dataset") -> None:
    """Report the warnings of the audit; InputError if a check stops the run.

    Parameters
    ----------
    findings : Path
        ``findings.tsv``; the ids come from ``flagged.tsv`` beside it.
    config : AuditConfig
    where : str
        Name of the dataset in messages.
    """
    checks = judge(read_findings(findings), config)
    stops = checks[checks["verdict"] == STOP]
    if stops.empty:
        _say_verdicts(checks, where)
        return
    first = stops.iloc[0]
    name, explanation = first["check"], first["explanation"]
    way_out = f"set audit.{name}.action: warn"
    if len(stops) > 1:
        way_out += f"; also stopped by {', '.join(stops['check'][1:])}"
    listed = findings.with_name(tables.FLAGGED.file)
    ids = _ids(listed, name)
    if not ids:
        raise InputError(
            f"{where}: the audit stops at '{name}'. {explanation} Change the records, or {way_out}"
        )
    more = int(first["records"]) - len(ids)
    shown = ", ".join(f"'{i}'" for i in ids) + (f" and {more:,} more" if more > 0 else "")
    raise InputError(
        f"{where}: the audit stops at '{name}': {first['records']:,} records ({shown}). "
        f"{explanation} {listed} lists them with the records they match; remove them, or {way_out}"
    )


def _ids(listed: Path, name: str) -> list[str]:
    """Return the first ids that a check lists."""
    if not listed.is_file():
        return []
    flagged = tables.FLAGGED.read(listed)
    ids: list[str] = flagged.loc[flagged["check"] == name, "id"].head(SHOWN_IDS).tolist()
    return ids
