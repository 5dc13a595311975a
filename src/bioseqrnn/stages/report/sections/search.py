"""The report's section on the settings that a search chose."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bioseqrnn.stages.report.parts import Section, html_table
from bioseqrnn.tables.declared.models import TRIALS


def search_section(trials: pd.DataFrame) -> Section:
    """The settings chosen in every fold, and for the final model.

    Parameters
    ----------
    trials : DataFrame
        ``trials.tsv`` of every search, concatenated.
    """
    rows: list[dict[str, Any]] = []
    for (model, fold), study in trials.groupby(["model", "fold"], sort=False):
        best = study[study["chosen"]].iloc[0]
        own = study[study["own"]]["value"]
        rows.append(
            {
                "Model": model,
                "Fold": "all records" if fold == "final" else fold,
                "Trials": len(study),
                "Pruned": int((study["state"] == "pruned").sum()),
                "Value": float(best["value"]),
                "Value of its own settings": float(own.iloc[0]) if len(own) else None,
                # the searches of other models may cover other settings
                **{
                    str(name): None if pd.isna(best[name]) else best[name]
                    for name in trials.columns
                    if name not in TRIALS.names
                },
            }
        )
    return {
        "id": "search",
        "section_name": "Searched settings",
        "description": (
            "Settings that the search chose within the training records of each fold; neither its "
            "test nor its validation records were read. Value: mean over inner folds of the "
            "validation loss (or of 1 - average precision) at the best epoch, lower is better. It "
            "is the smallest of many values and therefore too good; the table of models has the "
            "scores on test records, beside those of the same model with its own settings. "
            "Settings that differ much from fold to fold matter little, or there are too few data "
            "to decide. All trials are in tables/search.tsv."
        ),
        "plot_type": "html",
        "pconfig": {"id": "search_plot", "title": "bioseqrnn: Searched settings"},
        "data": html_table(pd.DataFrame(rows)),
    }
