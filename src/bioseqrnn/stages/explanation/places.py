"""Occurrences of motifs in all records, as a table and as BED."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn.baselines.records import Form
from bioseqrnn.motifs.occurrences import Scanner
from bioseqrnn.motifs.pairs import Placed, best_places
from bioseqrnn.stages.explanation.found import Named
from bioseqrnn.stages.explanation.gathered import Gathered, encoded
from bioseqrnn.stages.explanation.units import Units
from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.gzipped import gzip_text
from bioseqrnn.tables.declared.explanation import OCCURRENCES, OCCURRENCES_BED
from bioseqrnn.tables.sequences import SequenceTable

OTHER = str.maketrans("+-", "-+")
# residues that are searched at once
CHUNK = 2**22


def write_occurrences(
    found: list[Named], gathered: Gathered, output: Path
) -> tuple[list[dict[str, Any]], list[Placed]]:
    """Search all records, or all windows around boundaries, and write the occurrences.

    Returns
    -------
    shares : list of dict
        Cells ``occurs_{class}`` of each motif.
    placed : list of Placed
        The best occurrences of each motif in each record of the dataset.
    """
    units, table = gathered.units, gathered.units.table
    scanners = [Scanner(one.motif, gathered.records) for one in found]
    totals = [
        np.concatenate([np.zeros(1), np.cumsum(gathered.contributions[:, i], dtype=np.float64)])
        for i in range(gathered.contributions.shape[1])
    ]
    held = np.zeros((len(found), len(table)), bool)
    kept: list[list[tuple[Ints, Ints, Ints]]] = [[] for _ in found]
    with ExitStack() as files:
        names = (OCCURRENCES.file, Path(OCCURRENCES_BED).name)
        text, bed = (
            gzip_text(files.enter_context(atomic_path(output / name)), files) for name in names
        )
        columns = [*OCCURRENCES.names]
        if units.flank is not None:
            columns.insert(1, "position")
        text.write("\t".join(columns) + "\n")
        for part in Form.of(table).records(table.packed).chunks(CHUNK):
            records, rows = encoded(part), part.rows
            lines: list[tuple[Any, ...]] = []
            for number, (one, scanner) in enumerate(zip(found, scanners, strict=True)):
                hits = scanner.scan(records)
                hits = hits.of(_in_record(units, rows[hits.records], hits.starts, one.motif.width))
                own = rows[hits.records]
                held[number, own] = True
                best = best_places(own, hits.scores)
                kept[number].append((own[best], hits.starts[best], hits.reverse[best]))
                ends = hits.starts + one.motif.width
                sums = _contributions(gathered, totals[one.motif.output], own, hits.starts, ends)
                lines += zip(
                    own.tolist(), hits.starts.tolist(), [number] * len(own), ends.tolist(),
                    hits.reverse.tolist(), (hits.scores / np.log(2)).tolist(), hits.p.tolist(),
                    sums.tolist(), strict=True,
                )  # fmt: skip
            for row, begin, number, close, reverse, score, p, total in sorted(lines):
                start, end = (int(units.first[row]) + place for place in (begin, close))
                position = "" if units.flank is None else f"{units.position(row)}\t"
                strand = "+-"[reverse] if records.both or records.symbols == 4 else "."
                name = found[number].name
                shown = "" if np.isnan(total) else f"{total:.6g}"
                text.write(
                    f"{table.ids[row]}\t{position}{name}\t{start}\t{end}\t{strand}\t{score:.6g}\t"
                    f"{p:.3g}\t{shown}\n"
                )
                height = round(min(-100 * np.log10(max(p, 1e-10)), 1000))
                place = _place(table, row, start, end, strand)
                bed.write("{}\t{}\t{}\t{}\t{}\t{}\n".format(*place[:3], name, height, place[3]))
    placed = []
    for one, parts in zip(found, kept, strict=True):
        own, starts, reverse = (np.concatenate(part) for part in zip(*parts, strict=True))
        placed.append(Placed(own, starts, reverse, one.motif.width))
    return [_shares(held[number], table) for number in range(len(found))], placed


def _in_record(units: Units, rows: Ints, starts: Ints, width: int) -> Ints:
    """Which of these places are within the record and not beyond its ends: int64."""
    begin = units.first[rows] + starts
    return np.flatnonzero((begin >= 0) & (begin + width <= units.ends[rows]))


def _place(
    table: SequenceTable, row: int, start: int, end: int, strand: str
) -> tuple[str, int, int, str]:
    """Chromosome, start, end and strand of an occurrence; of other records, the id is the first."""
    windows = table.windows
    if windows is None or windows.numbers[row] < 0:
        return " ".join(table.ids[row].split()), start, end, strand
    first, last, turns = windows.on_chromosome(row, int(table.lengths[row]), start, end)
    chrom = windows.names[windows.numbers[row]]
    return chrom, first, last, strand.translate(OTHER) if turns else strand


def _contributions(
    gathered: Gathered, totals: Doubles, rows: Ints, starts: Ints, ends: Ints
) -> Doubles:
    """Summed contribution of windows of records; NaN if the record was not attributed."""
    if not len(gathered.rows):
        return np.full(len(rows), np.nan)
    places = np.minimum(np.searchsorted(gathered.rows, rows), len(gathered.rows) - 1)
    begins = gathered.records.offsets[places]
    known = gathered.rows[places] == rows
    first, last = np.where(known, begins + starts, 0), np.where(known, begins + ends, 0)
    return np.where(known, totals[last] - totals[first], np.nan)


def _shares(held: Bools, table: SequenceTable) -> dict[str, Any]:
    """Share of the records of each class that have an occurrence."""
    if not table.task.probabilistic:
        return {}
    belongs = table.task.counts(table.targets, table.classes) > 0
    return {
        f"occurs_{label}": float(held[belongs[:, i]].mean()) if belongs[:, i].any() else np.nan
        for i, label in enumerate(table.classes)
    }
