"""The report job: evaluation tables in, one HTML page with its tables and manifest out."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from markupsafe import Markup

from bioseqrnn.networks.card import package_versions
from bioseqrnn.stages.report.extras import EXTRAS, read_extras
from bioseqrnn.stages.report.keep import keep_section, keep_table
from bioseqrnn.stages.report.parts import Section, as_html
from bioseqrnn.stages.report.sections import curves, data, decisions, scores
from bioseqrnn.stages.report.sections.fold_sizes import fold_sizes
from bioseqrnn.stages.report.sections.gradients import gradients_section
from bioseqrnn.stages.report.sections.leaks import leaking_overlaps, leaks_section
from bioseqrnn.stages.report.wording import beyond_limits, introduction
from bioseqrnn.support.atomic import atomic_path, is_full, no_room, temporary_folder, together
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import read_parquet, require_file, sha256, write_json, write_tsv
from bioseqrnn.tables.audit import read_checks
from bioseqrnn.tables.selected import read_selection
from bioseqrnn.tables.sequences import open_sequences
from bioseqrnn.tasks import Task, task_of

# MultiQC's greeting and its second logo say nothing about the data
STYLE = "#mqc_welcome, #page_title { display: none !important; }"
TABLES = (
    "summary", "runs", "comparisons", "classes", "confusion", "calibration", "temperatures",
    "thresholds", "strata", "learning_curves",
)  # fmt: skip
# that only some runs have
OPTIONAL = ("random_folds",)
TEXT = (
    "model", "kind", "baseline", "target", "called", "source", "label", "class", "metric", "bin",
    "stratum", "grouping", "test", "aim", "check", "verdict",
)  # fmt: skip
NUMBERS = (
    "ci_low", "ci_high", "estimate", "difference", "bound", "p", "p_adjusted", "low", "high",
    "threshold", "temperature", "validation", "similar", "overlapping", "stretch", "value",
    "limit", "fold", "mcc", "f1", "precision", "recall", "stated", "observed",
)  # fmt: skip


def _read_table(path: Path) -> pd.DataFrame:
    """Read one of our TSV files; names stay text, also a class called 1, 001 or NA."""
    return pd.read_csv(
        require_file(path, "table"),
        sep="\t",
        keep_default_na=False,
        na_values=dict.fromkeys(NUMBERS, ""),
        dtype=dict.fromkeys(TEXT, "str"),
    )


def provenance(
    metadata: dict[str, Any], selected: dict[str, Any], settings: dict[str, Any]
) -> pd.DataFrame:
    """Software, settings and input checksums as rows of (what, value)."""
    rows = [("platform", platform.platform())]
    rows += list(package_versions().items())
    rows += [("trained on", device) for device in selected["devices"]]
    rows += [(f"SHA-256 of {name}", value) for name, value in metadata["sources"].items()]
    rows += [(f"setting {key}", json.dumps(settings[key])) for key in sorted(settings)]
    return pd.DataFrame(rows, columns=["what", "value"])


@dataclass(frozen=True)
class Findings:
    """Everything that a report shows.

    Attributes
    ----------
    metadata : dict
        Of the sequence table.
    selected : dict
        ``selected.json``.
    tables : dict of DataFrame
        By name: those of ``TABLES``, ``audit``, ``checks``, ``folds``, ``leaks``, ``curves``, and
        where there are any ``gradients`` and those of ``OPTIONAL``.
    given : bool
        Whether the split into train and test records came with the data.
    confidence : float
        Of the intervals.
    """

    metadata: dict[str, Any]
    selected: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    given: bool
    confidence: float

    @property
    def headline(self) -> str:
        """The metric that is shown first."""
        return str(self.selected["headline"])

    @property
    def task(self) -> Task:
        """What a label is."""
        return task_of(self.metadata["task"])

    @property
    def keep(self) -> pd.DataFrame:
        """The selected network against every baseline, best baseline first."""
        tables = self.tables
        return keep_table(
            tables["summary"], tables["comparisons"], self.headline, self.selected["row"]
        )


def sections_of(found: Findings) -> list[Section]:
    """The sections in their order; those that the data or the task have no use for are left out."""
    tables, given = found.tables, found.given
    keep, row = found.keep, str(found.selected["row"])
    shown = [row, *keep["baseline"].head(1)]
    summary, confidence, headline = tables["summary"], found.confidence, found.headline
    parts: list[Section | None] = [
        keep_section(keep, summary, row, headline, confidence),
        scores.models_section(summary, headline, confidence, given),
        leaks_section(tables["leaks"], tables.get("random_folds"), headline),
        data.checks_section(tables["checks"]),
        scores.comparisons_section(tables["comparisons"], headline, confidence),
        scores.folds_section(tables["runs"], headline, given),
        decisions.strata_section(tables["strata"], shown) if len(tables["strata"]) else None,
        curves.learning_section(tables["learning_curves"], given, found.task.probabilistic),
    ]
    if len(tables["curves"]):
        parts += curves.curve_sections(tables["curves"], given)
    if len(tables["classes"]):
        parts.append(decisions.classes_section(tables["classes"], shown))
    for kind, name in zip(("network", "baseline"), shown, strict=False):
        parts.append(decisions.confusion_section(tables["confusion"], name, kind))
    if len(tables["calibration"]):
        parts.append(decisions.calibration_section(tables["calibration"], summary))
    if len(tables["thresholds"]):
        parts.append(decisions.thresholds_section(tables["thresholds"]))
    if "gradients" in tables:
        parts.append(gradients_section(tables["gradients"], found.task.per_position))
    parts += [make(tables[name]) for name, make in EXTRAS.items() if name in tables]
    parts += [
        data.audit_section(tables["audit"]),
        data.fold_sizes_section(tables["folds"], given),
        data.provenance_section(tables["provenance"]),
    ]
    return [part for part in parts if part is not None]


def build_report(
    sequences: Path,
    audit: Path,
    checks: Path,
    folds: Path,
    leaks: Path,
    evaluation: Path,
    output: Path,
    *,
    dataset: str,
    settings: dict[str, Any],
    confidence: float,
    gradients: Path | None = None,
    optional: Sequence[Path] = (),
    search: tuple[Path, ...] = (),
    sizes: Path | None = None,
) -> None:
    """Write ``report.html``, ``tables/*.tsv`` and ``manifest.json`` into the folder ``output``.

    Parameters
    ----------
    sequences, audit, checks, folds, leaks : Path
        Outputs of the stages ``sequences`` and ``folds``.
    evaluation : Path
        Folder that ``evaluate`` wrote.
    dataset : str
        Name for the title.
    settings : dict
        Settings of the run, shown under provenance.
    confidence : float
        That the intervals were computed with, 0 to 1.
    gradients : Path, optional
        ``gradients.tsv`` of the stage ``diagnosis``.
    search : tuple of Path
        ``trials.tsv`` of every search.
    sizes : Path, optional
        ``sizes.tsv`` of the evaluation.
    optional : sequence of Path
        Tables that only some runs have, named as in ``OPTIONAL``.

    Raises
    ------
    InputError
        An optional table has another name.
    """
    metadata = open_sequences(sequences).metadata
    keys = ("criterion", "devices", "row", "headline")
    selected = read_selection(evaluation / "selected.json", keys)
    tables = {name: _read_table(evaluation / f"{name}.tsv") for name in TABLES}
    tables["curves"] = curves.read_curves(evaluation / "curves.parquet")
    tables |= {"checks": read_checks(checks), "audit": _read_table(audit)}
    tables |= {"folds": fold_sizes(sequences, folds), "leaks": _read_table(leaks)}
    tables["provenance"] = provenance(metadata, selected, settings)
    if gradients is not None:
        tables["gradients"] = _read_table(gradients)
    for path in optional:
        if path.stem not in OPTIONAL:
            raise InputError(f"{path}: the report knows {', '.join(OPTIONAL)} by name, not this")
        tables[path.stem] = _read_table(path)
    tables |= read_extras(search, sizes)
    given = read_parquet(folds, "fold table", ["fold"])[1].get("given", False)
    found = Findings(metadata, selected, tables, given, confidence)

    text = introduction(
        dataset, metadata, tables["summary"], found.keep, selected, confidence, given
    )
    text += beyond_limits(tables["checks"]) + leaking_overlaps(tables["leaks"])
    read = [sequences, audit, checks, folds, leaks, *optional, *search]
    read += [path for path in (gradients, sizes) if path is not None]
    read += [path for name in tables if (path := evaluation / f"{name}.tsv").exists()]
    read.append(evaluation / "curves.parquet")
    manifest = {
        "dataset": dataset,
        "format": 1,
        "versions": package_versions(),
        "platform": platform.platform(),
        "settings": settings,
        "sequences": metadata,
        "selected": selected,
        "sha256": _checksums(read),
    }
    with together():
        for name, frame in tables.items():
            # the optional ones are where they were read
            if name not in OPTIONAL:
                write_tsv(output / "tables" / f"{name}.tsv", frame)
        write_json(output / "manifest.json", manifest)
        _render(sections_of(found), dataset, text, output / "report.html")
    say(f"report: {output / 'report.html'}")


def _checksums(files: list[Path]) -> dict[str, str]:
    """SHA-256 by file name, or by path where two files share a name, as the trials of searches."""
    files = list(dict.fromkeys(files))
    counts = Counter(path.name for path in files)
    return {
        path.name if counts[path.name] == 1 else path.as_posix(): sha256(path) for path in files
    }


def _render(parts: list[Section], dataset: str, text: Markup, output: Path) -> None:
    """Let MultiQC make one offline page of the sections; only here text becomes HTML."""
    config = {
        "title": as_html(f"bioseqrnn: {dataset}"),
        "intro_text": as_html(text),
        "show_analysis_paths": False,
        "no_ai": True,
        "skip_generalstats": True,
        "skip_versions_section": True,
        "fn_clean_sample_names": False,
        "no_version_check": True,
        "make_data_dir": False,
        "plots_force_interactive": True,
        "custom_content": {"order": [part["id"] for part in parts]},
        "max_table_rows": 5000,
        "box_min_threshold_no_points": 5000,
    }
    with temporary_folder("bioseqrnn-report-") as work:
        for number, part in enumerate(parts):
            path = work / f"{number:02d}_{part['id']}_mqc.json"
            # a block of HTML, which MultiQC does not read as Markdown
            about = Markup("<div>{}</div>").format(part["description"])
            section = as_html(part | {"description": about})
            path.write_text(json.dumps(section), encoding="utf-8")
        (work / "style.css").write_text(STYLE, encoding="utf-8")
        config["custom_css_files"] = [str(work / "style.css")]
        (work / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        command = [
            sys.executable, "-P", "-m", "multiqc", str(work), "--config", str(work / "config.yaml"),
            "--module", "custom_content", "--outdir", str(work / "out"),
            "--filename", "report.html", "--no-data-dir", "--quiet", "--no-ansi",
        ]  # fmt: skip
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MULTIQC_")}
        # in a folder of its own: MultiQC reads multiqc_config.yaml where it is started, and Python
        # without -P would import a yaml.py from there
        result = subprocess.run(
            command, cwd=work, env=environment | {"MPLCONFIGDIR": str(work)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        page = work / "out" / "report.html"
        if result.returncode or not page.exists():
            if is_full(work):
                raise no_room(work.parent)
            raise RuntimeError(f"MultiQC failed:\n{result.stdout}\n{result.stderr}")
        with atomic_path(output) as temporary:
            temporary.write_bytes(page.read_bytes())
