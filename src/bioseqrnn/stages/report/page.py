"""The page: MultiQC makes one offline file from sections as custom content."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

from bioseqrnn.stages.report.parts import Section, as_html
from bioseqrnn.support.atomic import atomic_path, is_full, no_room, temporary_folder

# characters with a meaning in Markdown: anywhere, and at the start of a line
MARKDOWN = str.maketrans({mark: f"&#{ord(mark)};" for mark in "\\`*_[]"})
LINE_MARKS = tuple("#+->=~0123456789")
# hide MultiQC's greeting and its second logo
STYLE = "#mqc_welcome, #page_title { display: none !important; }"


def write_page(parts: list[Section], dataset: str, text: Markup, output: Path) -> None:
    """Make one offline page from the sections with MultiQC; only here, text becomes HTML.

    Raises
    ------
    RuntimeError
        MultiQC failed.
    """
    with temporary_folder("bioseqrnn-report-") as work:
        for number, part in enumerate(parts):
            path = work / f"{number:02d}_{part['id']}_mqc.json"
            section = as_html(part | {"description": _not_markdown(part["description"])})
            path.write_text(json.dumps(section), encoding="utf-8")
        (work / "style.css").write_text(STYLE, encoding="utf-8")
        settings = _settings(parts, dataset, text) | {"custom_css_files": [str(work / "style.css")]}
        (work / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        page = _run_multiqc(work)
        with atomic_path(output) as temporary:
            temporary.write_bytes(page.read_bytes())


def _not_markdown(description: str) -> Markup:
    """Return a text as one line of HTML without anything that MultiQC reads as Markdown.

    A block of HTML would also be safe from Markdown, but MultiQC adds a full stop to every
    description, and would write it after the block.
    """
    line = " ".join(str(escape(description)).split()).translate(MARKDOWN)
    if line[:1] in LINE_MARKS:
        line = f"&#{ord(line[0])};{line[1:]}"
    return Markup(line)  # nosec B704


def _settings(parts: list[Section], dataset: str, text: Markup) -> dict[str, Any]:
    """Configuration of MultiQC."""
    return {
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


def _run_multiqc(work: Path) -> Path:
    """Run MultiQC in its own folder, and return the page that it made."""
    command = [
        sys.executable, "-P", "-m", "multiqc", str(work), "--config", str(work / "config.yaml"),
        "--module", "custom_content", "--outdir", str(work / "out"),
        "--filename", "report.html", "--no-data-dir", "--quiet", "--no-ansi",
    ]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MULTIQC_")}
    # MultiQC reads multiqc_config.yaml in its working directory, and Python without -P would import
    # a yaml.py from there
    result = subprocess.run(
        command, cwd=work, env=environment | {"MPLCONFIGDIR": str(work)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    page = work / "out" / "report.html"
    if result.returncode or not page.exists():
        if is_full(work):
            raise no_room(work.parent)
        raise RuntimeError(f"MultiQC failed:\n{result.stdout}\n{result.stderr}")
    return page
