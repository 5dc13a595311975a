"""Records from a genome: the windows of the intervals in a BED or TSV file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bioseqrnn.config.checks.columns import unused_columns
from bioseqrnn.config.checks.tables import refuse_other_text, too_many_cells
from bioseqrnn.fasta.genome import Genome, reverse_complement
from bioseqrnn.fasta.interval_tables import (
    BED_COLUMNS,
    COLUMNS,
    cells_of,
    header_names,
    likely_form,
    names_not_read,
    refuse_other_format,
)
from bioseqrnn.fasta.user_tables import open_table
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

BLOCK_INTERVALS = 1_000
STRANDS = ("+", "-", ".")
# Python would also read 1_000 and digits of other scripts; no genome has positions of 19 digits
POSITION = re.compile(r"[+-]?[0-9]{1,18}")
# characters of a wrong position that a message repeats
SHOWN = 40


@dataclass(frozen=True)
class Interval:
    """A stretch of a chromosome, counted from 0, end excluded, as in BED.

    Attributes
    ----------
    line : int
        Line number in its file.
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
        """The given id, or else the position: ``chr1:100-300(+)``."""
        strand = "-" if self.strand == "-" else "+"
        return self.id or f"{self.chrom}:{self.start}-{self.end}({strand})"


def read_intervals(path: Path) -> Iterator[Interval]:
    """Yield the intervals of a BED file or of a TSV, plain or compressed.

    A TSV is recognized by a first line that names the columns chrom, start and end, and optionally
    strand, label, id, group. In BED, which may have a header too, the fourth column (name) is the
    label and the sixth the strand.

    Raises
    ------
    InputError
        A file in another format; a column name that differs from a known one in case, blanks or a
        letter; a line with fewer than three columns; positions that are not numbers or not a valid
        interval; an unknown strand.
    """
    for number, columns, cells in _lines(path):
        yield _interval(path, number, dict(zip(columns, cells, strict=False)))


def warn_of_unused(path: Path) -> None:
    """Warn of columns in the header that are not used."""
    first = next(_lines(path), None)
    if first and (unused := names_not_read(first[1])):
        say(f"warning: {unused_columns(path, unused, COLUMNS)}")


def _lines(path: Path) -> Iterator[tuple[int, tuple[str, ...], list[str]]]:
    """Yield line number, column names and cells of each interval."""
    columns: tuple[str, ...] = BED_COLUMNS
    header: list[str] = []
    first = True
    with open_table(path, "intervals") as handle:
        for number, line in enumerate(handle, start=1):
            if number == 1:
                refuse_other_text(path, line)
            if first:
                refuse_other_format(path, line)
            if not line.strip() or line.split(None, 1)[0] in ("track", "browser"):
                continue
            cells = cells_of(line)
            if first and not header and (names := header_names(path, line)):
                columns, header = tuple(names), cells
            # concatenated files repeat the header
            if line.startswith("#") or cells == header:
                continue
            if header and len(cells) > len(columns):
                if any(cells[len(columns) :]):
                    raise too_many_cells(path, number, cells, len(columns))
                cells = cells[: len(columns)]
            first = False
            yield number, columns, cells


def _interval(path: Path, line: int, cells: dict[str, str]) -> Interval:
    where = f"{path}: line {line}"
    if not all(cells.get(name) for name in ("chrom", "start", "end")):
        raise InputError(
            f"{where}: needs chromosome, start and end, separated by tabs; {likely_form(cells)}"
        )
    given = cells["start"], cells["end"]
    if not all(POSITION.fullmatch(text) for text in given):
        first, last = (text if len(text) <= SHOWN else f"{text[:SHOWN]}…" for text in given)
        raise InputError(f"{where}: start '{first}' and end '{last}' must be whole numbers")
    start, end = map(int, given)
    if not 0 <= start < end:
        raise InputError(
            f"{where}: {start}-{end} is not an interval; start and end must satisfy 0 <= start < "
            "end"
        )
    strand = cells.get("strand") or "."
    if strand not in STRANDS:
        raise InputError(
            f"{where}: strand '{strand}' is unknown; it must be one of {' '.join(STRANDS)}"
        )
    if cells.get("score") in ("+", "-"):
        raise InputError(
            f"{where}: the score is '{cells['score']}'; the fifth column of BED is the score and "
            "the sixth is the strand (or write the column names in the first line)"
        )
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

    The middle base (the second of two middle bases) is at ``window // 2`` of the record on both
    strands: on ``-`` halves are rounded the other way, because the record is read from its end.
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
    """Yield intervals, resized to windows, with their sequences.

    The letters are those of the genome; on ``-`` they are reverse complemented.

    Parameters
    ----------
    genome : Genome
    intervals : Path
    window : int, optional
        Length to which every interval is widened or narrowed around its middle.

    Raises
    ------
    InputError
        A chromosome that is not in the genome, or a window beyond its ends.
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
                    f"{where}: {row.chrom}:{start}-{end} extends past the end of the chromosome "
                    f"({length:,} bases); remove the line or use a smaller window"
                )
            sequence = genome.fetch(row.chrom, start, end)
            if row.strand == "-":
                sequence = reverse_complement(sequence)
            cut.append(
                Interval(row.line, row.chrom, start, end, row.strand, row.label, row.id, row.group)
            )
            sequences.append(sequence)
        yield cut, sequences
