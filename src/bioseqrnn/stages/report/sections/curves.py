"""Curves of the report: training, ROC, precision and recall."""

from __future__ import annotations

import pandas as pd

from bioseqrnn.stages.report.parts import Section, section


def learning_section(curves: pd.DataFrame, given: bool, probabilistic: bool) -> Section:
    """Training and validation loss by epoch, averaged over the runs that reached the epoch."""
    over = "seeds" if given else "folds and seeds"
    means = curves.groupby(["model", "epoch"], sort=False)[["train_loss", "validation_loss"]].mean()
    datasets = [
        {
            str(name): rows.droplevel(0).reset_index().to_numpy().tolist()
            for name, rows in means[column].groupby(level="model", sort=False)
        }
        for column in ("validation_loss", "train_loss")
    ]
    # regression is trained on values in units of their standard deviation
    unit, train_unit = ("nats",) * 2 if probabilistic else ("squared unit", "squared deviations")
    labels = [
        {"name": "Validation loss", "ylab": f"Validation loss ({unit})"},
        {"name": "Training loss", "ylab": f"Training loss ({train_unit})"},
    ]
    loss = "cross-entropy" if probabilistic else "squared error"
    return section(
        "histories",
        "Loss by epoch",
        f"Mean {loss} by epoch over the {over} that were still training. Training "
        "stops when validation has not improved for a while; the best epoch is kept.",
        "linegraph",
        data=datasets,
        config={"xlab": "Epoch", "ylab": f"Loss ({unit})", "ymin": 0, "data_labels": labels},
    )


def curve_sections(curves: pd.DataFrame, given: bool) -> list[Section]:
    """ROC and precision-recall curves, one switch per class."""
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
                    str(model): list(zip(part["x"].tolist(), part["y"].tolist(), strict=True))
                    for model, part in of_class.groupby("model", sort=False)
                }
            )
            labels.append({"name": str(label), "xlab": xlab, "ylab": ylab})
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
