"""Colours and dashes of the lines of models, the same in the figure and in the report."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd


class Look(NamedTuple):
    """Colour and dashes of a line."""

    colour: str
    dash: str


# colours of Okabe and Ito, for colour-blind readers; dashes for printing in grey
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("solid", "dash", "dashdot", "dot")


def looks(gradients: pd.DataFrame) -> dict[str, Look]:
    """Return the look of each model, in the order of the table."""
    return {
        str(name): Look(COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)])
        for i, name in enumerate(dict.fromkeys(gradients["model"]))
    }
