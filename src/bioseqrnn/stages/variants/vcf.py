"""Rows of a VCF file, split at tabs: all fields that are not read stay as they are.

The format is that of the VCF specification 4.x (samtools.github.io/hts-specs). Only the columns
CHROM, POS, REF and ALT are interpreted, and the keys of INFO.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bioseqrnn.fasta.user_tables import open_text
from bioseqrnn.support.errors import InputError

COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
MISSING = "."
# Limits, so that a wrong or malicious file cannot fill the memory. A row of 500,000 samples with
# genotype, depths and likelihoods has about 25 million characters.
LONGEST_LINE = LONGEST_HEADER = 2**26
MOST_ALLELES = 1000
MOST_BLANK = 1000
# digits of POS: a number of 64 bits has up to 19
MOST_DIGITS = 18
# characters of a name that are shown in messages
SHOWN = 40
# a tab separates columns
CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes
    ----------
    cells : list of str
        The columns up to INFO, as in the file, and then all further ones in one text, if there are
        any.
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

    def __init__(self, path: Path, handle: TextIO) -> None:
        self.path, self._handle = path, handle
        self.header: list[str] = []
        self._line = self._blank = 0
        size = 0
        while (text := self._next()) is not None:
            if not text.startswith(("##", "#CHROM")):
                break
            self.header.append(text)
            size += len(text)
            if size > LONGEST_HEADER:
                raise InputError(
                    f"{path}: the header has more than {LONGEST_HEADER:,} characters; is it VCF?"
                )
            if text.startswith("#CHROM"):
                self._check_columns(text)
                return
        raise InputError(
            f"{path}: not VCF: there is no line '#CHROM …' with the column names before the first "
            "row; give the whole VCF file"
        )

    def _check_columns(self, line: str) -> None:
        names = line.split("\t", len(COLUMNS))
        if tuple(names[: len(COLUMNS)]) != COLUMNS:
            raise InputError(
                f"{self.path}: line {self._line}: the columns must be "
                f"{' '.join(COLUMNS)}, separated by tabs"
            )
        self._columns = line.count("\t") + 1

    @property
    def info_keys(self) -> set[str]:
        """Keys of the INFO fields that the header declares."""
        begin = "##INFO=<ID="
        lines = (line for line in self.header if line.startswith(begin))
        return {line.removeprefix(begin).split(",")[0].rstrip(">") for line in lines}

    def rows(self) -> Iterator[Row]:
        """Yield all rows; InputError if one is cut short, too long, or POS is no number."""
        number = 0
        while (text := self._next()) is not None:
            number += 1
            where = f"{self.path}: row {number}"
            columns = text.count("\t") + 1
            if columns != self._columns:
                raise InputError(
                    f"{where}: has {columns} columns, but the header has {self._columns}; is "
                    "the file complete, and are its columns separated by tabs?"
                )
            cells = text.split("\t", len(COLUMNS))
            if not cells[1].isascii() or not cells[1].isdigit() or len(cells[1]) > MOST_DIGITS:
                raise InputError(
                    f"{where}: POS '{abridged(cells[1])}' is not a whole number"
                    + (f" of at most {MOST_DIGITS} digits" if cells[1].isdigit() else "")
                )
            if cells[4].count(",") >= MOST_ALLELES:
                raise InputError(
                    f"{where}: has {cells[4].count(',') + 1:,} ALT alleles; split rows of more "
                    f"than {MOST_ALLELES:,}, as by 'bcftools norm -m-'"
                )
            if not cells[3] or "" in cells[4].split(","):
                raise InputError(f"{where}: REF or ALT is empty; write '.' for no allele")
            yield Row(cells, int(cells[1]))

    def _next(self) -> str | None:
        """Return the next line that is not blank, without its end; None at the end of the file."""
        while line := self._handle.readline(LONGEST_LINE + 1):
            self._line += 1
            where = f"{self.path}: line {self._line}"
            if len(line) > LONGEST_LINE:
                raise InputError(
                    f"{where}: has more than {LONGEST_LINE:,} characters; is it VCF? Take samples "
                    "out, which are not needed, as by 'bcftools view -G'"
                )
            text = line.rstrip("\r\n")
            if odd := CONTROL.search(text):
                raise InputError(
                    f"{where}: contains the control character {odd[0]!a}; remove it, or make the "
                    "file again"
                )
            if text:
                return text
            self._blank += 1
            if self._blank > MOST_BLANK:
                raise InputError(f"{where}: is blank, as {MOST_BLANK:,} before it; is it VCF?")
        return None


def abridged(text: str) -> str:
    """Return the beginning of a text, for messages."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


@contextmanager
def open_vcf(path: Path) -> Iterator[VcfFile]:
    """Open a VCF file, plain or compressed.

    Raises
    ------
    InputError
        The file is missing, binary (BCF), or has no line of column names.
    """
    with open_text(path, "VCF") as handle:
        try:
            file = VcfFile(path, handle)
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path}: not VCF text in UTF-8; convert BCF with 'bcftools view'"
            ) from error
        yield file
