"""Stratified k-fold over groups, in time linear in the number of records."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bioseqrnn.errors import InputError
from bioseqrnn.sequences.packing import Ints

TRAIN, VALIDATION, TEST = "train", "validation", "test"


def stratified_group_folds(targets: Ints, groups: Ints, folds: int, seed: int) -> Ints:
    """Deal groups into folds of equal class composition.

    Groups of several records go first, largest first, each to the fold that has the largest
    deficit of its classes; single records then fill what is missing of each class, at random.

    Parameters
    ----------
    targets : int64 [n]
        Class of each record.
    groups : int64 [n]
        Group of each record, numbered from 0 without gaps.
    folds : int
    seed : int

    Returns
    -------
    int64 [n]
        Fold of each record, 0 to ``folds - 1``.
    """
    rng = np.random.default_rng(seed)
    classes = int(targets.max()) + 1
    sizes = np.bincount(groups)
    fold_of_group = np.full(len(sizes), -1)
    wanted = np.bincount(targets, minlength=classes) / folds
    missing = np.tile(wanted, (folds, 1))

    order = np.argsort(groups, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)])
    several = np.flatnonzero(sizes > 1)
    several = several[np.lexsort((rng.random(len(several)), -sizes[several]))]
    for group in several:
        members = order[starts[group] : starts[group + 1]]
        counts = np.bincount(targets[members], minlength=classes)
        deficit = (missing / np.maximum(wanted, 1)) @ counts
        fold = int(np.argmax(deficit))
        fold_of_group[group] = fold
        missing[fold] -= counts

    singles = order[starts[:-1][sizes == 1]]
    for code in range(classes):
        records = rng.permutation(singles[targets[singles] == code])
        shares = _shares(missing[:, code], len(records))
        fold_of_group[groups[records]] = np.repeat(np.arange(folds), shares)
    return fold_of_group[groups]


def _shares(missing: npt.NDArray[np.float64], count: int) -> Ints:
    """Split ``count`` records over folds so that the fullest and emptiest end up alike: int [k]."""
    shares = np.zeros(len(missing), np.int64)
    wanted = np.maximum(missing, 0)
    if wanted.sum() > 0:
        shares = np.floor(wanted * min(1.0, count / wanted.sum())).astype(np.int64)
    for _ in range(count - int(shares.sum())):
        shares[np.argmax(missing - shares)] += 1
    return shares


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

    Within a fold the records that it does not test are dealt again into stratified parts; the
    last part validates (early stopping, model selection), the rest train.

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
                "add records or lower folds.count"
            )
        if kinds < folds:
            raise InputError(
                f"{where}: class '{name}' has {records} records but only {kinds} groups of "
                f"distinct sequences, fewer than {folds} folds; add records or lower folds.count"
            )
    fold = stratified_group_folds(targets, groups, folds, seed)
    roles = np.full((len(targets), folds), TRAIN, dtype="<U10")
    for k in range(folds):
        roles[fold == k, k] = TEST
        rest = np.flatnonzero(fold != k)
        _, dense = np.unique(groups[rest], return_inverse=True)
        # a small class gets fewer, larger parts, so that it can validate too
        smallest = int(np.bincount(targets[rest], minlength=len(classes)).min())
        parts = max(2, min(round(1 / validation_fraction), smallest))
        part = stratified_group_folds(targets[rest], dense, parts, seed + 1 + k)
        # ties go to the first part, so the last never takes a class's only record from training
        roles[rest[part == parts - 1], k] = VALIDATION
        _check_roles(targets, roles[:, k], classes, k, where)
    return fold, roles


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
