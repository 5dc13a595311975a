"""Roles of the records (training, validation, test) in each fold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bioseqrnn.similarity.related import Relation
from bioseqrnn.splits.deal import Strata, deal_groups, totals
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import EXCLUDED, TEST, TRAIN, VALIDATION, Roles, code


def repeat_seed(seed: int, repeat: int) -> int:
    """Return the seed of a repeat; the first repeat has the seed itself."""
    if repeat == 0:
        return seed
    return int(np.random.SeedSequence([seed, repeat]).generate_state(1)[0] >> 1)


def assign_roles(
    strata: Strata,
    groups: Ints,
    classes: list[str] | None,
    *,
    folds: int,
    validation_fraction: float,
    seed: int,
    repeats: int = 1,
    related: Sequence[Relation] = (),
    where: str = "dataset",
) -> Roles:
    """Give every record its role in each fold.

    In fold ``repeat * folds + k`` the test records are part k of that repeat's assignment. A
    stratified fraction of the others is used for validation (early stopping, model selection), the
    rest for training. Records that are related to a test record of the fold are excluded from it,
    and so are training records that are related to a validation record. So no score is too high
    because a large group had to be cut.

    Parameters
    ----------
    strata : int64 [n] or float64 [n, classes]
    groups : int64 [n]
    classes : list of str or None
        Names of the classes, each of which needs training and test records in every fold; None:
        no such check.
    folds : int
    validation_fraction : float
    seed : int
    repeats : int
        Number of assignments, each with its own seed.
    related : sequence of Relation
        Which records are related; none excludes nothing.
    where : str

    Returns
    -------
    int8 [n, folds * repeats]
        Index in ``ROLES``.

    Raises
    ------
    InputError
        There are fewer groups than folds, a class has fewer records or groups than folds, or a
        fold lacks records of a role or class.
    """
    kinds = int(groups.max()) + 1
    if kinds < folds:
        raise InputError(
            f"{where}: {_count(len(strata), 'record')} in {_count(kinds, 'group')}, fewer groups "
            f"than {folds} folds; add records of other groups"
            f"{' or lower folds.count' * (kinds > 2)}"
        )
    if classes is not None:
        _check_classes(strata, groups, classes, folds, where)
    roles = np.full((len(strata), folds * repeats), code(TRAIN), np.int8)
    for repeat in range(repeats):
        own = repeat_seed(seed, repeat)
        part = deal_groups(strata, groups, np.full(folds, 1 / folds), own)
        for k in range(folds):
            column = roles[:, repeat * folds + k]
            column[part == k] = code(TEST)
            exclude(column, related, (TRAIN,), (TEST,))
            _validate(column, strata, groups, validation_fraction, own + 1 + k)
            exclude(column, related, (TRAIN,), (VALIDATION,))
            _check_roles(strata, groups, column, classes, repeat * folds + k, where)
    return roles


def given_roles(
    splits: list[str],
    strata: Strata,
    groups: Ints,
    classes: list[str] | None,
    *,
    validation_fraction: float,
    seed: int,
    related: Sequence[Relation] = (),
    where: str = "dataset",
) -> Roles:
    """Give every record the role that the user gave it, in a single fold.

    If the user gave no validation records, a stratified fraction of the training records is used.
    A test record is excluded if it is related to a training or validation record.

    Returns
    -------
    int8 [n, 1]
        Index in ``ROLES``.

    Raises
    ------
    InputError
        There is no training or no test record at all, or of a class.
    """
    roles = np.array([code(split) for split in splits], np.int8)[:, None]
    column = roles[:, 0]
    exclude(column, related, (TEST,), (TRAIN, VALIDATION))
    if not (column == code(VALIDATION)).any() and (column == code(TRAIN)).any():
        _validate(column, strata, groups, validation_fraction, seed)
    for role in (TRAIN, TEST):
        chosen = column == code(role)
        gone = " after records related to training records are excluded" * bool(related)
        if not chosen.any():
            raise InputError(f"{where}: the given split has no {role} record{gone}; add some")
        for name in lacking(strata, chosen, classes or []):
            raise InputError(
                f"{where}: the given split has no {role} record of class '{name}'{gone}; add some, "
                "or remove 'split' to use cross-validation"
            )
    return roles


def alike(column: Roles, relation: Relation, roles: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Whether a record equals or is related to a record with one of the roles."""
    return relation.near(np.isin(column, [code(role) for role in roles]))


