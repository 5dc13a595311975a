"""Write the tables of metrics in docs/evaluation.md from the registry.

Run as ``python -m bioseqrnn.metrics.document`` (``make schemas``) in the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bioseqrnn.metrics.registry import AT_THRESHOLD, REGISTERED, UNCALIBRATED, headline, metrics_of
from bioseqrnn.support.io import write_text
from bioseqrnn.tables.document import filled, markdown
from bioseqrnn.tasks import TASKS


def tasks_text() -> str:
    """The headline and all metrics of each task."""
    rows = []
    for name, task in TASKS.items():
        variants = (UNCALIBRATED, AT_THRESHOLD)
        names = [m for m in metrics_of(task, thresholds=False) if not m.endswith(variants)]
        rows.append((name, f"`{headline(task)}`", ", ".join(f"`{m}`" for m in names)))
    return markdown(("task", "headline", "all in `summary.tsv`"), rows)


def metrics_text() -> str:
    """The meaning of every metric."""
    rows = [
        (
            f"`{metric.name}`", metric.title, metric.meaning.removesuffix("; lower is better"),
            "lower" if metric.lower_is_better else "higher",
            "yes" if metric.calibration else "", "yes" if metric.at_threshold else "",
        )
        for metric in REGISTERED
    ]  # fmt: skip
    heads = (
        "metric", "in the report", "meaning", "better", f"`…{UNCALIBRATED}`", f"`…{AT_THRESHOLD}`",
    )  # fmt: skip
    return markdown(heads, rows)


def evaluation_text(text: str) -> str:
    """docs/evaluation.md with its tables updated from the registry."""
    return filled(text, {"metrics of tasks": tasks_text(), "metrics": metrics_text()})


if __name__ == "__main__":
    page = Path.cwd() / "docs" / "evaluation.md"
    write_text(page, evaluation_text(page.read_text(encoding="utf-8")))
    sys.stdout.write(f"wrote {page}\n")
