"""``curves.parquet``: points of the ROC and precision-recall curves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import read_parquet, write_parquet
from bioseqrnn.tables.declared.evaluation import CURVES
from bioseqrnn.tables.declared.table import TEXT as TEXT_KIND
from bioseqrnn.tables.valid import TEXT, RowCheck

# thresholds begin at infinity
UNBOUNDED = ("threshold",)


def write_curves(path: Path, curves: pd.DataFrame, classes: list[str]) -> None:
    """Write ``curves.parquet``."""
    table = pa.Table.from_pandas(curves, preserve_index=False)
    write_parquet(path, table, {"format": CURVES.format, "classes": classes})


def no_curves() -> pd.DataFrame:
    """Return an empty frame with the columns and types of a filled one."""
    kinds = {c.name: "str" if c.kind == TEXT_KIND else "float64" for c in CURVES.columns}
    return CURVES.frame([]).astype(kinds)


def read_curves(path: Path) -> pd.DataFrame:
    """Read ``curves.parquet``; InputError if it is no such file, or a point is out of range."""
    table, _ = read_parquet(path, CURVES.name)
    names = table.column_names
    if CURVES.missing(names) or len(set(names)) < len(names):
        raise InputError(f"curves {path}: needs columns {', '.join(CURVES.names)}; evaluate again")
    check = RowCheck(path, 0)
    for column in CURVES.columns:
        kind = TEXT if column.kind == TEXT_KIND else pa.float64()
        values = check.column(column.name, table.column(column.name), kind)
        if kind != TEXT and column.name not in UNBOUNDED:
            inside = values.to_numpy(zero_copy_only=False)
            check.all(column.name, (inside >= 0) & (inside <= 1), "is not between 0 and 1")
        table = table.set_column(names.index(column.name), column.name, values)
    frame: pd.DataFrame = table.to_pandas()
    return frame
