"""``gradients.svg``: the gradient norm against k, one panel per layer and direction."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.looks import Look, looks
from bioseqrnn.tables.gradients import FLOOR, YLAB, shown, x_label

CEILING = 1e2
STYLES = {"solid": "-", "dash": "--", "dashdot": "-.", "dot": ":"}
PANEL_INCHES = (4.6, 3.6)
LABEL_GAP = 0.055


def _spread(values: list[float], gap: float) -> list[float]:
    """Move positions on an axis apart until neighbours are at least ``gap`` apart."""
    order = np.argsort(values)
    places = np.array(values)[order]
    for _ in range(len(places)):
        for i in range(1, len(places)):
            lack = gap - (places[i] - places[i - 1])
            if lack > 0:
                places[i - 1] -= lack / 2
                places[i] += lack / 2
    back = np.empty_like(places)
    back[order] = places
    return [float(place) for place in back]


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Limits of the y axis, equal in all panels: whole decades around 0.01 to 1 and the data."""
    decades = np.log10([max(rows["q10"].min(), FLOOR), min(rows["q90"].max(), CEILING)])
    return 10.0 ** min(-2, np.floor(decades[0])), 10.0 ** max(0.5, np.ceil(decades[1]))


def _panel(
    axes: Axes,
    rows: pd.DataFrame,
    lines: dict[str, Look],
    limits: tuple[float, float],
) -> None:
    """Draw the curves of one layer and direction, each with its name at its end."""
    ends = []
    for name, curve in rows.groupby("model", sort=False):
        colour, dash = lines[str(name)]
        k = curve["k"].to_numpy()
        # a norm of 0 cannot be drawn on a log axis
        low, middle, high = (
            np.maximum(curve[column].to_numpy(), FLOOR / 10) for column in ("q10", "median", "q90")
        )
        axes.fill_between(k, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(k, middle, color=colour, linestyle=STYLES[dash], linewidth=1.8)
        bound = curve["bound"].to_numpy()
        # a bound that grows with k is not informative
        if bound[-1] < 1:
            axes.plot(k, np.maximum(bound, FLOOR / 10), color=colour, linestyle=":", linewidth=0.8)
        last = np.flatnonzero(middle >= limits[0])[-1]
        ends.append((str(name), k[last], np.log10(middle[last] / limits[0]), colour))
    axes.set_ylim(*limits)
    height = np.log10(limits[1] / limits[0])
    places = _spread([decades / height for _, _, decades, _ in ends], LABEL_GAP)
    for (name, k_last, _, colour), place in zip(ends, places, strict=True):
        axes.annotate(
            name,
            (k_last, min(max(place, LABEL_GAP), 1.0)),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            fontweight="bold",
            annotation_clip=False,
            parse_math=False,
        )
    axes.axhline(1, color="#999", linewidth=0.8, zorder=0)


def draw_gradients(gradients: pd.DataFrame, output: Path, unit: str = "residues") -> None:
    """Draw medians, with a band between the 10 % and 90 % quantiles, on a log axis.

    Parameters
    ----------
    gradients : DataFrame
        Table made by ``table.gradients_table``.
    output : Path
        SVG to write; the same table gives the same bytes.
    unit : str
        Unit of k, from ``unit_of_k``.
    """
    rows = shown(gradients)
    layers = sorted(rows["layer"].unique())
    directions = list(dict.fromkeys(rows["direction"]))
    lines = looks(rows)
    limits = _limits(rows)
    width, height = PANEL_INCHES
    size = (width * len(directions) + 0.6, height * len(layers) + 0.5)
    with mpl.rc_context({"svg.hashsalt": "bioseqrnn", "font.size": 10}):
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(len(layers), len(directions), sharey=True, squeeze=False)
        for row, layer in zip(panels, layers, strict=True):
            for axes, direction in zip(row, directions, strict=True):
                here = rows[(rows["layer"] == layer) & (rows["direction"] == direction)]
                axes.set_yscale("log")
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
                axes.set_title(f"Layer {layer}, {direction}", loc="left", fontsize=10)
                axes.grid(True, color="#ddd", linewidth=0.5)
                axes.spines[["top", "right"]].set_visible(False)
                _panel(axes, here, lines, limits)
            row[0].set_ylabel(YLAB)
        for axes in panels[-1]:
            axes.set_xlabel(x_label(unit))
        note = "Line: median over records. Band: 10 % to 90 % quantiles."
        if (rows["bound"] < 1).any():
            note += " Dotted: the bound σ₁(W)ᵏ of a vanilla RNN."
        figure.supxlabel(note, fontsize=8, color="#555")
        with atomic_path(output) as temporary:
            figure.savefig(
                temporary,
                format="svg",
                metadata={"Date": None, "Title": "Gradient norm through time, by model"},
            )
