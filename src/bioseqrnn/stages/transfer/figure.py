"""``heatmap.svg``: the matrix of each model."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from bioseqrnn.metrics.registry import title
from bioseqrnn.support.atomic import atomic_path

CELL_INCHES = 1.15
# text is white on cells darker than this
DARK = 0.8


def draw_matrix(matrix: pd.DataFrame, output: Path, metric: str) -> None:
    """Draw one panel per model: rows are the training negatives, columns the test negatives.

    Parameters
    ----------
    matrix : DataFrame
        Table as in ``matrix.tsv``.
    output : Path
        SVG to write; the same table gives the same bytes.
    metric : str
    """
    rows = matrix[matrix["metric"] == metric]
    names = list(dict.fromkeys(rows["train"]))
    models = list(dict.fromkeys(rows["model"]))
    side = CELL_INCHES * len(names) + 1.2
    with mpl.rc_context({"svg.hashsalt": "bioseqrnn", "font.size": 9}):
        figure = Figure(figsize=(side * len(models), side + 0.5), layout="constrained")
        panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
        for axes, model in zip(panels, models, strict=True):
            cells = rows[rows["model"] == model].set_index(["train", "test"])
            values = [[float(cells["estimate"][a, b]) for b in names] for a in names]
            axes.imshow(values, cmap="Blues", vmin=0.5, vmax=1)
            for i, a in enumerate(names):
                for j, b in enumerate(names):
                    low, high = cells["ci_low"][a, b], cells["ci_high"][a, b]
                    axes.text(
                        j,
                        i,
                        f"{values[i][j]:.3f}\n{low:.3f}–{high:.3f}",
                        ha="center",
                        va="center",
                        fontsize=8,
                        color="white" if values[i][j] > DARK else "black",
                        parse_math=False,
                    )
            axes.set_xticks(range(len(names)), names, rotation=20, ha="right", parse_math=False)
            axes.set_yticks(range(len(names)), names, parse_math=False)
            axes.set_title(model, loc="left", parse_math=False)
            axes.set_xlabel("tested against the negatives of")
        panels[0].set_ylabel("trained against the negatives of")
        with atomic_path(output) as temporary:
            figure.savefig(
                temporary,
                format="svg",
                metadata={"Date": None, "Title": f"{title(metric)} by training and test negatives"},
            )
