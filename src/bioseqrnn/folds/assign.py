"""Stratified k-fold over groups, in time linear in the number of records."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bioseqrnn.errors import InputError
from bioseqrnn.sequences.packing import Ints

Doubles = npt.NDArray[np.float64]
TRAIN, VALIDATION, TEST = "train", "validation", "test"


def deal_groups(targets: Ints, groups: Ints, shares: Doubles, seed: int) -> Ints:
    """Deal groups into parts whose class composition follows ``shares``.

    Groups of several records go first, largest first, each to the part that lacks most of its
    classes; single records then fill what is missing of each class, at random.

    Parameters
    ----------
    targets : int64 [n]
        Class of each record.
    groups : int64 [n]
        Group of each record, numbered from 0 without gaps.
    shares : float64 [parts] or [parts, classes]
        Share of each class that a part shall get; sums to 1 over parts.
    seed : int

    Returns
    -------
    int64 [n]
        Part of each record. Linear in records and groups.
    """
    rng = np.random.default_rng(seed)
    classes = int(targets.max()) + 1
    totals = np.bincount(targets, minlength=classes)
    missing = np.broadcast_to(shares.reshape(len(shares), -1), (len(shares), classes)) * totals
    sizes = np.bincount(groups)
    part_of_group = np.full(len(sizes), -1)

    order = np.argsort(groups, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)])
    several = np.flatnonzero(sizes > 1)
    several = several[np.lexsort((rng.random(len(several)), -sizes[several]))]
    for group in several:
        members = order[starts[group] : starts[group + 1]]
        counts = np.bincount(targets[members], minlength=classes)
        part = int(np.argmax((missing / np.maximum(totals, 1)) @ counts))
        part_of_group[group] = part
        missing[part] -= counts

    singles = order[starts[:-1][sizes == 1]]
    for code in range(classes):
        records = rng.permutation(singles[targets[singles] == code])
        counts = _fill(missing[:, code], len(records))
        part_of_group[groups[records]] = np.repeat(np.arange(len(shares)), counts)
    return part_of_group[groups]


def _fill(missing: Doubles, count: int) -> Ints:
    """Split ``count`` single records over parts so that what is missing levels out: int [parts]."""
    filled = np.zeros(len(missing), np.int64)
    wanted = np.maximum(missing, 0)
    if wanted.sum() > 0:
        filled = np.floor(wanted * min(1.0, count / wanted.sum())).astype(np.int64)
    for _ in range(count - int(filled.sum())):
        filled[np.argmax(missing - filled)] += 1
    return filled


def _validation_part(targets: Ints, groups: Ints, fraction: float, seed: int) -> Ints:
    """Choose the records that validate among those that a fold does not test: row numbers.

    Every class of two records or more gets at least one, as far as groups allow; where groups are
    so large that none would be chosen, the smallest one validates.
    """
    totals = np.bincount(targets)
    share = np.where(totals > 1, np.maximum(fraction, 1 / np.maximum(totals, 1)), 0.0)
    chosen = deal_groups(targets, groups, np.stack([1 - share, share]), seed) == 1
    if not chosen.any():
        chosen = groups == np.argmin(np.bincount(groups))
    return np.flatnonzero(chosen)


def assign_roles(
    targets: Ints,
    groups: Ints,
    classes: list[str],
    *,
    folds: int,
    validation_fraction: float,
    seed: int,
    where: str = "dataset",
) -> tuple[Ints, npt.NDArray[np.str_]]:
    """Give every record its test fold and its role in each fold.

    Within a fold, a stratified share of the records that it does not test validates (early
    stopping, model selection); the rest train.

    Returns
    -------
    fold : int64 [n]
        The fold in which the record is tested.
    roles : str [n, folds]
        ``train``, ``validation`` or ``test``.

    Raises
    ------
    InputError
        Where a class has fewer records, or fewer groups, than folds.
    """
    for code, name in enumerate(classes):
        records = int((targets == code).sum())
        kinds = len(np.unique(groups[targets == code]))
        if records < folds:
            raise InputError(
                f"{where}: class '{name}' has {records} records, fewer than {folds} folds; "
                "add records, lower folds.count, or correct a misspelt label"
            )
        if kinds < folds:
            raise InputError(
                f"{where}: class '{name}' has {records} records but only {kinds} groups of "
                f"distinct sequences, fewer than {folds} folds; add records or lower folds.count"
            )
    fold = deal_groups(targets, groups, np.full(folds, 1 / folds), seed)
    roles = np.full((len(targets), folds), TRAIN, dtype="<U10")
    for k in range(folds):
        roles[fold == k, k] = TEST
        rest = np.flatnonzero(fold != k)
        _, dense = np.unique(groups[rest], return_inverse=True)
        part = _validation_part(targets[rest], dense, validation_fraction, seed + 1 + k)
        roles[rest[part], k] = VALIDATION
        _check_roles(targets, roles[:, k], classes, k, where)
    return fold, roles


def given_roles(
    splits: list[str],
    targets: Ints,
    groups: Ints,
    classes: list[str],
    *,
    validation_fraction: float,
    seed: int,
    where: str = "dataset",
) -> tuple[Ints, npt.NDArray[np.str_]]:
    """Give every record the role that the user gave it, in the one fold there is.

    Where no record was given to validate, a stratified share of those that train does.

    Returns
    -------
    fold : int64 [n]
        0 for what is tested, -1 for the rest.
    roles : str [n, 1]

    Raises
    ------
    InputError
        Where a class has no record to train or to test.
    """
    roles = np.array(splits, dtype="<U10")[:, None]
    if not (roles == VALIDATION).any():
        rest = np.flatnonzero(roles[:, 0] == TRAIN)
        _, dense = np.unique(groups[rest], return_inverse=True)
        part = _validation_part(targets[rest], dense, validation_fraction, seed)
        roles[rest[part], 0] = VALIDATION
    for role in (TRAIN, TEST):
        present = set(targets[roles[:, 0] == role].tolist())
        for code, name in enumerate(classes):
            if code not in present:
                raise InputError(
                    f"{where}: the given split has no {role} record of class '{name}'; add some, "
                    "or leave 'split' out for cross-validation"
                )
    return np.where(roles[:, 0] == TEST, 0, -1), roles


def _check_roles(
    targets: Ints, roles: npt.NDArray[np.str_], classes: list[str], fold: int, where: str
) -> None:
    for role in (TRAIN, TEST):
        present = set(targets[roles == role])
        for code, name in enumerate(classes):
            if code not in present:
                raise InputError(
                    f"{where}: fold {fold} has no {role} record of class '{name}', because its "
                    "groups are too large; lower folds.count or regroup"
                )
    if not (roles == VALIDATION).any():
        raise InputError(
            f"{where}: fold {fold} has no group left to validate; lower folds.count or regroup"
        )
