"""The trials of a study as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from bioseqrnn.stages.search.study import OWN, WORKER
from bioseqrnn.stages.search.trial import DONE, WHY
from bioseqrnn.tables.declared.models import WORKER_TRIALS

COLUMNS = WORKER_TRIALS.names


def trials_table(trials: list[FrozenTrial], searched: Iterable[str]) -> pd.DataFrame:
    """Make a table of the trials that are done.

    Columns: ``number`` (Optuna's, with gaps where a trial was interrupted and made again),
    ``state`` (complete or pruned), ``value`` (empty if pruned), ``losses`` and ``epochs`` (of each
    inner fold, separated by commas), ``worker``, ``own`` (whether these are the model's own
    settings), ``why`` (reason why a training gave up), and one column per searched setting.
    """
    rows: list[dict[str, Any]] = []
    for trial in trials:
        if trial.state not in (TrialState.COMPLETE, TrialState.PRUNED):
            continue
        noted = trial.user_attrs
        done = noted.get(DONE, [])
        rows.append(
            {
                "number": trial.number,
                "state": trial.state.name.lower(),
                "value": trial.value if trial.state == TrialState.COMPLETE else None,
                "losses": ",".join(f"{loss:.10g}" for loss, _ in done),
                "epochs": ",".join(str(epoch) for _, epoch in done),
                "worker": noted[WORKER],
                "own": OWN in noted,
                "why": noted.get(WHY, ""),
            }
            | trial.params
        )
    return pd.DataFrame(rows, columns=[*COLUMNS, *searched])
