"""``{record}.memory.svg``: states of all units and mean gates along a record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bioseqrnn.networks.traces import Trace
from bioseqrnn.stages.inspection.chosen import Record
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.console import shown
from bioseqrnn.support.looks import COLOURS

# inches of a residue, and the narrowest and widest picture; height of states and of gates
RESIDUE, NARROW, WIDE = 0.12, 6.0, 13.0
STATES, GATES = 1.5, 1.0
# with more residues, the axis has no letters
LETTERS = 100
TICK = 10
MAP = "RdBu"
MARK = "#E69F00"


class Mark(NamedTuple):
    """A motif that is marked: its name, the first residue, from 0, and the one after the last."""

    name: str
    start: int
    end: int


def draw_memory(
    record: Record, found: list[Trace], step: int, marks: Sequence[Mark], output: Path
) -> None:
    """Draw each layer and direction: units × positions for each state, and the mean of each gate.

    Parameters
    ----------
    record : Record
    found : list of Trace
    step : int
        Residues of a step.
    marks : sequence of Mark
    output : Path
        SVG to write; the same numbers give the same bytes.
    """
    rows = [(trace, name) for trace in found for name in (*trace.states, "")]
    heights = [STATES if name else GATES for _, name in rows]
    width = min(max(RESIDUE * len(record), NARROW), WIDE)
    # text as text: as outlines it would take ten times as much; one name of a font in each
    with mpl.rc_context(
        {
            "svg.hashsalt": "bioseqrnn", "svg.fonttype": "none", "font.size": 8,
            "font.sans-serif": ["DejaVu Sans"], "font.monospace": ["DejaVu Sans Mono"],
        }
    ):  # fmt: skip
        figure = Figure(figsize=(width + 1.4, sum(heights) * 1.25 + 0.8), layout="constrained")
        panels = figure.subplots(
            len(rows), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
        )[:, 0]
        for axes, (trace, name) in zip(panels, rows, strict=True):
            if name:
                _states(axes, trace.states[name], step, _what(trace, name))
            else:
                _gates(axes, trace, step, len(record))
            for mark in marks:
                axes.axvspan(mark.start + 0.5, mark.end + 0.5, fill=False, edgecolor=MARK, lw=1.2)
        for mark in marks:
            panels[0].annotate(
                shown(mark.name),
                ((mark.start + mark.end + 1) / 2, 1.0),
                xycoords=("data", "axes fraction"), xytext=(0, 1), textcoords="offset points",
                ha="center", va="bottom", fontsize=7, color="#8a5f00", parse_math=False,
            )  # fmt: skip
        _positions(panels[-1], record)
        panels[-1].set_xlim(0.5, len(record) + 0.5)
        figure.suptitle(_title(record), fontsize=10, parse_math=False)
        with atomic_path(output) as temporary:
            figure.savefig(
                temporary,
                format="svg",
                metadata={"Date": None, "Title": "States and gates along a record"},
            )


def _title(record: Record) -> str:
    name = shown(record.name)
    return name if len(name) <= 60 else f"{name[:59]}…"


def _what(trace: Trace, name: str) -> str:
    return f"Layer {trace.layer}, {trace.direction}: {name} of each unit"


def _states(axes: Axes, values: Doubles, step: int, title: str) -> None:
    """Draw units × positions, with one symmetric scale."""
    steps, units = values.shape
    largest = float(np.abs(values).max(initial=0)) or 1.0
    image = axes.imshow(
        values.T, aspect="auto", interpolation="none", cmap=MAP, vmin=-largest, vmax=largest,
        extent=(0.5, steps * step + 0.5, units + 0.5, 0.5),
    )  # fmt: skip
    axes.set_title(title, loc="left", fontsize=8, pad=10)
    axes.set_ylabel("unit")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(bottom=False, labelbottom=False)
    assert axes.figure is not None
    axes.figure.colorbar(image, ax=axes, pad=0.01, fraction=0.05, aspect=12)


def _gates(axes: Axes, trace: Trace, step: int, residues: int) -> None:
    """Draw the mean of each gate over the units; without gates, the mean size of the state."""
    lines = {name: values.mean(axis=1) for name, values in trace.gates.items()}
    if not lines:
        lines = {"|h|": np.abs(trace.states["h"]).mean(axis=1)}
    for (name, values), colour in zip(lines.items(), COLOURS, strict=False):
        middle = (np.arange(len(values)) + 0.5) * step + 0.5
        axes.plot(np.minimum(middle, residues), values, color=colour, linewidth=1.3, label=name)
    axes.set_ylim(0, 1)
    axes.set_ylabel("mean gate" if trace.gates else "mean")
    axes.grid(True, axis="y", color="#ddd", linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, handlelength=1.2)


def _positions(axes: Axes, record: Record) -> None:
    """Write the residues below a short record, and every tenth position."""
    axes.tick_params(bottom=True, labelbottom=True)
    axes.set_xlabel("position")
    if len(record) > LETTERS:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return
    labels = [
        f"{letter}\n{place if place == 1 or place % TICK == 0 else ' '}"
        for place, letter in enumerate(record.text, 1)
    ]
    axes.set_xticks(range(1, len(record) + 1), labels, fontsize=7, family="monospace")
