"""The job of the stage: it reads a sequence table, writes ``folds.parquet`` and ``leaks.tsv``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.similarity.related import Relation
from bioseqrnn.splits.assign import assign_roles, given_roles
from bioseqrnn.splits.deal import Strata
from bioseqrnn.stages.folds.groups import group_records, sequence_keys
from bioseqrnn.stages.folds.leaks import count_leaks
from bioseqrnn.stages.folds.relations import find_relations
from bioseqrnn.stages.folds.remarks import check_numbers, say_excluded, warn_of_unvalidated
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import say
from bioseqrnn.tables.declared.data import LEAKS
from bioseqrnn.tables.folds import Roles, write_folds
from bioseqrnn.tables.sequences import CLASS_TASKS, SequenceTable

GIVEN, RANDOM = "given", "none"


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
    relations = find_relations(
        table, config, counted=leaks is not None, threads=threads, where=where
    )
    strata, classes = strata_of(table)
    related = relations.kept if grouping == "homology" else ()
    groups = group_records(table, strata, grouping, related, 1 if given else config.count, where)
    repeats = 1 if given else config.repeats
    if table.splits is not None:
        roles = given_roles(
            table.splits, strata, groups, classes,
            validation_fraction=config.validation_fraction, seed=config.seed,
            related=relations.kept if config.exclude_leaking else (), where=where,
        )  # fmt: skip
    else:
        roles = _assigned(strata, groups, classes, config, related, where)
    if table.metadata["task"] == "regression":
        check_numbers(table.targets, roles, given, where)
    about = {
        "repeats": repeats, "seed": config.seed, "given": given, "grouping": grouping,
        "threshold": relations.threshold,
    }  # fmt: skip
    found = None
    if leaks is not None:
        keys = sequence_keys(table.packed, table.metadata["strands"] == "both")
        searched = keys, relations.pairs, relations.overlaps
        parts = [count_leaks(roles, *searched, GIVEN if given else grouping)]
        if not given and grouping != RANDOM:
            alone = np.arange(len(groups))
            random = _assigned(strata, alone, classes, config, (), where)
            parts.append(count_leaks(random, *searched, RANDOM))
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
    related: tuple[Relation, ...],
    where: str,
) -> Roles:
    return assign_roles(
        strata, groups, classes, folds=config.count, repeats=config.repeats, seed=config.seed,
        validation_fraction=config.validation_fraction, related=related, where=where,
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


def _say_leaks(found: pd.DataFrame, where: str) -> None:
    for grouping, rows in found.groupby("grouping", sort=False):
        what = {GIVEN: "the given split", RANDOM: "random folds"}.get(
            str(grouping), f"these folds ({grouping})"
        )
        similar, overlapping, common = (
            "not counted" if rows[name].isna().any() else f"{rows[name].sum():,}"
            for name in ("similar", "overlapping", "common")
        )
        stretch = rows["stretch"].iloc[0]
        shared = "" if pd.isna(stretch) else f" of at least {stretch} residues"
        say(
            f"{where}: {rows['tested'].sum():,} test records in {what}: {similar} have a similar "
            f"sequence in training, {rows['identical'].sum():,} an identical one, and "
            f"{overlapping} one that shares a stretch{shared}; {common} contain only stretches "
            "that link nothing (a repeat, a motif, low complexity)"
        )
