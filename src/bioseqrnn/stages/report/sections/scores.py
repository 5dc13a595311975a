"""Sections on the scores of networks and baselines, and on their differences."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from markupsafe import Markup

from bioseqrnn.metrics.registry import (
    AT_THRESHOLD,
    UNCALIBRATED,
    hidden,
    in_units,
    lower_is_better,
    meaning,
    title,
)
from bioseqrnn.stages.report.numbers import UNDEFINED, between, number
from bioseqrnn.stages.report.parts import Section, html_table, section

# number of metrics shown with intervals; more columns would make the table hard to read
MOST_INTERVALS = 3


def models_section(summary: pd.DataFrame, headline: str, confidence: float, given: bool) -> Section:
    """Every network and baseline with its metrics and intervals."""
    tested = (
        "The records given to test are predicted by runs that did not train on them."
        if given
        else "Every record is predicted by the run whose fold did not train on it."
    )
    metrics = [headline, *(m for m in dict.fromkeys(summary["metric"]) if m != headline)]
    metrics = [m for m in metrics if not m.endswith(UNCALIBRATED)]
    shown = [m for m in metrics if not hidden(m) and not m.endswith(AT_THRESHOLD)]
    with_interval = shown[:MOST_INTERVALS]
    data: dict[str, dict[str, Any]] = {}
    for name, rows in summary.groupby("model", sort=False):
        by_metric = rows.set_index("metric")
        cells: dict[str, Any] = {"kind": rows["kind"].iloc[0]}
        for metric in metrics:
            estimate = float(by_metric.loc[metric, "estimate"])
            cells[metric] = estimate if math.isfinite(estimate) else UNDEFINED
            if metric in with_interval:
                low, high = by_metric.loc[metric, ["ci_low", "ci_high"]]
                cells[f"{metric}_interval"] = between(metric, low, high)
        data[str(name)] = cells
    headers: dict[str, Any] = {"kind": {"title": "Kind", "scale": False}}
    for metric in metrics:
        headers[metric] = {
            "title": title(metric),
            "description": meaning(metric),
            "format": "{:,.4g}" if in_units(metric) else "{:,.3f}",
            "scale": "RdYlGn-rev" if lower_is_better(metric) else "RdYlGn",
            "hidden": hidden(metric),
        }
        if metric in with_interval:
            headers[f"{metric}_interval"] = {
                "title": f"{title(metric)} {100 * confidence:g}% interval",
                "description": f"{100 * confidence:g}% interval of {title(metric)}, bootstrap over "
                "groups",
                "scale": False,
            }
    return section(
        "models",
        "Models and baselines",
        Markup(
            "{} Intervals come from a bootstrap over groups. <i>selected</i>, if it is shown, is "
            "the procedure itself: in each fold, the network with the best validation loss. A "
            "network is useful only if it is better than the best baseline."
        ).format(tested),
        "table",
        data=data,
        headers=headers,
        config={"col1_header": "Model", "sort_rows": False, "no_violin": True},
    )


def comparisons_section(
    comparisons: pd.DataFrame, metrics: list[str], confidence: float
) -> Section:
    """Paired differences, networks minus baselines, in some metrics."""
    rows = comparisons[comparisons["metric"].isin(metrics)]
    frame = pd.DataFrame(
        {
            "Network": rows["model"],
            "Baseline": rows["baseline"],
            "Metric": rows["metric"].map(title),
            "Difference": [
                number(m, value, "+.4f")
                for m, value in zip(rows["metric"], rows["difference"], strict=True)
            ],
            f"{100 * confidence:g}% interval": [
                between(m, low, high, "+.4f")
                for m, low, high in zip(
                    rows["metric"], rows["ci_low"], rows["ci_high"], strict=True
                )
            ],
            "p": [number("p", value, ".3g") for value in rows["p"]],
            "p (adjusted)": [number("p", value, ".3g") for value in rows["p_adjusted"]],
            "By": rows["test"].replace({"delong": "DeLong", "bootstrap": "paired bootstrap"}),
        }
    )
    return section(
        "comparisons",
        "Networks against baselines",
        "Difference between network and baseline on the same records. An interval that contains 0 "
        "means that the data do not show a difference. p is two-sided; adjusted: corrected for all "
        "comparisons of the metric (Holm). All metrics: tables/comparisons.tsv.",
        "html",
        data=html_table(frame),
    )


def folds_section(runs: pd.DataFrame, metric: str, given: bool) -> Section:
    """Spread of the scores over folds and seeds."""
    each, over = ("seed", "seed") if given else ("fold", "fold and seed")
    values = runs[runs["metric"] == metric].groupby("model", sort=False)["estimate"]
    return section(
        "fold_distributions",
        f"{title(metric)} of each {each}",
        f"{title(metric)} on the test records of every {over}.",
        "box",
        data={str(name): [float(v) for v in column.dropna()] for name, column in values},
        config={"xlab": title(metric), "sort_samples": False, "boxpoints": "all"},
    )
