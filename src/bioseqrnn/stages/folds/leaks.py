"""Test records that are identical, similar or overlap with training records: ``leaks.tsv``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bioseqrnn.similarity.overlaps.search import Overlaps
from bioseqrnn.similarity.related import Pairs
from bioseqrnn.splits.assign import alike
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.declared.data import LEAKS
from bioseqrnn.tables.folds import EXCLUDED, TEST, TRAIN, VALIDATION, Roles, code


def count_leaks(
    roles: Roles, keys: Ints, pairs: Pairs | None, overlaps: Overlaps | None, grouping: str
) -> pd.DataFrame:
    """Count, in each fold, the test records that resemble a training or validation record.

    Parameters
    ----------
    roles : int8 [n, folds]
    keys : int64 [n]
        Number of each record's sequence, equal if two records have the same sequence.
    pairs : Pairs or None
        Pairs of similar sequences; None if there was no search for them.
    overlaps : Overlaps or None
        Sequences that share a stretch; None if there was no search for them.
    grouping : str
        Grouping by which records were assigned to folds.

    Returns
    -------
    DataFrame
        As ``leaks.tsv``.
    """
    none = np.empty(0, np.int64)
    copies = Pairs(keys, none, none, np.empty(0, np.float32))
    rows = []
    for fold in range(roles.shape[1]):
        column = roles[:, fold]
        tested = column == code(TEST)
        identical = tested & alike(column, copies, (TRAIN, VALIDATION))
        similar = None
        if pairs is not None:
            near = alike(column, pairs, (TRAIN, VALIDATION))
            similar = int((tested & (identical | near)).sum())
        overlapping = common = stretch = None
        if overlaps is not None:
            near = tested & (identical | alike(column, overlaps, (TRAIN, VALIDATION)))
            overlapping, stretch = int(near.sum()), overlaps.least
            common = int((tested & ~near & overlaps.unlinked).sum())
        rows.append(
            (
                grouping, fold, int(tested.sum()), int(identical.sum()), similar, overlapping,
                common, stretch, int((column == code(EXCLUDED)).sum()),
            )
        )  # fmt: skip
    counts = dict.fromkeys(("similar", "overlapping", "common", "stretch"), "Int64")
    return LEAKS.frame(rows).astype(counts)
