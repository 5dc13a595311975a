"""Number of training, validation and test records of each class in each fold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import ROLES, open_folds
from bioseqrnn.tables.sequences import open_sequences
from bioseqrnn.tasks import task_of


def fold_sizes(sequences: Path, folds: Path) -> pd.DataFrame:
    """Count records by fold and role; needs the memory of one row group.

    Returns
    -------
    DataFrame
        ``fold``, ``role``, and ``records_{class}`` (``residues_{class}`` if each residue has a
        label, ``records`` if labels are numbers).
    """
    file = open_sequences(sequences)
    task, classes = task_of(file.metadata["task"]), list(file.metadata["classes"])
    table, about = open_folds(folds)
    if table.metadata.num_rows != len(file):
        raise InputError(f"{folds}: does not belong to this sequence table; split again")
    count = int(about["folds"])
    names = [f"{'residues' if task.per_position else 'records'}_{name}" for name in classes]
    counts = np.zeros((count, len(ROLES), max(len(classes), 1)))
    roles = table.read([f"role_{k}" for k in range(count)])
    done = 0
    for rows in file.row_groups(["length", "label"]):
        lengths = rows.column("length").to_numpy()
        truth = task.whole(task.targets(rows.column("label"), classes), lengths, classes)
        kinds = (
            task.counts(truth, classes)[:, : len(classes)] if classes else np.ones((len(rows), 1))
        )
        for k in range(count):
            part = roles.column(f"role_{k}").slice(done, len(rows)).to_pandas().astype(str)
            for place, role in enumerate(ROLES):
                counts[k, place] += kinds[part.to_numpy() == role].sum(axis=0)
        done += len(rows)
    table_rows: list[dict[str, Any]] = []
    for k in range(count):
        for place, role in enumerate(ROLES):
            if role not in ("train", "validation", "test") and not counts[:, place].any():
                continue
            told = dict(zip(names or ["records"], counts[k, place].astype(int), strict=True))
            table_rows.append({"fold": k, "role": role} | told)
    return pd.DataFrame(table_rows)
