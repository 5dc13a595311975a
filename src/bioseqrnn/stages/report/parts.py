"""Parts of a section of the report, as MultiQC custom content.

MultiQC escapes nothing. Therefore every text is escaped when the page is made (``as_html``), except
``Markup``: HTML that was written in this package. Names inserted into ``Markup`` are escaped by its
``format`` and ``+``.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

Section = dict[str, Any]
# braces that open a template expression
TEMPLATE = re.compile(r"\{(?=[{%#])")


def section(name: str, title: str, description: str, plot: str, **more: Any) -> Section:
    """Return a section; ``more`` is its data and headers, ``config`` adds to the plot's options."""
    config = {"id": f"{name}_plot", "title": f"bioseqrnn: {title}"} | more.pop("config", {})
    if plot == "linegraph":
        # a printed page or a picture of it cannot show labels on hover
        config["showlegend"] = True
    return {
        "id": name,
        "section_name": title,
        "description": description,
        "plot_type": plot,
        "pconfig": config,
    } | more


def as_html(value: Any) -> Any:
    """Return data for MultiQC with every text as HTML, including the keys of mappings.

    Characters that templates would interpret (``{{``, ``{%``) are written as entities too. So is
    ``/`` in keys, because MultiQC would take the key for a path and use only its last part.
    """
    if isinstance(value, dict):
        return {
            str(as_html(name)).replace("/", "&#47;"): as_html(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [as_html(inner) for inner in value]
    if isinstance(value, str):
        return TEMPLATE.sub(lambda found: f"&#{ord(found[0])};", str(escape(value)))
    return value


def html_table(frame: pd.DataFrame) -> Markup:
    """Return a frame as an HTML table with every cell escaped."""
    head = Markup().join(Markup("<th>{}</th>").format(str(name)) for name in frame.columns)
    body = Markup().join(
        Markup("<tr>{}</tr>").format(
            Markup().join(Markup("<td>{}</td>").format(_cell(value)) for value in row)
        )
        for row in frame.itertuples(index=False)
    )
    return Markup(
        '<table class="table table-sm table-bordered" style="width:auto">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
    ).format(head, body)


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
