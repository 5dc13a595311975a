"""The best trial of a study, from the tables of its workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.search import SearchConfig
from bioseqrnn.config.validate import section
from bioseqrnn.stages.search.space import distributions, settings
from bioseqrnn.stages.search.table import COLUMNS
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file, write_json
from bioseqrnn.tables.declared.models import TRIALS
from bioseqrnn.tables.selected import final_networks, read_selection

CRITERION = "lowest mean over inner folds of the validation loss (or 1 - average precision)"


def choose(
    workers: list[Path],
    chosen: Path,
    trials: Path,
    *,
    model: str,
    config: ModelConfig,
    search: SearchConfig,
    fold: int | None,
    selected: Path | None = None,
) -> None:
    """Write ``chosen.json`` and ``trials.tsv`` from the tables of the workers.

    Trials beyond the budget, from an earlier search with a larger one, are ignored.

    Parameters
    ----------
    workers : list of Path
        Table of each worker, with the trials that were finished when it ended.
    fold : int or None
        None for the final model.
    selected : Path, optional
        ``selected.json``: if the model is not part of the final one, no settings are chosen.

    Raises
    ------
    InputError
        Fewer trials are done than the budget has, or none of them is a candidate.
    """
    searched = list(distributions(search))
    frame = _union([_read(path, searched) for path in workers])
    about: dict[str, Any] = {"model": model, "fold": fold, "criterion": CRITERION}
    if selected is not None and model not in final_networks(read_selection(selected)):
        with together():
            TRIALS.write(trials, _named(frame, model, fold, -1))
            write_json(chosen, about | {"config": None})
        return
    frame = frame.iloc[: search.trials]
    if len(frame) < search.trials:
        raise InputError(
            f"{workers[0].parent}: {len(frame)} of {search.trials} trials are done; "
            "run the workers again"
        )
    candidates = frame[frame["state"] == "complete"]
    if not len(candidates):
        why = next((text for text in frame["why"] if text), "")
        raise InputError(f"{model}: none of {len(frame)} trials succeeded; {why}")
    best = candidates.iloc[int(candidates["value"].argmin())]
    # Python numbers, not NumPy ones
    values = {name: np.asarray(best[name]).item() for name in searched}
    own = candidates[candidates["own"]]
    about |= {
        "config": section(
            ModelConfig, config.model_dump() | settings(values), f"{trials}: trial {best['trial']}"
        ).model_dump(),
        "searched": values,
        "epochs": round(float(np.median([int(e) for e in best["epochs"].split(",")]))),
        "trial": int(best["trial"]),
        "value": float(best["value"]),
        "own_value": float(own["value"].iloc[0]) if len(own) else None,
        "trials": len(frame),
        "pruned": len(frame) - len(candidates),
        "inner_folds": search.inner_folds,
    }
    with together():
        TRIALS.write(trials, _named(frame, model, fold, best["trial"]))
        write_json(chosen, about)
    say(
        f"{model}: trial {best['trial']} of {len(frame)}, value {best['value']:.4f}"
        + (f" (its own settings: {own['value'].iloc[0]:.4f})" if len(own) else "")
    )


def _read(path: Path, searched: list[str]) -> pd.DataFrame:
    """Read the table of a worker, with the values exactly as written."""
    text = ("state", "losses", "epochs", "why")
    try:
        frame = pd.read_csv(
            require_file(path, "table of trials"),
            sep="\t",
            dtype=dict.fromkeys(text, "str"),
            keep_default_na=False,
            na_values={"value": ""},
        )
    except ValueError as error:
        raise InputError(f"{path}: not a table of trials ({error}); search again") from error
    if list(frame.columns) != COLUMNS + searched:
        raise InputError(
            f"{path}: does not contain the trials of this search; run the workers again"
        )
    _check(path, frame)
    return frame


def _check(path: Path, frame: pd.DataFrame) -> None:
    """Raise InputError for a cell of a table of trials that no worker can have written."""
    complete = frame["state"] == "complete"
    losses = pd.to_numeric(frame["value"], errors="coerce")
    fine = {
        "number": pd.to_numeric(frame["number"], errors="coerce").mod(1).eq(0),
        "state": complete | (frame["state"] == "pruned"),
        "value": ~complete | np.isfinite(losses),
        "epochs": ~complete | frame["epochs"].str.fullmatch(r"[0-9]{1,6}(,[0-9]{1,6})*"),
        "own": frame["own"].isin([True, False]),
    }
    for column, rows in fine.items():
        if not rows.all():
            raise InputError(
                f"{path}: line {int(np.argmin(rows)) + 2}: column '{column}' does not have the "
                "values that a worker writes; run the workers again"
            )


def _union(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """All trials without duplicates, in order, numbered from 0 in the column ``trial``."""
    full = [frame for frame in frames if len(frame)] or frames[:1]
    frame = pd.concat(full, ignore_index=True).drop_duplicates("number").sort_values("number")
    frame.insert(0, "trial", np.arange(len(frame)))
    return frame.drop(columns="number").reset_index(drop=True)


def _named(frame: pd.DataFrame, model: str, fold: int | None, best: int) -> pd.DataFrame:
    """Add columns with the model and fold of the trials, and a mark of the chosen one."""
    names = {"model": model, "fold": "final" if fold is None else str(fold)}
    chosen = (frame["trial"] == best).rename("chosen")
    return pd.concat([pd.DataFrame(names, frame.index), chosen, frame], axis=1)
