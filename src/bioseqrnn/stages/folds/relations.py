"""The searches of the stage: similar sequences, shared stretches, windows near each other."""

from __future__ import annotations

from dataclasses import dataclass

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.similarity.mmseqs import SimilarityError
from bioseqrnn.similarity.overlaps.search import Overlaps, find_overlaps
from bioseqrnn.similarity.pairs import Threshold, similar_pairs, threshold_of
from bioseqrnn.similarity.places import Places
from bioseqrnn.similarity.related import Pairs, Relation
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.sequences import SequenceTable

# Up to this number of records, similar sequences are counted even if folds do not depend on them
FEW_RECORDS = 10**6


@dataclass(frozen=True)
class Relations:
    """What relates the records of a dataset.

    Attributes
    ----------
    pairs : Pairs or None
        Similar sequences; None if they were not searched for.
    overlaps : Overlaps or None
        Sequences that share a stretch; None likewise.
    kept : tuple of Relation
        The relations that the folds must respect.
    threshold : str or None
        From when on records are related in this way, in words; None if folds respect nothing.
    """

    pairs: Pairs | None
    overlaps: Overlaps | None
    kept: tuple[Relation, ...]
    threshold: str | None


def find_relations(
    table: SequenceTable, config: FoldsConfig, *, counted: bool, threads: int, where: str
) -> Relations:
    """Search for what the folds respect, and for what ``leaks.tsv`` counts; each once.

    Parameters
    ----------
    table : SequenceTable
    config : FoldsConfig
    counted : bool
        Whether leaks are counted.
    threads : int
        Number of threads for MMseqs2.
    where : str

    Raises
    ------
    InputError
        A search that the folds need fails.
    """
    kept = config.grouping == "homology" or (table.splits is not None and config.exclude_leaking)
    pairs, overlaps = None, None
    threshold = threshold_of(table.alphabet, config)
    if kept or (counted and len(table) <= FEW_RECORDS):
        pairs = _similar(table, threshold, threads, kept, where)
    if counted or (kept and config.overlaps):
        overlaps = _overlapping(table, kept and config.overlaps, where)
    if not kept or pairs is None:
        return Relations(pairs, overlaps, (), None)
    if not config.overlaps or overlaps is None:
        return Relations(pairs, overlaps, (pairs,), str(threshold))
    words = f"{threshold}; or a stretch of at least {overlaps.least} residues in common"
    if table.places is None:
        return Relations(pairs, overlaps, (pairs, overlaps), words)
    chrom, start = table.places
    places = Places(chrom, start, start + table.lengths, config.interval_distance)
    if config.interval_distance:
        words += f"; or fewer than {config.interval_distance:,} bases between two intervals"
    return Relations(pairs, overlaps, (pairs, overlaps, places), words)


def _similar(
    table: SequenceTable, threshold: Threshold, threads: int, needed: bool, where: str
) -> Pairs | None:
    try:
        return similar_pairs(table.packed, table.alphabet, threshold, threads)
    except SimilarityError as error:
        if needed:
            raise InputError(
                f"{where}: similar sequences were not found: {error}; or set folds.grouping to "
                "'duplicates'"
            ) from error
        say(f"{where}: similar sequences are not counted: {error}")
    return None


def _overlapping(table: SequenceTable, needed: bool, where: str) -> Overlaps | None:
    try:
        return find_overlaps(table.packed, table.alphabet)
    except SimilarityError as error:
        if needed:
            raise InputError(
                f"{where}: shared stretches were not found: {error}; set folds.overlaps to false"
            ) from error
        say(f"{where}: shared stretches are not counted: {error}")
    return None
