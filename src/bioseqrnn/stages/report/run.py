"""The report job: from evaluation tables to one HTML page with its tables and manifest."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from bioseqrnn.metrics.registry import second
from bioseqrnn.networks.card import package_versions
from bioseqrnn.stages.report.keep import keep_section
from bioseqrnn.stages.report.page import write_page
from bioseqrnn.stages.report.parts import Section
from bioseqrnn.stages.report.results import Inputs, Results, read_results
from bioseqrnn.stages.report.sections import curves, data, decisions, scores
from bioseqrnn.stages.report.sections.combination import weights_section
from bioseqrnn.stages.report.sections.gradients import gradients_section
from bioseqrnn.stages.report.sections.leaks import leaking_overlaps, leaks_section
from bioseqrnn.stages.report.sections.learning_curve import learning_curve_section
from bioseqrnn.stages.report.sections.motifs import motifs_section
from bioseqrnn.stages.report.sections.queries import sets_section
from bioseqrnn.stages.report.sections.search import search_section
from bioseqrnn.stages.report.wording import beyond_limits, introduction
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import say
from bioseqrnn.support.hardware import processor
from bioseqrnn.support.io import write_json
from bioseqrnn.tables.declared import REPORTED
from bioseqrnn.tables.declared.explanation import MOTIFS
from bioseqrnn.tables.manifest import FORMAT


def build_report(
    inputs: Inputs, output: Path, *, dataset: str, settings: dict[str, Any], confidence: float
) -> None:
    """Write ``report.html``, ``tables/*.tsv`` and ``manifest.json`` into the folder ``output``.

    Parameters
    ----------
    inputs : Inputs
    output : Path
    dataset : str
        Name for the title.
    settings : dict
        Settings of the run, shown under provenance.
    confidence : float
        Confidence level that the intervals were computed with, 0 to 1.

    Raises
    ------
    InputError
        An input is missing or invalid.
    """
    results = read_results(inputs, settings, confidence)
    text = introduction(dataset, results)
    text += beyond_limits(results.tables["checks"]) + leaking_overlaps(results.tables["leaks"])
    manifest = {
        "dataset": dataset,
        "format": FORMAT,
        "versions": package_versions(),
        "platform": platform.platform(),
        "hardware": {"processor": processor()},
        "settings": settings,
        "sequences": results.metadata,
        "selected": results.selected,
        "sha256": inputs.checksums(results.tables),
    }
    page = output / "report.html"
    tables = {
        table: output / "tables" / f"{table.name}.tsv"
        for table in REPORTED
        if table.name in results.tables
    }
    with together():
        for table, path in tables.items():
            table.write(path, results.tables[table.name])
        write_page(sections_of(results), dataset, text, page)
        manifest["files"] = inputs.result_checksums([*tables.values(), page])
        write_json(output / "manifest.json", manifest)
    say(f"report: {output / 'report.html'}")


def sections_of(results: Results) -> list[Section]:
    """The sections in order, without those that do not apply to the data or the task."""
    tables, given = results.tables, results.given
    keep, row = results.keep, str(results.selected["row"])
    roles: dict[str, str] = {}
    best = [(str(name), "best baseline") for name in keep["baseline"].head(1)]
    for name, part in [(results.final_row, "final model"), (row, "selected network"), *best]:
        # a model may be more than one of these
        roles.setdefault(name, part)
    shown = list(roles)
    summary, confidence, headline = tables["summary"], results.confidence, results.headline
    compared = [headline, second(results.task)]
    parts: list[Section | None] = [
        keep_section(keep, summary, results.added, row, headline, confidence),
        weights_section(tables["weights"]) if len(tables["weights"]) else None,
        scores.models_section(summary, headline, confidence, given),
        leaks_section(tables["leaks"], tables.get("random_folds"), headline),
        data.checks_section(tables["checks"]),
        scores.comparisons_section(tables["comparisons"], compared, confidence),
        scores.folds_section(tables["runs"], headline, given),
        decisions.strata_section(tables["strata"], shown) if len(tables["strata"]) else None,
        curves.learning_section(tables["histories"], given, results.task.probabilistic),
    ]
    if len(tables["curves"]):
        parts += curves.curve_sections(tables["curves"], given)
    if len(tables["classes"]):
        parts.append(decisions.classes_section(tables["classes"], shown))
    for name, part in roles.items():
        parts.append(decisions.confusion_section(tables["confusion"], name, part))
    if len(tables["calibration"]):
        parts.append(decisions.calibration_section(tables["calibration"], summary))
    if len(tables["thresholds"]):
        parts.append(decisions.thresholds_section(tables["thresholds"]))
    if len(tables["conformal"]):
        parts.append(sets_section(tables["conformal"]))
    if MOTIFS.name in tables:
        # after the answer to the first question, what the network knows
        parts.insert(1, motifs_section(tables, results.task.per_position))
    if "gradients" in tables:
        parts.append(gradients_section(tables["gradients"], results.task.per_position))
    for name, make in (("learning_curve", learning_curve_section), ("search", search_section)):
        if name in tables:
            parts.append(make(tables[name]))
    parts += [
        data.intake_section(tables["intake"]),
        data.fold_sizes_section(tables["folds"], given),
        data.provenance_section(tables["provenance"]),
    ]
    return [part for part in parts if part is not None]
