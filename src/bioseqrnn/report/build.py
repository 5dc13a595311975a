"""The report job: evaluation tables in, one HTML page with its tables and manifest out."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from bioseqrnn.console import say
from bioseqrnn.errors import InputError
from bioseqrnn.io import (
    atomic_path,
    read_json,
    read_parquet,
    require_file,
    sha256,
    write_json,
    write_tsv,
)
from bioseqrnn.models.card import package_versions
from bioseqrnn.report import sections
from bioseqrnn.report.extras import EXTRAS, read_extras
from bioseqrnn.report.gradients import gradients_section
from bioseqrnn.report.wording import best, beyond_limits, introduction
from bioseqrnn.sequences.checks.gate import read_checks

# MultiQC's greeting and its second logo say nothing about the data
STYLE = "#mqc_welcome, #page_title { display: none !important; }"
TABLES = ("summary", "runs", "comparisons", "confusion", "calibration", "learning_curves")


def _read_table(path: Path) -> pd.DataFrame:
    """Read one of our TSV files; names stay text, also a class called 1, 001 or NA."""
    names = ("model", "kind", "baseline", "target", "called", "source", "label")
    return pd.read_csv(
        require_file(path, "table"),
        sep="\t",
        keep_default_na=False,
        na_values={"ci_low": "", "ci_high": "", "estimate": "", "difference": "", "bound": ""},
        dtype=dict.fromkeys(names, "str"),
    )


def fold_sizes(sequences: Path, folds: Path) -> pd.DataFrame:
    """Count records by fold, role and class."""
    labels, metadata = read_parquet(sequences, "sequence table", ["label"])
    roles, about = read_parquet(folds, "fold table")
    if "role_0" not in roles.column_names:
        raise InputError(f"{folds}: not a fold table; split again")
    label = labels.column("label").to_pandas()
    rows = []
    for k in range(about["folds"]):
        counts = pd.crosstab(roles.column(f"role_{k}").to_pandas().astype(str), label)
        for role in ("train", "validation", "test"):
            row: dict[str, Any] = {"fold": k, "role": role}
            rows.append(
                row | {f"records_{c}": int(counts.loc[role, c]) for c in metadata["classes"]}
            )
    return pd.DataFrame(rows)


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


def build_report(
    sequences: Path,
    audit: Path,
    checks: Path,
    folds: Path,
    evaluation: Path,
    output: Path,
    *,
    dataset: str,
    settings: dict[str, Any],
    confidence: float,
    gradients: Path | None = None,
    search: tuple[Path, ...] = (),
    sizes: Path | None = None,
) -> None:
    """Write ``report.html``, ``tables/*.tsv`` and ``manifest.json`` into the folder ``output``.

    Parameters
    ----------
    sequences, audit, checks, folds : Path
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
    """
    _, metadata = read_parquet(sequences, "sequence table", ["id"])
    frames = {name: _read_table(evaluation / f"{name}.tsv") for name in TABLES}
    audit_frame = _read_table(audit)
    found = read_checks(checks)
    curves = read_parquet(evaluation / "curves.parquet", "curves")[0].to_pandas()
    keys = ("model", "epochs", "criterion", "devices")
    selected = read_json(evaluation / "selected.json", "selection", keys)
    fold_counts = fold_sizes(sequences, folds)
    given = read_parquet(folds, "fold table", ["fold"])[1].get("given", False)
    about = provenance(metadata, selected, settings)
    summary = frames["summary"]
    baseline = best(summary, "baseline", "accuracy")
    headline = "auroc" if len(metadata["classes"]) == 2 else "accuracy"
    parts = [
        sections.models_section(summary, confidence, given),
        sections.comparisons_section(frames["comparisons"], confidence),
        sections.folds_section(frames["runs"], headline, given),
        sections.learning_section(frames["learning_curves"], given),
        *sections.curve_sections(curves, given),
        sections.confusion_section(frames["confusion"], selected["model"], "network"),
        sections.calibration_section(frames["calibration"]),
        sections.audit_section(audit_frame),
        sections.fold_sizes_section(fold_counts, given),
        sections.provenance_section(about),
    ]
    if baseline is not None:
        matrix = sections.confusion_section(frames["confusion"], baseline["model"], "baseline")
        parts.insert(7, matrix)
    # before the details, behind the scores that it puts into perspective
    parts.insert(2, sections.checks_section(found))
    measured = _read_table(gradients) if gradients is not None else None
    if measured is not None:
        place = [part["id"] for part in parts].index("audit")
        parts.insert(place, gradients_section(measured))

    extras = read_extras(search, sizes)
    place = [part["id"] for part in parts].index("audit")
    parts[place:place] = [EXTRAS[name](frame) for name, frame in extras.items()]

    tables = frames | extras | {
        "curves": curves, "checks": found, "audit": audit_frame, "folds": fold_counts,
        "provenance": about,
    }  # fmt: skip
    if measured is not None:
        tables["gradients"] = measured
    for name, frame in tables.items():
        write_tsv(output / "tables" / f"{name}.tsv", frame)
    text = introduction(
        dataset, metadata, summary, frames["comparisons"], selected, confidence, given
    )
    text += beyond_limits(found)
    _render(parts, dataset, text, output / "report.html")
    manifest = {
        "dataset": dataset,
        "format": 1,
        "versions": package_versions(),
        "platform": platform.platform(),
        "settings": settings,
        "sequences": metadata,
        "selected": selected,
        "sha256": {
            path.name: sha256(path)
            for path in (sequences, checks, folds, *(evaluation / f"{name}.tsv" for name in TABLES))
        },
    }
    write_json(output / "manifest.json", manifest)
    say(f"report: {output / 'report.html'}")


def _render(parts: list[dict[str, Any]], dataset: str, text: str, output: Path) -> None:
    """Let MultiQC make one offline page of the sections."""
    config = {
        "title": f"bioseqrnn: {escape(dataset)}",
        "intro_text": text,
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
    with tempfile.TemporaryDirectory(prefix="bioseqrnn-report-") as folder:
        work = Path(folder)
        for number, part in enumerate(parts):
            path = work / f"{number:02d}_{part['id']}_mqc.json"
            path.write_text(json.dumps(part), encoding="utf-8")
        (work / "style.css").write_text(STYLE, encoding="utf-8")
        config["custom_css_files"] = [str(work / "style.css")]
        (work / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        command = [
            sys.executable, "-m", "multiqc", str(work), "--config", str(work / "config.yaml"),
            "--module", "custom_content", "--outdir", str(work / "out"),
            "--filename", "report.html", "--no-data-dir", "--quiet", "--no-ansi",
        ]  # fmt: skip
        environment = os.environ | {"MPLCONFIGDIR": folder}
        result = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False
        )
        page = work / "out" / "report.html"
        if result.returncode or not page.exists():
            raise RuntimeError(f"MultiQC failed:\n{result.stdout}\n{result.stderr}")
        with atomic_path(output) as temporary:
            temporary.write_bytes(page.read_bytes())
