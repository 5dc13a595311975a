"""The report's section on how far back the gradients of the networks reach."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bioseqrnn.stages.report.parts import Section
from bioseqrnn.support.looks import looks
from bioseqrnn.tables.gradients import FLOOR, YLAB, reach, reach_words, shown, x_label

# unit of k if every residue has a label: a network reads residues_per_step residues per step
STEPS = "steps"


def gradients_section(gradients: pd.DataFrame, per_position: bool = False) -> Section:
    """Median gradient norm against k: one line per model, one switch per layer and direction."""
    unit = STEPS if per_position else "residues"
    rows = shown(gradients)
    rows = rows[rows["median"] >= FLOOR]
    panels = rows.groupby(["layer", "direction"], sort=False)
    data: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for (layer, direction), panel in panels:
        data.append(
            {
                str(name): curve[["k", "median"]].to_numpy().tolist()
                for name, curve in panel.groupby("model", sort=False)
            }
        )
        labels.append({"name": f"Layer {layer}, {direction}", "ylab": YLAB})
    config: dict[str, Any] = {
        "id": "gradients_plot",
        "title": "bioseqrnn: Gradient through time",
        "xlab": x_label(unit),
        "ylab": YLAB,
        "ylog": True,
        "colors": {name: look.colour for name, look in looks(gradients).items()},
        "dash_styles": {name: look.dash for name, look in looks(gradients).items()},
        "showlegend": True,
    }
    if len(data) > 1:
        config["data_labels"] = labels
    return {
        "id": "gradients",
        "section_name": "Gradient through time",
        "description": _description(gradients, unit),
        "plot_type": "linegraph",
        "pconfig": config,
        "data": data if len(data) > 1 else data[0],
    }


def _description(gradients: pd.DataFrame, unit: str) -> str:
    """Text on what is plotted, and on how far back the last layer of each model reaches."""
    far = reach(gradients)
    top = far[far["layer"] == far.groupby("model")["layer"].transform("max")]
    both = top["direction"].nunique() == 2
    said = [
        f"{row['model']} {row['direction'] + ' ' if both else ''}"
        f"{reach_words(row['k'], row['median'], unit)}"
        for row in top.to_dict("records")
    ]
    step = unit.removesuffix("s")
    meaning = (
        " A step is what a network reads at once: residues_per_step residues, by default 3 for DNA "
        "and 1 for proteins."
    )
    return (
        f"How strongly the last state of a network, h(T), still depends on its state k {unit} "
        "before: median of the largest singular value of that derivative over "
        f"{gradients['n'].max()} records. Where it is near 0, the last state contains no "
        "information about what was read there and cannot learn it: the gradient has vanished. A "
        f"straight fall on this scale means that a constant fraction is lost with every {step}. "
        f"Last layers: {'; '.join(said)}. A network that pools over all positions (max, mean, "
        "attention) also uses each of them directly, so a short reach limits only what it can "
        f"combine over a distance.{meaning if unit == STEPS else ''}"
    )
