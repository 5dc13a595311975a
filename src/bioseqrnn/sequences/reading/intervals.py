"""BED or TSV intervals over a genome: their windows as records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file
from bioseqrnn.sequences.reading.genome import Genome, reverse_complement

BLOCK_INTERVALS = 1_000
STRANDS = ("+", "-", ".")
BED_COLUMNS = ("chrom", "start", "end", "label", "score", "strand")


@dataclass(frozen=True)
class Interval:
    """A stretch of a chromosome, counted from 0, end excluded, as in BED.

    Attributes
    ----------
    line : int
        Where it stands in its file.
    chrom : str
    start, end : int
    strand : str
        ``+``, ``-`` (the reverse complement is meant) or ``.`` (read as ``+``).
    label, id, group : str or None
    """

    line: int
    chrom: str
    start: int
    end: int
    strand: str = "."
    label: str | None = None
    id: str | None = None
    group: str | None = None

    @property
    def name(self) -> str:
        """The given id, or the place: ``chr1:100-300(+)``."""
        strand = "-" if self.strand == "-" else "+"
        return self.id or f"{self.chrom}:{self.start}-{self.end}({strand})"


def read_intervals(path: Path) -> Iterator[Interval]:
    """Yield the intervals of a BED file or of a TSV.

    A TSV is known by a first line that names the columns chrom, start and end, and optionally
    strand, label, id, group. In BED the fourth column (name) is the label, the sixth the strand.

    Raises
    ------
    InputError
        A line without three columns, positions that are no numbers or no interval, an odd strand.
    """
    require_file(path, "intervals")
    columns: tuple[str, ...] = BED_COLUMNS
    try:
        with path.open(encoding="utf-8-sig") as handle:
            for number, line in enumerate(handle, start=1):
                text = line.rstrip("\r\n")
                if not text.strip() or text.split(None, 1)[0] in ("track", "browser"):
                    continue
                cells = [cell.strip() for cell in text.lstrip("#").split("\t")]
                if columns is BED_COLUMNS and {"chrom", "start", "end"} <= set(cells):
                    columns = tuple(cells)
                    continue
                if text.startswith("#"):
                    continue
                if len(cells) < 3:
                    cells = text.split()
                if columns is not BED_COLUMNS and len(cells) > len(columns):
                    raise InputError(f"{path}: line {number}: more cells than the header")
                yield _interval(path, number, dict(zip(columns, cells, strict=False)))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text; is it BED or TSV?") from error


def _interval(path: Path, line: int, cells: dict[str, str]) -> Interval:
    where = f"{path}: line {line}"
    if not all(cells.get(name) for name in ("chrom", "start", "end")):
        raise InputError(
            f"{where}: needs chromosome, start and end, separated by tabs; is it BED or TSV?"
        )
    try:
        start, end = int(cells["start"]), int(cells["end"])
    except ValueError:
        raise InputError(
            f"{where}: start '{cells['start']}' and end '{cells['end']}' must be whole numbers"
        ) from None
    if not 0 <= start < end:
        raise InputError(f"{where}: {start}-{end} is no interval; 0 <= start < end is needed")
    strand = cells.get("strand") or "."
    if strand not in STRANDS:
        raise InputError(f"{where}: strand '{strand}' is unknown; it is one of {' '.join(STRANDS)}")
    label = cells.get("label")
    return Interval(
        line,
        cells["chrom"],
        start,
        end,
        strand,
        None if label == "." else label or None,
        cells.get("id") or None,
        cells.get("group") or None,
    )


def resized(interval: Interval, window: int | None) -> tuple[int, int]:
    """Return start and end of the window around the middle of an interval.

    The base in the middle (of two the second) stands at ``window // 2`` of the record on either
    strand: on ``-`` halves are rounded the other way, as the record is read from its end.
    """
    if window is None:
        return interval.start, interval.end
    ends = interval.start + interval.end
    if interval.strand == "-":
        end = (ends + 1) // 2 + window // 2
        return end - window, end
    start = ends // 2 - window // 2
    return start, start + window


def interval_windows(
    genome: Genome, intervals: Path, window: int | None
) -> Iterator[tuple[list[Interval], list[str]]]:
    """Yield intervals, cut to windows, with their sequences as they stand in the genome.

    Parameters
    ----------
    genome : Genome
    intervals : Path
    window : int, optional
        Length that every interval is widened or narrowed to, around its middle.

    Raises
    ------
    InputError
        A chromosome that the genome does not have, a window beyond its ends.
    """
    rows = read_intervals(intervals)
    while block := list(islice(rows, BLOCK_INTERVALS)):
        cut, sequences = [], []
        for row in block:
            start, end = resized(row, window)
            where = f"{intervals}: line {row.line}"
            length = genome.lengths.get(row.chrom)
            if length is None:
                known = ", ".join(list(genome.lengths)[:5])
                more = " …" if len(genome.lengths) > 5 else ""
                raise InputError(
                    f"{where}: no chromosome '{row.chrom}' in {genome.path} (it has {known}{more})"
                )
            if start < 0 or end > length:
                raise InputError(
                    f"{where}: {row.chrom}:{start}-{end} reaches beyond the chromosome "
                    f"({length:,} bases); remove the line or take a smaller window"
                )
            sequence = genome.fetch(row.chrom, start, end)
            if row.strand == "-":
                sequence = reverse_complement(sequence)
            cut.append(
                Interval(row.line, row.chrom, start, end, row.strand, row.label, row.id, row.group)
            )
            sequences.append(sequence)
        yield cut, sequences
