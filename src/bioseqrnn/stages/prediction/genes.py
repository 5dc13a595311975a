"""Genes from the coding probability of each base: open reading frames of both strands, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bioseqrnn.inference.windows import Windows
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.onehot.packing import Packed, unpack
from bioseqrnn.stages.prediction.orfs import BASES, LIMITS, UNKNOWN, Limits, best_chain, is_stop
from bioseqrnn.support.arrays import Codes, Doubles, Ints

# bases without a coding one that part two loci of a strand; half of them belong to each
APART = 600
# A locus that is longer is divided where its coding bases are farthest apart, to bound memory
LONGEST = 500_000
# bases that are unpacked at a time, an even number
CHUNK = 2**16


@dataclass(frozen=True)
class Cds:
    """A coding sequence.

    Attributes
    ----------
    start, end : int
        Bases of the record, from 0, end excluded, stop codon included.
    strand : {"+", "-"}
    phase : int
        Bases before the first whole codon.
    probability : float
        Mean probability that its bases are coding on its strand.
    codon : str
        Its start codon; empty if it begins outside of the record.
    ends : bool
        Whether its stop codon is in the record.
    """

    start: int
    end: int
    strand: str
    phase: int
    probability: float
    codon: str
    ends: bool


class StrandCaller:
    """Calls the genes of one strand of a record, while its probabilities come in parts.

    Coding bases (those with a probability above ``limits.coding``) with fewer than ``APART`` others
    between them are a locus. Genes are called in each locus and ``APART / 2`` bases on its sides as
    soon as it is complete, so the genes do not depend on the parts.

    Parameters
    ----------
    strand : {"+", "-"}
    genetic_code : int
    limits : Limits
    """

    def __init__(self, strand: str, genetic_code: int, limits: Limits = LIMITS) -> None:
        self._strand, self._code, self._limits = strand, genetic_code, limits
        self.begin()

    def begin(self) -> None:
        """Begin a record."""
        self.waiting = 0
        self._kept = np.zeros(0)

    def add(self, packed: Packed, row: int, coding: Doubles) -> Iterator[Cds]:
        """Yield the genes of the loci that are complete with the next part of a record.

        Afterwards ``waiting`` is the first base that a gene to come can have.

        Parameters
        ----------
        packed : Packed
        row : int
            The record in it.
        coding : float64 [bases]
            Probabilities of the next bases.
        """
        first = self.waiting
        values = np.concatenate([self._kept, coding])
        end, length = first + len(values), int(packed.lengths[row])
        hot = np.flatnonzero(values > self._limits.coding)
        breaks = np.flatnonzero(np.diff(hot) > APART)
        begins, lasts = np.append(hot[:1], hot[breaks + 1]), np.append(hot[breaks], hot[-1:])
        keep = max(0, len(values) - APART // 2)
        for begin, last in zip(begins.tolist(), lasts.tolist(), strict=True):
            left, right = max(0, begin - APART // 2), min(len(values), last + 1 + APART // 2)
            if end < length and last + APART >= len(values):
                if len(values) - begin <= LONGEST:
                    keep = left
                    break
                keep = right = _widest_gap(hot[hot >= (begin + len(values)) // 2], len(values))
            yield from self._called(packed, row, first + left, values[left:right])
        if end == length:
            keep = len(values)
        self.waiting, self._kept = first + keep, values[keep:].copy()

    def _called(self, packed: Packed, row: int, first: int, coding: Doubles) -> Iterator[Cds]:
        """Yield the genes of the bases from ``first`` on, in order of their starts."""
        bases, size = bases_of(packed, row, first, len(coding)), len(coding)
        edges = (first == 0, first + size == packed.lengths[row])
        forward = self._strand == "+"
        if not forward:
            # a base and its complement add up to 3
            bases = np.where(bases < UNKNOWN, 3 - bases, UNKNOWN)[::-1].astype(np.uint8)
            coding, edges = coding[::-1], edges[::-1]
        chain = best_chain(bases, np.ascontiguousarray(coding), edges, self._code, self._limits)
        for start, end, phase, begins in (chain if forward else chain[::-1]).tolist():
            whole = (end - start - phase) % 3 == 0
            yield Cds(
                first + (start if forward else size - end),
                first + (end if forward else size - start),
                self._strand,
                phase,
                float(coding[start:end].mean()),
                "".join(BASES[base] for base in bases[start : start + 3]) if begins else "",
                ends=whole and is_stop(bases[end - 3 : end], self._code),
            )


def _widest_gap(hot: Ints, end: int) -> int:
    """A place in the middle of the widest gap between some coding bases."""
    if len(hot) < 2:
        return end
    widest = int(np.diff(hot).argmax())
    return int(hot[widest] + hot[widest + 1] + 1) // 2


def bases_of(packed: Packed, row: int, first: int, count: int) -> Codes:
    """Bases of a stretch of a record as 0 to 3, or ``UNKNOWN``: uint8 [count]."""
    # a byte of packed bases begins at an even base
    even = first // 2 * 2
    window = Windows(np.zeros(1, np.int64), np.array([even]), np.array([first + count - even]))
    cut = window.of(packed, DNA.width, np.array([row]))
    codes = np.empty(int(window.lengths[0]), np.uint8)
    for start in range(0, len(codes), CHUNK):
        size = min(CHUNK, len(codes) - start)
        part = Packed(cut.data, cut.offsets + start // 2, np.array([size]))
        onehot, _ = unpack(part, np.zeros(1, np.int64), DNA)
        codes[start : start + size] = np.where(
            onehot[0].max(axis=1) == 1, onehot[0].argmax(axis=1), UNKNOWN
        )
    return codes[first - even :]
