"""The page on new sequences: from files of predictions to one HTML page with its tables.

It is a page of its own, so that a query that is added, or cannot be read, does not touch the report
on the models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from bioseqrnn.stages.report.page import write_page
from bioseqrnn.stages.report.queries import summarise, tables_of
from bioseqrnn.stages.report.sections.queries import (
    calls_section,
    introduction_of,
    marked_section,
    records_section,
)
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.queries import CALLS, MARKED, QUERIES, QUERY_TABLES

PAGE = "predictions.html"


def report_queries(predictions: Sequence[Path], output: Path, *, dataset: str) -> None:
    """Write ``predictions.html`` and ``predictions/*.tsv`` into the folder ``output``.

    Parameters
    ----------
    predictions : sequence of Path
        Parquet files of ``predict``, of one model or several. One row group is in memory at once.
    output : Path
    dataset : str
        Name for the title.

    Raises
    ------
    InputError
        A file is not of ``predict``, or two have the same name.
    """
    for name, count in Counter(path.stem for path in predictions).items():
        if count > 1:
            raise InputError(f"{count} files of predictions are named {name}; rename one of them")
    summaries = [summarise(path) for path in predictions]
    tables = tables_of(summaries)
    calls, marked = tables[CALLS.name], tables[MARKED.name]
    per_position = any(one.task == "per_position" for one in summaries)
    parts = [
        records_section(tables[QUERIES.name]),
        calls_section(calls, per_position) if len(calls) else None,
        marked_section(marked, outside=True),
        marked_section(marked, outside=False),
    ]
    page = output / PAGE
    with together():
        for table in QUERY_TABLES:
            table.write(output / "predictions" / table.file, tables[table.name])
        text = Markup("<p>{}</p>").format(introduction_of(summaries))
        shown = [part for part in parts if part is not None]
        write_page(shown, f"{dataset}, new sequences", text, page)
    say(f"new sequences: {page}")
