"""The report's sections as MultiQC custom content, one function a section.

MultiQC does not escape names, so every text that came from a user's file is escaped here.
"""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.evaluation.metrics import LOWER_IS_BETTER
from bioseqrnn.sequences.reading.conversions import COUNTS as CONVERSIONS

Section = dict[str, Any]
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
AUCS = ("length", "composition", "first_residue")
COUNTS = ("leakage", "near_leakage", "label_conflicts")
LEAST = ("class_balance",)
# a calibration bin with a smaller share of the predictions says little
LEAST_OF_BIN = 0.01
WITH_INTERVAL = ("accuracy", "mcc", "auroc")


def _section(name: str, title: str, description: str, plot: str, **more: Any) -> Section:
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
    return _section(
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
    return _section(
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
    return _section(
        "fold_distributions",
        f"{TITLES[metric]} of each {each}",
        f"{TITLES[metric]} on the test records of every {over}.",
        "box",
        data={escape(str(name)): [float(v) for v in column] for name, column in values},
        config={"xlab": TITLES[metric], "sort_samples": False, "boxpoints": "all"},
    )


def learning_section(curves: pd.DataFrame, given: bool) -> Section:
    """Training and validation loss by epoch, mean over runs still training."""
    over = "seeds" if given else "folds and seeds"
    means = curves.groupby(["model", "epoch"], sort=False)[["train_loss", "validation_loss"]].mean()
    datasets = [
        {
            escape(str(name)): rows.droplevel(0).reset_index().to_numpy().tolist()
            for name, rows in means[column].groupby(level="model", sort=False)
        }
        for column in ("validation_loss", "train_loss")
    ]
    labels = [
        {"name": "Validation loss", "ylab": "Validation loss (nats)"},
        {"name": "Training loss", "ylab": "Training loss (nats)"},
    ]
    return _section(
        "learning_curves",
        "Learning curves",
        f"Mean cross-entropy by epoch over the {over} that were still training. Training "
        "stops when the validation loss has not improved for a while; the best epoch is kept.",
        "linegraph",
        data=datasets,
        config={"xlab": "Epoch", "ylab": "Loss (nats)", "ymin": 0, "data_labels": labels},
    )


def curve_sections(curves: pd.DataFrame, given: bool) -> list[Section]:
    """ROC and precision-recall curves, one switch a class."""
    which = "Predictions of the records given to test" if given else "All out-of-fold predictions"
    sections = []
    for curve, title, xlab, ylab, name in (
        ("roc", "ROC curves", "False positive rate", "True positive rate", "roc_curves"),
        ("pr", "Precision-recall curves", "Recall", "Precision", "pr_curves"),
    ):
        rows = curves[curves["curve"] == curve]
        datasets, labels = [], []
        for label, of_class in rows.groupby("class", sort=False):
            datasets.append(
                {
                    escape(str(model)): list(
                        zip(part["x"].tolist(), part["y"].tolist(), strict=True)
                    )
                    for model, part in of_class.groupby("model", sort=False)
                }
            )
            labels.append({"name": escape(str(label)), "xlab": xlab, "ylab": ylab})
        config = {"xlab": xlab, "ylab": ylab, "xmin": 0, "xmax": 1, "ymin": 0, "ymax": 1}
        sections.append(
            _section(
                name,
                title,
                f"{which} of the first seed together; the named class against the rest.",
                "linegraph",
                data=datasets if len(datasets) > 1 else datasets[0],
                config=config | ({"data_labels": labels} if len(datasets) > 1 else {}),
            )
        )
    return sections


def confusion_section(confusion: pd.DataFrame, model: str, kind: str) -> Section:
    """True against called class of one model, as shares of the true class."""
    rows_of = (confusion["model"] == model) & ~confusion["at_threshold"].astype(bool)
    counts = confusion[rows_of].pivot(index="target", columns="called", values="count")
    order = list(dict.fromkeys(confusion["target"]))
    counts = counts.loc[order, order]
    share = counts.div(counts.sum(axis=1), axis=0)
    names = [escape(str(name)) for name in order]
    rows = [f"{name} ({total:,.0f})" for name, total in zip(names, counts.sum(axis=1), strict=True)]
    return _section(
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


def calibration_section(calibration: pd.DataFrame) -> Section:
    """Stated against observed probability of being right."""
    calibration = calibration[calibration["calibrated"].astype(bool)]
    share = calibration["count"] / calibration.groupby("model")["count"].transform("sum")
    data: dict[str, Any] = {
        escape(str(name)): list(
            zip(rows["stated"].tolist(), rows["observed"].tolist(), strict=True)
        )
        for name, rows in calibration[share >= LEAST_OF_BIN].groupby("model", sort=False)
    }
    diagonal = {"name": "perfect", "pairs": [[0, 0], [1, 1]], "color": "#999", "dash": "dash"}
    return _section(
        "calibration",
        "Calibration",
        "Mean probability of the called class against how often the call was right, in ten bins "
        f"(those with at least {LEAST_OF_BIN:.0%} of the predictions). "
        "Below the diagonal a model is too sure of itself.",
        "linegraph",
        data=data,
        config={
            "xlab": "Stated probability", "ylab": "Observed share right", "xmin": 0, "xmax": 1,
            "ymin": 0, "ymax": 1, "extra_series": [diagonal], "style": "lines+markers",
        },
    )  # fmt: skip


def checks_section(checks: pd.DataFrame) -> Section:
    """What the audit found before training."""
    frame = pd.DataFrame(
        {
            "Check": checks["check"].str.replace("_", " "),
            "Found": [_found(*pair) for pair in zip(checks["check"], checks["value"], strict=True)],
            "Limit": [
                f"{'at least' if name in LEAST else 'at most'} {_found(name, limit)}"
                for name, limit in zip(checks["check"], checks["limit"], strict=True)
            ],
            "Verdict": checks["verdict"],
            "What it means": checks["explanation"],
        }
    )
    return _section(
        "checks",
        "Can the labels be trusted? Audit before training",
        "What can make a score look better than a model is: records that repeat or contradict each "
        "other, and properties that tell the classes apart without any biology. warn: beyond the "
        "limit; stop: nothing would be trained. flagged.tsv, beside sequences.parquet, lists the "
        "records.",
        "html",
        data=html_table(frame),
    )


def _found(check: str, value: float) -> str:
    """A value of a check as a reader expects it: AUC, number of records, or percentage."""
    if np.isnan(value):
        return ""
    if check in AUCS:
        return f"AUC {value:.3f}"
    return f"{value:,.0f} records" if check in COUNTS else f"{100 * value:.3g} %"


def audit_section(audit: pd.DataFrame) -> Section:
    """What the FASTA files hold, and what was converted in any of them."""
    unused = [name for name in CONVERSIONS if name in audit and not audit[name].any()]
    shown = audit.drop(columns=unused).rename(columns=lambda name: name.replace("_", " "))
    return _section(
        "audit",
        "Audit of the FASTA files",
        "What each file holds. Ambiguous residues are encoded as all residues they may be. Comment "
        "lines, white space, gaps and the stop at a protein's end are left out, lower case and the "
        "U of RNA are read as A C G T; such columns stand here where there was any.",
        "html",
        data=html_table(shown),
    )


def fold_sizes_section(sizes: pd.DataFrame, given: bool) -> Section:
    """Records of each class by role and fold."""
    where = (
        "as the data came. Where none was given to validate, a share of those that train does. "
        "The audit says whether sequences stand on two sides."
        if given
        else "in each fold. Identical sequences are never on two sides."
    )
    return _section(
        "fold_sizes",
        "Given split" if given else "Folds",
        f"Records of each class that train, validate (early stopping, selection) and test {where}",
        "html",
        data=html_table(sizes),
    )


def provenance_section(rows: pd.DataFrame) -> Section:
    """Where the numbers come from."""
    return _section(
        "provenance",
        "Provenance",
        "Software, settings and the SHA-256 checksums of the input files. The same and more stands "
        "in manifest.json.",
        "html",
        data=html_table(rows),
    )
