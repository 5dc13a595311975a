"""Curves of the report: training, ROC, precision and recall, calibration."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

from bioseqrnn.report.parts import Section, section

LEAST_OF_BIN = 0.01


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
    return section(
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
            section(
                name,
                title,
                f"{which} of the first seed together; the named class against the rest.",
                "linegraph",
                data=datasets if len(datasets) > 1 else datasets[0],
                config=config | ({"data_labels": labels} if len(datasets) > 1 else {}),
            )
        )
    return sections


def calibration_section(calibration: pd.DataFrame) -> Section:
    """Stated against observed probability of being right."""
    share = calibration["count"] / calibration.groupby("model")["count"].transform("sum")
    data: dict[str, Any] = {
        escape(str(name)): list(
            zip(rows["stated"].tolist(), rows["observed"].tolist(), strict=True)
        )
        for name, rows in calibration[share >= LEAST_OF_BIN].groupby("model", sort=False)
    }
    diagonal = {"name": "perfect", "pairs": [[0, 0], [1, 1]], "color": "#999", "dash": "dash"}
    return section(
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
