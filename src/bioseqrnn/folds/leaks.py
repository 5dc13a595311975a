"""How many test records have a copy or a relative among those that train: ``leaks.tsv``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bioseqrnn.folds.assign import EXCLUDED, TEST, TRAIN, VALIDATION, Roles, alike, code
from bioseqrnn.folds.pairs import Pairs
from bioseqrnn.sequences.packing import Ints

COLUMNS = ["grouping", "fold", "tested", "identical", "similar", "excluded"]


def count_leaks(roles: Roles, keys: Ints, pairs: Pairs | None, grouping: str) -> pd.DataFrame:
    """Count, in each fold, the test records that a training or validation record resembles.

    Parameters
    ----------
    roles : int8 [n, folds]
    keys : int64 [n]
        Equal where two records have the same sequence.
    pairs : Pairs or None
        Sequences alike; None where they were not looked for.
    grouping : str
        What the folds were dealt by.

    Returns
    -------
    DataFrame
        ``grouping``, ``fold``, ``tested`` (test records), ``identical`` and ``similar`` (those with
        the same sequence, and with the same or one alike, among the records that train or
        validate; missing where not looked for), ``excluded`` (records that the fold leaves out).
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
        rows.append(
            (
                grouping, fold, int(tested.sum()), int(identical.sum()), similar,
                int((column == code(EXCLUDED)).sum()),
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS).astype({"similar": "Int64"})
