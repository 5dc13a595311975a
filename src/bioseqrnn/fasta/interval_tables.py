"""Formats of interval tables: BED, BED with a header, TSV, and formats mistaken for them."""

from __future__ import annotations

import re
from pathlib import Path

from bioseqrnn.config.checks.columns import SEPARATORS, Columns, check_header
from bioseqrnn.support.errors import InputError

BED_COLUMNS = ("chrom", "start", "end", "label", "score", "strand")
COLUMNS = Columns(
    ("chrom", "start", "end"),
    ("strand", "label", "id", "group"),
    {"chr": "chrom", "chromosome": "chrom", "seqname": "chrom", "seqnames": "chrom",
     "seqid": "chrom", "contig": "chrom", "scaffold": "chrom", "ref": "chrom",
     "chromstart": "start", "begin": "start", "from": "start", "txstart": "start",
     "chromend": "end", "stop": "end", "to": "end", "txend": "end"},
)  # fmt: skip
# Column names of UCSC
UCSC = {"chromStart": "start", "chromEnd": "end"}
# Columns of BED and of its ENCODE extensions that are not used; there is no warning of them
BED_MORE = (
    "score", "thickStart", "thickEnd", "itemRgb", "blockCount", "blockSizes", "blockStarts",
    "signalValue", "pValue", "qValue", "peak", "bin",
)  # fmt: skip
NEEDED = (
    "intervals are BED or a TSV with the columns chrom, start (counted from 0) and end (excluded)"
)
FORMATS = {
    "##gff-version": "GFF",
    "##fileformat=VCF": "VCF",
    "#CHROM\tPOS": "VCF",
    "@HD\t": "SAM or a Picard interval list",
    "@SQ\t": "SAM or a Picard interval list",
    "fixedStep": "wiggle",
    "variableStep": "wiggle",
    "track type=wiggle": "wiggle",
}


def refuse_other_format(path: Path, line: str) -> None:
    """Raise InputError if a line belongs to another format for regions of a genome."""
    found = next((name for start, name in FORMATS.items() if line.startswith(start)), None)
    cells = line.rstrip("\r\n").split("\t")
    # name, source, kind, start, end, score, strand, frame, attributes
    if len(cells) in (8, 9) and cells[3].isdigit() and cells[4].isdigit() and cells[6] in "+-.?":
        found = "GFF or GTF" if not (cells[1].isdigit() and cells[2].isdigit()) else found
    if found:
        one = " (its positions start at 1)" if found.startswith(("GFF", "VCF", "SAM")) else ""
        raise InputError(f"{path}: is {found}; {NEEDED}; convert it{one}")


def cells_of(line: str) -> list[str]:
    """Return the cells of a line, without a comment mark; it is split at tabs, else at blanks."""
    text = line.rstrip("\r\n").lstrip("#")
    cells = [cell.strip() for cell in text.split("\t")]
    return text.split() if len(cells) < 3 else cells


def header_names(path: Path, line: str) -> list[str]:
    """Return the column names if a line is a header, else an empty list.

    UCSC column names are replaced by the names used here, ``name`` in the fourth column by
    ``label``.

    Raises
    ------
    InputError
        A header that lacks a column, or misspells one.
    """
    comment = line.startswith("#")
    if not comment and (found := re.match(r"[^\s,;]+\s*([,;])\s*[^\s,;]+\s*\1", line)):
        separator = SEPARATORS[found[1]]
        raise InputError(f"{path}: separated by {separator}; columns must be separated by tabs")
    names = [UCSC.get(cell, cell) for cell in cells_of(line)]
    named = COLUMNS.named_in(names)
    whole = {"chrom", "start", "end"} <= named
    if comment and "\t" not in line:
        # a sentence can contain these words too
        whole = _begins_as_bed(names)
    numbers = any(re.fullmatch(r"-?\d+", name) for name in names)
    if not whole and (comment or numbers or not named):
        return []
    if comment and _is_bed(names):
        names = [*BED_COLUMNS[:3], *names[3:]]
    if names[3:4] == ["name"] and "label" not in names:
        names[3] = "label"
    check_header(path, names, COLUMNS)
    return names


def _is_bed(names: list[str]) -> bool:
    """Return whether a commented header has the BED columns in order, by any usual name."""
    rest = [("name", "label"), ("score",), ("strand",)]
    return _begins_as_bed(names) and all(
        name in allowed for name, allowed in zip(names[3:], rest, strict=False)
    )


def _begins_as_bed(names: list[str]) -> bool:
    return [COLUMNS.named_in([name]) for name in names[:3]] == [{"chrom"}, {"start"}, {"end"}]


def likely_form(cells: dict[str, str]) -> str:
    """Return a hint on what a line with fewer than three columns may be."""
    region = re.fullmatch(r"(\S+):([\d,]+)(-|\.\.)([\d,]+)", cells.get("chrom") or "")
    if region:
        return "the region 'chr1:101-200' is written as chr1, 100 and 200 in BED"
    return "is it BED or TSV?"


def names_not_read(names: tuple[str, ...]) -> list[str]:
    """Return the columns of a header that are not used, except those of BED."""
    return [name for name in names if name not in COLUMNS.known and name not in BED_MORE]
