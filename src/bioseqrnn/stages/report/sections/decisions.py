"""Sections from probabilities to calls: calibration, thresholds, confusion, strata."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bioseqrnn.metrics.registry import AIMS, OF_CALLS, title
from bioseqrnn.stages.report.numbers import between, number
from bioseqrnn.stages.report.parts import Section, html_table, section

# a calibration bin with a smaller fraction of the predictions is not informative
LEAST_OF_BIN = 0.01


def calibration_section(calibration: pd.DataFrame, summary: pd.DataFrame) -> Section:
    """Predicted against observed probability, after and before temperature scaling."""
    diagonal = {"name": "perfect", "pairs": [[0, 0], [1, 1]], "color": "#999", "dash": "dash"}
    datasets = []
    for calibrated in (True, False):
        rows = calibration[calibration["calibrated"] == calibrated]
        share = rows["count"] / rows.groupby("model")["count"].transform("sum")
        datasets.append(
            {
                str(name): list(
                    zip(part["stated"].tolist(), part["observed"].tolist(), strict=True)
                )
                for name, part in rows[share >= LEAST_OF_BIN].groupby("model", sort=False)
            }
        )
    errors = summary.pivot(index="model", columns="metric", values="estimate")
    told = ", ".join(
        f"{name!s} {row['ece_uncalibrated']:.3f} → {row['ece']:.3f}"
        for name, row in errors.loc[list(dict.fromkeys(summary["model"]))].iterrows()
    )
    return section(
        "calibration",
        "Calibration",
        "Mean probability of the called class against the fraction of correct calls, in ten bins "
        f"(those with at least {LEAST_OF_BIN:.0%} of the predictions). Below the diagonal, the "
        "probabilities of a model are too high. Probabilities are calibrated by one temperature, "
        f"fitted on the validation records. Expected calibration error before → after: {told}.",
        "linegraph",
        data=datasets,
        config={
            "xlab": "Predicted probability", "ylab": "Fraction correct", "xmin": 0, "xmax": 1,
            "ymin": 0, "ymax": 1, "extra_series": [[diagonal]] * 2, "style": "lines+markers",
            "data_labels": [{"name": "Calibrated"}, {"name": "Before"}],
        },
    )  # fmt: skip


def thresholds_section(thresholds: pd.DataFrame) -> Section:
    """Thresholds, and scores of their calls on test records: means over folds and seeds."""
    aim = str(thresholds["aim"].iloc[0])
    keys = ["model", "kind", "class"]
    measures = ["threshold", *OF_CALLS]
    means = thresholds.groupby(keys, sort=False)[measures].mean().reset_index()
    spread = thresholds.groupby(keys, sort=False)["threshold"].agg(["min", "max"]).reset_index()
    shown = pd.DataFrame(
        {
            "Model": means["model"],
            "Class": means["class"],
            "Threshold": [f"{value:.3f}" for value in means["threshold"]],
            "Lowest to highest": [
                f"{low:.3f} to {high:.3f}"
                for low, high in zip(spread["min"], spread["max"], strict=True)
            ],
        }
        | {title(name): [number(name, value) for value in means[name]] for name in measures[1:]}
    )
    return section(
        "thresholds",
        "Decision thresholds",
        f"Chosen on validation records for {AIMS.get(aim, aim)}, applied to test records; "
        "means over all trainings.",
        "html",
        data=html_table(shown),
    )


def confusion_section(confusion: pd.DataFrame, model: str, part: str) -> Section | None:
    """True against called class of one model, as fractions of the true class; None without data.

    ``part`` is what the model is in the report. In multilabel, there is one switch per label.
    """
    rows = confusion[(confusion["model"] == model) & ~confusion["at_threshold"]]
    if rows.empty:
        return None
    datasets, labels, names, sides = [], [], [], []
    for label, of_label in rows.groupby("label", sort=False):
        counts = of_label.pivot(index="target", columns="called", values="count")
        order = list(dict.fromkeys(of_label["target"]))
        counts = counts.loc[order, order]
        totals = counts.sum(axis=1)
        datasets.append(counts.div(totals.where(totals > 0, 1), axis=0).to_numpy().tolist())
        names = [str(name) for name in order]
        sides.append([f"{name} ({total:,.0f})" for name, total in zip(names, totals, strict=True)])
        labels.append(str(label))
    config: dict[str, Any] = {
        "xlab": "Called", "ylab": "True", "zlab": "Share", "min": 0, "max": 1, "tt_decimals": 3,
        "display_values": True, "square": False, "angled_xticks": False, "xcats_samples": False,
        "ycats_samples": False, "cluster_rows": False, "cluster_cols": False,
    }  # fmt: skip
    text = (
        "Rows: true class and its number of records or residues. Columns: called class. Cells: "
        "fraction of the true class."
    )
    name, words = f"confusion_{part.replace(' ', '_')}", f"Confusion of the {part} ({model})"
    if len(datasets) == 1:
        return section(
            name, words, text, "heatmap", data=datasets[0], xcats=names, ycats=sides[0],
            config=config,
        )  # fmt: skip
    tables = [
        pd.DataFrame(values, columns=[f"called {n}" for n in names]).assign(label=label, true=side)
        for values, label, side in zip(datasets, labels, sides, strict=True)
    ]
    return section(name, words, text, "html", data=html_table(_in_front(pd.concat(tables))))


def _in_front(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["label", "true", *(c for c in frame if c not in ("label", "true"))]]


def classes_section(classes: pd.DataFrame, models: list[str]) -> Section:
    """Scores of each class or label, for the selected network and the best baseline."""
    rows = classes[classes["model"].isin(models)]
    cells = [
        f"{number(m, e)} ({between(m, a, b)})"
        for m, e, a, b in zip(
            rows["metric"], rows["estimate"], rows["ci_low"], rows["ci_high"], strict=True
        )
    ]
    wide = (
        rows.assign(cell=cells)
        .pivot(index=["class", "positives", "model"], columns="metric", values="cell")
        .reindex(columns=list(dict.fromkeys(rows["metric"])))
        .reset_index()
        .rename(columns={"class": "Class", "positives": "Records of the class", "model": "Model"})
        .rename(columns=title)
    )
    wide.columns.name = None
    return section(
        "classes",
        "Each class by itself",
        "One class against the rest, with its interval.",
        "html",
        data=html_table(wide),
    )


def strata_section(strata: pd.DataFrame, models: list[str]) -> Section:
    """The headline metric in strata of the records."""
    rows = strata[strata["model"].isin(models)]
    cells = [
        f"{number(m, e)} ({between(m, a, b)})"
        for m, e, a, b in zip(
            rows["metric"], rows["estimate"], rows["ci_low"], rows["ci_high"], strict=True
        )
    ]
    keys = ["stratum", "bin", "n"]
    order = rows[keys].drop_duplicates()
    wide = rows.assign(cell=cells).pivot(index=keys, columns="model", values="cell")
    wide = wide.reindex(pd.MultiIndex.from_frame(order))[list(dict.fromkeys(rows["model"]))]
    wide = wide.reset_index().rename(
        columns={"stratum": "Records by", "bin": "Part", "n": "Records"}
    )
    wide["Records by"] = wide["Records by"].replace({"gc": "G+C", "source": "file"})
    wide.columns.name = None
    metric = title(str(strata["metric"].iloc[0]))
    return section(
        "strata",
        "Where it works: by length, composition and source",
        f"{metric} and its interval in parts of the records.",
        "html",
        data=html_table(wide),
    )