def exclude(
    column: Roles,
    related: Sequence[Relation],
    leaving: tuple[str, ...],
    staying: tuple[str, ...],
) -> None:
    """Exclude, in place, the records of some roles that are related to a record of other roles."""
    leaves = np.isin(column, [code(role) for role in leaving])
    for relation in related:
        column[leaves & alike(column, relation, staying)] = code(EXCLUDED)


def lacking(strata: Strata, chosen: npt.NDArray[np.bool_], classes: list[str]) -> list[str]:
    """Names of the classes that no chosen record has."""
    if strata.ndim == 1:
        has = np.bincount(strata[chosen], minlength=len(classes))
    else:
        has = strata[chosen].sum(axis=0)
    return [name for name, amount in zip(classes, has, strict=False) if not amount]


def _validate(column: Roles, strata: Strata, groups: Ints, fraction: float, seed: int) -> None:
    """Turn a fraction of the training records into validation records.

    Every class with two or more training records gets at least one, as far as groups allow. If
    groups are so large that none would be chosen, the smallest one is used for validation.
    """
    rest = np.flatnonzero(column == code(TRAIN))
    if not len(rest):
        return
    _, dense = np.unique(groups[rest], return_inverse=True)
    total = totals(strata[rest])
    share = np.where(total > 1, np.maximum(fraction, 1 / np.maximum(total, 1)), 0.0)
    share = np.minimum(share, 1.0)
    chosen = deal_groups(strata[rest], dense, np.stack([1 - share, share]), seed) == 1
    if not chosen.any():
        chosen = dense == np.argmin(np.bincount(dense))
    column[rest[chosen]] = code(VALIDATION)


def _check_classes(
    strata: Strata, groups: Ints, classes: list[str], folds: int, where: str
) -> None:
    for number, name in enumerate(classes):
        records, kinds, _ = _of_class(strata, groups, number)
        fewer = f"fewer than {folds} folds"
        lower = "" if folds == 2 or records < 3 else " or lower folds.count"
        if records < folds:
            raise InputError(
                f"{where}: class '{name}' has {_count(records, 'record')}, {fewer}; add "
                f"records{lower.replace(' or', ',')}, or correct a misspelled label"
            )
        if kinds < folds:
            raise InputError(
                f"{where}: class '{name}' has {records} records but only {_count(kinds, 'group')} "
                f"of distinct sequences, {fewer}; add records of other groups"
                f"{lower if kinds > 1 else ''}"
            )


def _of_class(strata: Strata, groups: Ints, number: int) -> tuple[int, int, int]:
    """Number of records and groups of a class, and of records in its largest group."""
    has = strata == number if strata.ndim == 1 else strata[:, number] > 0
    sizes = np.unique(groups[has], return_counts=True)[1]
    return int(has.sum()), len(sizes), int(sizes.max(initial=0))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _check_roles(
    strata: Strata, groups: Ints, column: Roles, classes: list[str] | None, fold: int, where: str
) -> None:
    count = _count(int(groups.max()) + 1, "group")
    advice = (
        f"its {count} are too few, or one is too large, for training, validation and test; add "
        "records of other groups, use a weaker folds.grouping or fewer folds"
    )
    for role in (TRAIN, TEST):
        chosen = column == code(role)
        if not chosen.any():
            raise InputError(f"{where}: fold {fold} has no {role} record: {advice}")
        for name in lacking(strata, chosen, classes or []):
            assert classes is not None
            records, kinds, largest = _of_class(strata, groups, classes.index(name))
            has = _count(records, "record")
            if largest > 1:
                has += f" in {_count(kinds, 'group')}, the largest of {largest:,}"
            raise InputError(
                f"{where}: class '{name}' has {has}: too few for training, validation and test "
                f"(fold {fold} has no {role} record of it); add "
                "records" + " of other groups" * (largest > 1)
            )
    if not (column == code(VALIDATION)).any():
        raise InputError(f"{where}: fold {fold} has no group left for validation: {advice}")
