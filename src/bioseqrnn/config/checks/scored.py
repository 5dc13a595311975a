"""The baselines and models that are scored on each dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bioseqrnn.config.checks.settings import Origins
from bioseqrnn.config.checks.sheets import Rows
from bioseqrnn.config.checks.text import suggestion
from bioseqrnn.config.choices import BASELINES, whole_records_only
from bioseqrnn.support.errors import InputError

# default baseline for the score on random folds
COMPARED = "kmer_logistic"
# name of the network that is selected in each fold
SELECTED = "selected"


def for_dataset(names: list[str], settings: Any, dataset: str) -> list[str]:
    """Return those models and baselines of a list that are suited to the task of a dataset."""
    options = settings["dataset_options"].get(dataset, {})
    left_out = whole_records_only(BASELINES) if options.get("task") == "per_position" else ()
    return [name for name in names if name not in left_out]


def has_split(rows: Rows) -> bool:
    """Whether the sheet gives the training and test records of a dataset."""
    return any("split" in row for row in rows)


def compared_at_random(settings: Any, dataset: str, rows: Rows) -> list[str]:
    """Return the baselines and models that are also scored on random folds of a dataset."""
    folds = settings["folds"]
    if has_split(rows) or folds["grouping"] == "none":
        return []
    names = folds["compare_random"]
    if names is None:
        names = [name for name in settings["baselines"] if name == COMPARED]
    return for_dataset(names, settings, dataset)


def check_scored(settings: Any, datasets: Mapping[str, Rows], origins: Origins) -> None:
    """Refuse names in ``folds.compare_random`` and in the learning curve that cannot be scored.

    Names that are not suited to the task of a dataset are left out for that dataset, but at least
    one must remain.
    """
    scored = {*settings["models"], *settings["baselines"]}
    where = f"{origins.at('folds', 'compare_random')}: folds.compare_random"
    names = settings["folds"]["compare_random"] or []
    for name in names:
        if name not in scored:
            raise InputError(
                f"{where}: '{name}' is not a model or baseline of this run; "
                f"{suggestion(name, scored)}"
            )
    for dataset, rows in datasets.items():
        dealt_at_random = settings["folds"]["grouping"] != "none" and not has_split(rows)
        if names and dealt_at_random and not compared_at_random(settings, dataset, rows):
            raise _nothing_left(where, names, dataset)
    known = scored | {f"{name}_search" for name in settings["search"]["models"]}
    where = f"{origins.at('combine')}: combine"
    for name in settings["combine"] or []:
        if name not in known | {SELECTED}:
            raise InputError(
                f"{where}: '{name}' is not a model or baseline of this run; "
                f"{suggestion(name, known | {SELECTED})}"
            )
    networks = [name for name in settings["combine"] or [] if name not in BASELINES]
    if SELECTED in networks and len(networks) > 1:
        raise InputError(
            f"{where}: '{SELECTED}' is one of the networks, so it cannot be combined with "
            f"'{min(set(networks) - {SELECTED})}'; name one of them"
        )
    where = f"{origins.at('evaluation', 'learning_curve')}: evaluation.learning_curve.models"
    names = settings["evaluation"]["learning_curve"]["models"]
    for name in names:
        if name not in known:
            raise InputError(
                f"{where}: unknown model or baseline '{name}'; {suggestion(name, known)}"
            )
    for dataset in datasets:
        if names and not for_dataset(names, settings, dataset):
            raise _nothing_left(where, names, dataset)


def _nothing_left(where: str, names: list[str], dataset: str) -> InputError:
    verb = "score" if len(names) > 1 else "scores"
    return InputError(
        f"{where}: nothing can be scored for dataset '{dataset}' of task per_position, because "
        f"{' and '.join(names)} {verb} whole records; add another baseline or a model"
    )
