"""Rows of a VCF file, split at tabs: all fields that are not read stay as they are.

The format is that of the VCF specification 4.x (samtools.github.io/hts-specs). Only the columns
CHROM, POS, REF and ALT are interpreted, and the keys of INFO.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.fasta.user_tables import open_table
from bioseqrnn.support.errors import InputError

COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
MISSING = "."


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes
    ----------
    cells : list of str
        All columns, as in the file.
    position : int
        POS, counted from 1; 0 is the telomere before the first base.
    """

    cells: list[str]
    position: int

    @property
    def chrom(self) -> str:
        """Name of the contig."""
        return self.cells[0]

    @property
    def ref(self) -> str:
        """REF, as in the file."""
        return self.cells[3]

    @property
    def alternates(self) -> list[str]:
        """The alleles of ALT; ``["."]`` if there is none."""
        return self.cells[4].split(",")


class VcfFile:
    """An open VCF file.

    Attributes
    ----------
    path : Path
    header : list of str
        Lines that begin with ``##``, and the line of column names, without line ends.
    """

    def __init__(self, path: Path, handle: Iterator[str]) -> None:
        self.path, self._handle = path, handle
        self.header: list[str] = []
        for line in handle:
            text = line.rstrip("\r\n")
            if text.startswith("##") or (text and text.startswith("#CHROM")):
                self.header.append(text)
            elif text:
                break
            if text.startswith("#CHROM"):
                self._check_columns(text)
                return
        raise InputError(
            f"{path}: not VCF: there is no line '#CHROM …' with the column names before the first "
            "row; give the whole VCF file"
        )

    def _check_columns(self, line: str) -> None:
        names = line.split("\t")
        if tuple(names[: len(COLUMNS)]) != COLUMNS:
            raise InputError(
                f"{self.path}: line {len(self.header)}: the columns must be "
                f"{' '.join(COLUMNS)}, separated by tabs"
            )
        self._columns = len(names)

    @property
    def info_keys(self) -> set[str]:
        """Keys of the INFO fields that the header declares."""
        begin = "##INFO=<ID="
        lines = (line for line in self.header if line.startswith(begin))
        return {line.removeprefix(begin).split(",")[0].rstrip(">") for line in lines}

    def rows(self) -> Iterator[Row]:
        """Yield all rows; InputError if a row is cut short or POS is no number."""
        for number, line in enumerate(self._handle, start=len(self.header) + 1):
            text = line.rstrip("\r\n")
            if not text:
                continue
            cells = text.split("\t")
            where = f"{self.path}: row {number - len(self.header)}"
            if len(cells) != self._columns:
                raise InputError(
                    f"{where}: has {len(cells)} columns, but the header has {self._columns}; is "
                    "the file complete, and are its columns separated by tabs?"
                )
            if not cells[1].isascii() or not cells[1].isdigit():
                raise InputError(f"{where}: POS '{cells[1]}' is not a whole number")
            if not cells[3] or "" in cells[4].split(","):
                raise InputError(f"{where}: REF or ALT is empty; write '.' for no allele")
            yield Row(cells, int(cells[1]))


@contextmanager
def open_vcf(path: Path) -> Iterator[VcfFile]:
    """Open a VCF file, plain or compressed.

    Raises
    ------
    InputError
        The file is missing, binary (BCF), or has no line of column names.
    """
    with open_table(path, "VCF") as handle:
        try:
            file = VcfFile(path, handle)
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path}: not VCF text in UTF-8; convert BCF with 'bcftools view'"
            ) from error
        yield file
