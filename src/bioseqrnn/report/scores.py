"""How good the networks and baselines are, and against each other."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

from bioseqrnn.evaluation.metrics import LOWER_IS_BETTER
from bioseqrnn.report.parts import Section, html_table, section

TITLES = {
    "accuracy": "Accuracy", "balanced_accuracy": "Balanced accuracy", "mcc": "MCC",
    "auroc": "AUROC", "auprc": "AUPRC", "f1": "F1", "brier": "Brier", "log_loss": "Log loss",
}  # fmt: skip
EXPLAINED = {
    "accuracy": "Share of records called right",
    "balanced_accuracy": "Mean over classes of the share called right",
    "mcc": "Matthews correlation: 1 perfect, 0 no better than chance",
    "auroc": "Area under the ROC curve: 0.5 chance, 1 perfect ranking",
    "auprc": "Average precision",
    "f1": "Harmonic mean of precision and recall",
    "brier": "Squared error of the probabilities; lower is better",
    "log_loss": "Mean negative log probability of the true class; lower is better",
}
# how the values of the audit's checks are read; the others are shares
WITH_INTERVAL = ("accuracy", "mcc", "auroc")


def models_section(summary: pd.DataFrame, confidence: float, given: bool) -> Section:
    """The headline: every network and baseline with its metrics and intervals."""
    tested = (
        "The records given to test are predicted by runs that did not train on them."
        if given
        else "Every record is predicted by the run whose fold did not train on it."
    )
    data: dict[str, dict[str, Any]] = {}
    for name, rows in summary.groupby("model", sort=False):
        by_metric = rows.set_index("metric")
        cells: dict[str, Any] = {"kind": rows["kind"].iloc[0]}
        for metric in TITLES:
            cells[metric] = by_metric.loc[metric, "estimate"]
            if metric in WITH_INTERVAL:
                low, high = by_metric.loc[metric, ["ci_low", "ci_high"]]
                cells[f"{metric}_interval"] = f"{low:.3f} to {high:.3f}"
        data[escape(str(name))] = cells
    headers: dict[str, Any] = {"kind": {"title": "Kind", "scale": False}}
    for metric, title in TITLES.items():
        headers[metric] = {
            "title": title,
            "description": EXPLAINED[metric],
            "format": "{:,.3f}",
            "scale": "RdYlGn-rev" if metric in LOWER_IS_BETTER else "RdYlGn",
            "hidden": metric in ("balanced_accuracy", "f1"),
        }
        if metric in WITH_INTERVAL:
            headers[f"{metric}_interval"] = {
                "title": f"{title} {100 * confidence:g}% interval",
                "description": f"{100 * confidence:g}% interval of {title}, bootstrap over groups",
                "scale": False,
            }
    return section(
        "models",
        "Models and baselines",
        f"{tested} Intervals come from a bootstrap over groups of identical sequences. A network "
        "earns its keep only where it beats the best baseline.",
        "table",
        data=data,
        headers=headers,
        config={"col1_header": "Model", "sort_rows": False, "no_violin": True},
    )


def comparisons_section(comparisons: pd.DataFrame, confidence: float) -> Section:
    """Networks minus baselines, paired."""
    rows = comparisons[comparisons["metric"].isin(("accuracy", "auroc"))]
    frame = pd.DataFrame(
        {
            "Network": rows["model"],
            "Baseline": rows["baseline"],
            "Metric": rows["metric"].map(TITLES),
            "Difference": [f"{value:+.4f}" for value in rows["difference"]],
            f"{100 * confidence:g}% interval": [
                f"{low:+.4f} to {high:+.4f}"
                for low, high in zip(rows["ci_low"], rows["ci_high"], strict=True)
            ],
            "p": [f"{value:.3g}" for value in rows["p"]],
        }
    )
    return section(
        "comparisons",
        "Networks against baselines",
        "Difference of network and baseline on the same records and bootstrap replicates. An "
        "interval that contains 0 means the data cannot tell them apart. p is two-sided and not "
        "corrected for the number of comparisons.",
        "html",
        data=html_table(frame),
    )


def folds_section(runs: pd.DataFrame, metric: str, given: bool) -> Section:
    """Spread over folds and seeds."""
    each, over = ("seed", "seed") if given else ("fold", "fold and seed")
    values = runs[runs["metric"] == metric].groupby("model", sort=False)["estimate"]
    return section(
        "fold_distributions",
        f"{TITLES[metric]} of each {each}",
        f"{TITLES[metric]} on the test records of every {over}.",
        "box",
        data={escape(str(name)): [float(v) for v in column] for name, column in values},
        config={"xlab": TITLES[metric], "sort_samples": False, "boxpoints": "all"},
    )


def confusion_section(confusion: pd.DataFrame, model: str, kind: str) -> Section:
    """True against called class of one model, as shares of the true class."""
    counts = confusion[confusion["model"] == model].pivot(
        index="target", columns="called", values="count"
    )
    order = list(dict.fromkeys(confusion["target"]))
    counts = counts.loc[order, order]
    share = counts.div(counts.sum(axis=1), axis=0)
    names = [escape(str(name)) for name in order]
    rows = [f"{name} ({total:,.0f})" for name, total in zip(names, counts.sum(axis=1), strict=True)]
    return section(
        f"confusion_{kind}",
        f"Confusion of the {'selected network' if kind == 'network' else 'best baseline'} "
        f"({escape(model)})",
        "Rows: true class and its number of records. Columns: called class. Cells: share of the "
        "true class.",
        "heatmap",
        data=share.to_numpy().tolist(),
        xcats=names,
        ycats=rows,
        config={
            "xlab": "Called", "ylab": "True", "zlab": "Share", "min": 0, "max": 1,
            "tt_decimals": 3, "display_values": True, "square": False, "angled_xticks": False,
            "xcats_samples": False, "ycats_samples": False, "cluster_rows": False,
            "cluster_cols": False,
        },
    )  # fmt: skip
