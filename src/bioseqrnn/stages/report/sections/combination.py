"""The weights of the methods in the combination."""

from __future__ import annotations

import pandas as pd

from bioseqrnn.stages.report.parts import Section, section


def weights_section(weights: pd.DataFrame) -> Section:
    """Mean over folds and seeds of the fraction of the weights that each method has."""
    means = weights.groupby(["model", "member"], sort=False)["fraction"].mean().unstack()
    members = list(dict.fromkeys(weights["member"]))
    # the combination without the network lacks a member
    data = {str(model): row[members].dropna().to_dict() for model, row in means.iterrows()}
    return section(
        "combination",
        "How much each method counts in the combination",
        "Fraction of the weights, mean over folds and seeds. The weights are fitted on validation "
        "records, never on test records. A small weight means that the method adds little to the "
        "others. Every fold: tables/weights.tsv.",
        "bargraph",
        data=data,
        config={
            "ylab": "fraction of the weights",
            "cpswitch": False,
            "stacking": "normal",
            "ymax": 1,
            "tt_decimals": 3,
            "sort_samples": False,
        },
    )
