"""Colours and dashes of models, the same in the figure and in the report."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd


class Look(NamedTuple):
    """Colour and dashes of a line."""

    colour: str
    dash: str


# Okabe and Ito's colours, for colour-blind readers; dashes for print in grey
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("solid", "dash", "dashdot", "dot")


def looks(gradients: pd.DataFrame) -> dict[str, Look]:
    """Return a look for every model, in the order of the table."""
    return {
        str(name): Look(COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)])
        for i, name in enumerate(dict.fromkeys(gradients["model"]))
    }
