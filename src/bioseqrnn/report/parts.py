"""What every section of the report is made of, as MultiQC custom content.

MultiQC does not escape names, so every text that came from a user's file is escaped.
"""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd

Section = dict[str, Any]


def section(name: str, title: str, description: str, plot: str, **more: Any) -> Section:
    """Return a section; ``more`` is its data and headers, ``config`` adds to the plot's options."""
    config = {"id": f"{name}_plot", "title": f"bioseqrnn: {title}"} | more.pop("config", {})
    if plot == "linegraph":
        # a page that is printed or sent as a picture has no labels on hover
        config["showlegend"] = True
    return {
        "id": name,
        "section_name": title,
        "description": description,
        "plot_type": plot,
        "pconfig": config,
    } | more


def html_table(frame: pd.DataFrame) -> str:
    """Return a frame as an HTML table with every cell escaped."""
    head = "".join(f"<th>{escape(str(name))}</th>" for name in frame.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in frame.itertuples(index=False)
    )
    return (
        '<table class="table table-sm table-bordered" style="width:auto">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
