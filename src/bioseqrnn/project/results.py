"""Where the results of a project are."""

from __future__ import annotations

from pathlib import Path

from bioseqrnn.project.change import Project
from bioseqrnn.project.paths import to_show


def results_of(folder: Path) -> list[str]:
    """Return a line for each result that is there: reports, final model and predictions."""
    project = Project(folder)
    results = project.file_of("results")
    queries = list(project.rows("queries"))
    lines = []
    for dataset in project.datasets():
        of_dataset = results / dataset
        named = [
            ("report", of_dataset / "report" / "report.html"),
            ("new sequences", of_dataset / "report" / "predictions.html"),
            ("final model", of_dataset / "final" / "model.safetensors"),
        ]
        named += [
            ("predictions", of_dataset / "predictions" / f"{row['query']}.tsv.gz")
            for row in queries
            if row["dataset"] == dataset
        ]
        lines += [f"{what}: {to_show(path)}" for what, path in named if path.is_file()]
    return lines
