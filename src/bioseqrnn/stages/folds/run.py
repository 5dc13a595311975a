"""The job of the stage: it reads a sequence table, writes ``folds.parquet`` and ``leaks.tsv``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.similarity.mmseqs import SimilarityError
from bioseqrnn.similarity.overlaps.search import Overlaps, find_overlaps
from bioseqrnn.similarity.pairs import Pairs, Threshold, similar_pairs, threshold_of
from bioseqrnn.splits.assign import assign_roles, given_roles
from bioseqrnn.splits.deal import Strata
from bioseqrnn.stages.folds.groups import group_records, sequence_keys
from bioseqrnn.stages.folds.leaks import count_leaks
from bioseqrnn.stages.folds.remarks import check_numbers, say_excluded, warn_of_unvalidated
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.data import LEAKS
from bioseqrnn.tables.folds import Roles, write_folds
from bioseqrnn.tables.sequences import CLASS_TASKS, SequenceTable

GIVEN, RANDOM = "given", "none"
# Up to this number of records, similar sequences are counted even if folds do not depend on them
FEW_RECORDS = 10**6


def split_table(
    table: SequenceTable,
    output: Path,
    config: FoldsConfig,
    *,
    leaks: Path | None = None,
    threads: int = 1,
    where: str = "dataset",
) -> None:
    """Assign folds to a sequence table and write ``folds.parquet``.

    Parameters
    ----------
    table : SequenceTable
        If the user gave a split, it becomes the only fold.
    output : Path
    config : FoldsConfig
    leaks : Path, optional
        Path of ``leaks.tsv``: the leaks in these folds, and those in random folds.
    threads : int
        Number of threads for MMseqs2.
    where : str
        Name of the dataset in messages.

    Raises
    ------
    InputError
        Folds cannot be made, or MMseqs2 is needed but missing.
    """
    given, grouping = table.splits is not None, config.grouping
    threshold = threshold_of(table.alphabet, config)
    wanted = grouping == "homology" or (given and config.exclude_leaking)
    pairs = None
    if wanted or (leaks is not None and len(table) <= FEW_RECORDS):
        pairs = _pairs(table, threshold, threads, wanted, where)
    strata, classes = strata_of(table)
    alike = pairs if grouping == "homology" else None
    groups = group_records(table, strata, grouping, alike, 1 if given else config.count, where)
    repeats = 1 if given else config.repeats
    if table.splits is not None:
        roles = given_roles(
            table.splits, strata, groups, classes,
            validation_fraction=config.validation_fraction, seed=config.seed,
            pairs=pairs if config.exclude_leaking else None, where=where,
        )  # fmt: skip
    else:
        roles = _assigned(strata, groups, classes, config, alike, where)
    if table.metadata["task"] == "regression":
        check_numbers(table.targets, roles, given, where)
    about = {
        "repeats": repeats, "seed": config.seed, "given": given, "grouping": grouping,
        "threshold": str(threshold) if grouping == "homology" or config.exclude_leaking else None,
    }  # fmt: skip
    found = None
    if leaks is not None:
        keys = sequence_keys(table.packed, table.metadata["strands"] == "both")
        overlaps = _overlaps(table, where)
        parts = [count_leaks(roles, keys, pairs, overlaps, GIVEN if given else grouping)]
        if not given and grouping != RANDOM:
            alone = np.arange(len(groups))
            random = _assigned(strata, alone, classes, config, None, where)
            parts.append(count_leaks(random, keys, pairs, overlaps, RANDOM))
        found = pd.concat(parts)
    with together():
        write_folds(output, table, groups, roles, about)
        if leaks is not None and found is not None:
            LEAKS.write(leaks, found)
    kind = "the given split" if given else f"{config.count} folds"
    again = f", repeated {repeats} times" if repeats > 1 else ""
    say(
        f"{where}: {len(groups):,} records in {int(groups.max()) + 1:,} groups ({grouping}), "
        f"{kind}{again}"
    )
    say_excluded(roles, given, where)
    warn_of_unvalidated(strata, roles, classes, where)
    if found is not None:
        _say_leaks(found, where)


def _assigned(
    strata: Strata,
    groups: Ints,
    classes: list[str] | None,
    config: FoldsConfig,
    pairs: Pairs | None,
    where: str,
) -> Roles:
    return assign_roles(
        strata, groups, classes, folds=config.count, repeats=config.repeats, seed=config.seed,
        validation_fraction=config.validation_fraction, pairs=pairs, where=where,
    )  # fmt: skip


def strata_of(table: SequenceTable) -> tuple[Strata, list[str] | None]:
    """Return what is balanced between folds, and the classes that every fold needs.

    Returns
    -------
    strata : int64 [n] or float64 [n, kinds]
        The class of each record, or the tenth of the values (quantile bin) that its number belongs
        to; or its amount of each label (1 or 0) or of each class (residues).
    classes : list of str or None
        None if a fold does not need every class: in tasks with labels, numbers or one class per
        residue.
    """
    name = table.metadata["task"]
    if name in CLASS_TASKS:
        return table.targets, table.classes
    counts = table.task.counts(table.targets, table.classes)
    if name == "regression":
        return np.unique(counts.argmax(axis=1), return_inverse=True)[1].astype(np.int64), None
    return counts, None


def _pairs(
    table: SequenceTable, threshold: Threshold, threads: int, wanted: bool, where: str
) -> Pairs | None:
    try:
        return similar_pairs(table.packed, table.alphabet, threshold, threads)
    except SimilarityError as error:
        if wanted:
            raise InputError(
                f"{where}: similar sequences could not be searched: {error}; or set folds.grouping "
                "to 'duplicates'"
            ) from error
        say(f"{where}: similar sequences are not counted: {error}")
    return None


def _overlaps(table: SequenceTable, where: str) -> Overlaps | None:
    try:
        return find_overlaps(table.packed, table.alphabet)
    except SimilarityError as error:
        say(f"{where}: shared stretches are not counted: {error}")
    return None


def _say_leaks(found: pd.DataFrame, where: str) -> None:
    for grouping, rows in found.groupby("grouping", sort=False):
        what = {GIVEN: "the given split", RANDOM: "random folds"}.get(
            str(grouping), f"these folds ({grouping})"
        )
        similar, overlapping = (
            "not counted" if rows[name].isna().any() else f"{rows[name].sum():,}"
            for name in ("similar", "overlapping")
        )
        stretch = rows["stretch"].iloc[0]
        shared = "" if pd.isna(stretch) else f" of at least {stretch} residues"
        say(
            f"{where}: {rows['tested'].sum():,} test records in {what}: {similar} have a similar "
            f"sequence in training, {rows['identical'].sum():,} an identical one, and "
            f"{overlapping} one that shares a stretch{shared}"
        )
