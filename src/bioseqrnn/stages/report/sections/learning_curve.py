"""The report's section on whether more sequences would help."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from bioseqrnn.metrics.numbers import brief
from bioseqrnn.stages.report.parts import Section


def learning_curve_section(curve: pd.DataFrame) -> Section:
    """Loss against the number of training records, one line per model.

    Parameters
    ----------
    curve : DataFrame
        ``learning_curve.tsv``.
    """
    losses = curve[curve["metric"] == "loss"]
    measured = losses[~losses["extrapolated"]]
    data = {
        str(name): rows[["records", "estimate"]].to_numpy().tolist()
        for name, rows in measured.groupby("model", sort=False)
    }
    return {
        "id": "learning_curve",
        "section_name": "Would more sequences help?",
        "description": (
            "Loss on the test records of models that were trained on fractions of the training and "
            "validation records; each fraction contains the smaller ones. "
        )
        + Markup(" ").join(
            _sentence(name, rows) for name, rows in losses.groupby("model", sort=False)
        )
        + (
            " Intervals are based on the test records alone; another draw of the training records "
            "would also move the points. A power law through so few points is a guess: it is valid "
            "only if the new sequences are of the same kind."
        ),
        "plot_type": "linegraph",
        "pconfig": {
            "id": "sizes_plot",
            "title": "bioseqrnn: Would more sequences help?",
            "xlab": "Number of training records (including validation)",
            "ylab": "Loss",
            "xlog": True,
            "showlegend": True,
        },
        "data": data,
    }


def _sentence(name: object, rows: pd.DataFrame) -> Markup:
    """Sentence on the gain from the last doubling, and the expected gain from the next."""
    last = rows[~rows["extrapolated"]].iloc[-1]
    words = Markup("<b>{}</b>: ").format(str(name))
    if pd.notna(last["gain"]):
        sure = last["gain_low"] > 0
        before = rows[~rows["extrapolated"]].iloc[-2]
        words += (
            f"from {before['fraction']:.3g} of the records to all, the loss fell by "
            f"{brief(last['gain'])} [{brief(last['gain_low'])}, {brief(last['gain_high'])}]"
            + ("" if sure else ", which may be due to chance")
        )
    expected = rows[rows["extrapolated"]]
    if len(expected):
        twice = expected.iloc[0]
        words += (
            f"; with twice the records it may fall from {brief(last['estimate'])} to "
            f"{brief(twice['estimate'])} [{brief(twice['ci_low'])}, {brief(twice['ci_high'])}]"
        )
    return words + "."
