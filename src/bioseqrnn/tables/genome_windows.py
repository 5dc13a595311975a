"""Records that are windows of a genome: from places in a record to places on its chromosome."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from bioseqrnn.support.arrays import Bools, Ints


@dataclass(frozen=True)
class GenomeWindows:
    """Places of records that are windows of a genome.

    Attributes
    ----------
    chroms : list of str
        Genome and chromosome, like ``genome.fa:chr1``.
    numbers : int64 [n]
        Index in ``chroms`` of each record; -1 for a record that is no window.
    starts : int64 [n]
        First base, counted from 0.
    reverse : bool [n]
        Whether the record is the reverse complement.
    """

    chroms: list[str]
    numbers: Ints
    starts: Ints
    reverse: Bools

    @cached_property
    def names(self) -> list[str]:
        """Names of the chromosomes, without the genome if there is only one."""
        genomes = {name.partition(":")[0] for name in self.chroms}
        return (
            [name.partition(":")[2] for name in self.chroms] if len(genomes) == 1 else self.chroms
        )

    def on_chromosome(self, row: int, length: int, start: int, end: int) -> tuple[int, int, bool]:
        """Return start and end of a stretch of a record on its chromosome, and whether it turns.

        Parameters
        ----------
        row, length : int
            The record, and its residues.
        start, end : int
            Residues of the record, counted from 0, end excluded.
        """
        first = int(self.starts[row])
        if self.reverse[row]:
            return first + length - end, first + length - start, True
        return first + start, first + end, False
