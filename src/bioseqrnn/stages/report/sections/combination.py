"""The weights of the methods in the combination."""

from __future__ import annotations

import pandas as pd

from bioseqrnn.stages.report.parts import Section, section


def weights_section(weights: pd.DataFrame) -> Section:
    """Mean over folds and seeds of the fraction of the weights that each method has."""
    means = weights.groupby(["model", "member"], sort=False)["fraction"].mean().unstack()
    members = list(dict.fromkeys(weights["member"]))
    data = {
        str(model): {name: float(means.loc[str(model), name]) for name in members}
        for model in dict.fromkeys(weights["model"])
    }
    return section(
        "combination",
        "How much each method counts in the combination",
        "Fraction of the weights, mean over folds and seeds. The weights are fitted on validation "
        "records, never on test records. A small weight means that the method adds little to the "
        "others. Every fold: tables/weights.tsv.",
        "bargraph",
        data={
            model: {name: value for name, value in shares.items() if value == value}
            for model, shares in data.items()
        },
        config={
            "ylab": "fraction of the weights",
            "cpswitch": False,
            "stacking": "normal",
            "ymax": 1,
            "tt_decimals": 3,
            "sort_samples": False,
        },
    )
