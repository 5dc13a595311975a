"""The motif job: from attributions of records to motifs, their occurrences and logos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bioseqrnn.motifs.find import Looked, find_motifs
from bioseqrnn.motifs.known import known_motifs
from bioseqrnn.motifs.logo import heights, logo
from bioseqrnn.motifs.motif_files import meme_text
from bioseqrnn.motifs.patterns import Motif
from bioseqrnn.motifs.stability import stability
from bioseqrnn.motifs.tomtom import Database, Entry
from bioseqrnn.stages.explanation.found import SIGNS, Named, consensus, matched, named
from bioseqrnn.stages.explanation.gathered import Gathered, gather
from bioseqrnn.stages.explanation.pairs import write_pairs
from bioseqrnn.stages.explanation.places import write_occurrences
from bioseqrnn.support.atomic import remove_file, together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.io import write_text
from bioseqrnn.tables.declared.explanation import MATRICES, MEME, MOTIF_SEARCH, MOTIFS
from bioseqrnn.tables.sequences import SequenceTable, read_sequences

LOGOS = "logos"


def discover_motifs(
    attributions: Path,
    sequences: Path,
    output: Path,
    *,
    databases: list[Path],
    jaspar: str | None,
    seed: int,
    threads: int,
) -> None:
    """Find the motifs that decide, compare them with databases, and list their occurrences.

    Parameters
    ----------
    attributions : Path
        ``attributions.parquet``.
    sequences : Path
        The records that were attributed, and all others of the dataset.
    output : Path
        Folder for the tables, ``motifs.meme`` and the folder ``logos``.
    databases : list of Path
        Motifs as MEME or JASPAR text, with which the motifs are compared.
    jaspar : str, optional
        Release of JASPAR, and group of species (``known.jaspar_motifs``).
    seed : int
        Seed of shuffled positions and random windows.
    threads : int
        CPU threads of linear algebra.

    Raises
    ------
    InputError
        A file is missing or invalid, or they do not belong together.
    """
    from threadpoolctl import threadpool_limits

    table = read_sequences(sequences)
    entries = known_motifs(databases, jaspar, table.alphabet.symbols)
    with threadpool_limits(threads):
        _discover(gather(attributions, table), table, output, entries, seed)


def _discover(
    gathered: Gathered, table: SequenceTable, output: Path, entries: list[Entry], seed: int
) -> None:
    symbols = table.alphabet.symbols
    both = gathered.records.both
    with progress("motifs", "searches", 1 + len(gathered.trainings)) as bar:
        motifs, looked = find_motifs(gathered.records, gathered.contributions, seed=seed)
        bar.advance()
        trainings: list[list[Motif]] = []
        for records, contributions in gathered.trainings:
            trainings.append(find_motifs(records, contributions, seed=seed)[0])
            bar.advance()
    found = named(motifs, both, gathered.classes)
    rows = []
    database = Database(entries, both) if entries else None
    for one in found:
        stable = stability(one.motif, trainings, both)
        row = one.row(gathered, symbols, stable)
        if database is not None:
            row |= matched(database.matches(one.motif.frequencies))
        rows.append(row)
    with together():
        shares, placed = write_occurrences(found, gathered, output)
        write_pairs([one.name for one in found], placed, gathered.units.table, output)
        for row, share in zip(rows, shares, strict=True):
            row |= share
        _write(found, rows, looked, gathered, table, output)
    _tell(rows, looked, gathered)


def _write(
    found: list[Named],
    rows: list[dict[str, Any]],
    looked: list[Looked],
    gathered: Gathered,
    table: SequenceTable,
    output: Path,
) -> None:
    symbols = table.alphabet.symbols
    frame = pd.DataFrame(rows) if rows else MOTIFS.frame([])
    MOTIFS.write(output / MOTIFS.file, frame)
    cells = [cell for one in found for cell in one.cells(symbols)]
    MATRICES.write(output / MATRICES.file, MATRICES.frame(cells))
    MOTIF_SEARCH.write(output / MOTIF_SEARCH.file, search_table(looked, gathered))
    chance = _background(found, gathered, symbols)
    entries = [
        (Entry(one.name, consensus(one.motif, symbols), one.motif.frequencies),
         len(one.motif.sites), one.motif.p)
        for one in found
    ]  # fmt: skip
    write_text(output / Path(MEME).name, meme_text(entries, symbols, gathered.records.both, chance))
    with logo_folder(output / LOGOS) as folder:
        for one in found:
            motif = one.motif
            picture = logo(
                heights(motif.frequencies, motif.background), motif.contributions, symbols,
                f"{one.name} {consensus(motif, symbols)}", one.name,
            )  # fmt: skip
            write_text(folder / f"{one.name}.svg", picture)


@contextmanager
def logo_folder(folder: Path) -> Iterator[Path]:
    """Make the folder of logos, and remove those of an earlier run that were not written again."""
    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.glob("M*.svg"))
    yield folder
    for path in before:
        remove_file(path)


def search_table(looked: list[Looked], gathered: Gathered) -> pd.DataFrame:
    """What was looked through, as ``motif_search.tsv``."""
    return MOTIF_SEARCH.frame(
        [
            (
                gathered.classes[one.output], SIGNS[one.sign], len(gathered.records),
                len(gathered.trainings), one.seqlets, one.motifs, why(one, len(gathered.records)),
            )
            for one in looked
        ]
    )  # fmt: skip


def why(looked: Looked, records: int) -> str:
    """Why there is no motif of a class and sign, in one sentence; empty if there is one."""
    if looked.motifs:
        return ""
    if not records:
        return "No record was attributed."
    if not looked.seqlets:
        return (
            "No span of residues contributes more than in records with shuffled positions, and no "
            "residue matters more at one place than elsewhere."
        )
    return (
        f"{looked.seqlets:,} spans contribute more than by chance, but fewer than ten of them "
        "share a pattern that is rarer at random places of the records."
    )


def _background(found: list[Named], gathered: Gathered, symbols: str) -> np.ndarray:
    from bioseqrnn.motifs.discovery import background

    if found:
        return found[0].motif.background
    return background(gathered.records.codes, len(symbols))


def _tell(rows: list[dict[str, Any]], looked: list[Looked], gathered: Gathered) -> None:
    if not rows:
        for one in looked:
            reason = why(one, len(gathered.records))
            say(f"no motif {SIGNS[one.sign]} {gathered.classes[one.output]}: {reason}")
    for row in rows:
        match = row["matches"].split(";")[0] if row.get("matches") else ""
        say(
            f"{row['motif']} {row['sign']} {row['class']}: {row['consensus']}, {row['sites']} "
            f"sites, found by {row['found']} of {row['trainings']} trainings"
            + (f", like {match}" if match else "")
        )
