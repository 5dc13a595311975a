"""Motifs in networks that were trained on permuted labels: the number that is found by chance."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bioseqrnn.motifs.find import find_motifs
from bioseqrnn.stages.explanation.found import consensus, named
from bioseqrnn.stages.explanation.gathered import gather
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.explanation import MOTIF_NULL
from bioseqrnn.tables.sequences import SequenceTable


def by_chance(permuted: list[Path], table: SequenceTable, seed: int) -> pd.DataFrame:
    """Search the attributions by each network as those of the real ones: ``motif_null.tsv``.

    Parameters
    ----------
    permuted : list of Path
        ``attributions.parquet`` by one network each.
    table : SequenceTable
    seed : int

    Raises
    ------
    InputError
        A file is not of this table, or has attributions by several networks.
    """
    rows = []
    for number, path in enumerate(permuted, 1):
        gathered = gather(path, table)
        if not gathered.folds and gathered.units.flank is not None:
            say(f"permuted labels {number}: no class begins in the test records of the fold")
            continue
        if len(gathered.folds) != 1:
            raise InputError(
                f"{path}: has attributions by networks of {len(gathered.folds)} folds; give a file "
                "for each network that was trained on permuted labels"
            )
        motifs, looked = find_motifs(gathered.records, gathered.contributions, seed=seed)
        found = named(motifs, gathered.records.both, gathered.classes)
        texts = [consensus(one.motif, table.alphabet.symbols) for one in found]
        seqlets = sum(one.seqlets for one in looked)
        rows.append(
            (number, *gathered.folds, len(gathered.records), seqlets, len(found), "; ".join(texts))
        )
        say(f"permuted labels {number}: {len(found)} motifs by chance")
    return MOTIF_NULL.frame(rows)
