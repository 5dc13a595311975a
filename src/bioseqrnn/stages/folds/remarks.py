"""Checks and messages about folds: records left out, missing classes, and constant targets."""

from __future__ import annotations

from collections import Counter

from bioseqrnn.splits.assign import lacking
from bioseqrnn.splits.deal import Strata
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import EXCLUDED, TRAIN, VALIDATION, Roles, code

# Number of classes that a warning names; further ones are only counted
NAMED = 5


def check_numbers(values: Doubles, roles: Roles, given: bool, where: str) -> None:
    """Raise InputError if all training values of a fold are equal.

    Parameters
    ----------
    values : float64 [n]
        Targets of regression.
    roles : int8 [n, folds]
    given : bool
        Whether the user gave the split.
    where : str
    """
    for fold in range(roles.shape[1]):
        trained = values[roles[:, fold] == code(TRAIN)]
        if len(trained) and trained.min() == trained.max():
            what = "of the given split" if given else f"of fold {fold}"
            raise InputError(
                f"{where}: every training record {what} has the label {trained[0]:.10g}; there is "
                "nothing to learn; add records with other labels"
            )


def warn_of_unvalidated(
    strata: Strata, roles: Roles, classes: list[str] | None, where: str
) -> None:
    """Warn of the classes that have no validation record in some folds."""
    folds = roles.shape[1]
    lack = Counter(
        name
        for fold in range(folds)
        for name in lacking(strata, roles[:, fold] == code(VALIDATION), classes or [])
    )
    for name, count in sorted(lack.items())[:NAMED]:
        which = f" in {count:,} of {folds:,} folds" if folds > 1 else ""
        say(
            f"warning: {where}: no record of class '{name}' is used for validation{which}; add "
            "records"
        )
    if len(lack) > NAMED:
        say(f"warning: {where}: the same holds for {len(lack) - NAMED:,} other classes")


def say_excluded(roles: Roles, given: bool, where: str) -> None:
    """Report how many records the folds leave out, if any."""
    counts = (roles == code(EXCLUDED)).sum(axis=0)
    if given and counts.any():
        say(
            f"{where}: {counts[0]:,} test records are left out because they are related to "
            "training records"
        )
    elif counts.any():
        say(
            f"{where}: at most {int(counts.max()):,} of {len(roles):,} records are left out of the "
            "training of a fold, because they are related to its test or validation records. All "
            "are tested in one of the folds"
        )
