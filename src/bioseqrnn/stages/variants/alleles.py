"""The two windows of a variant, or the reason why it has none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.fasta.genome import Genome
from bioseqrnn.onehot.alphabet import DNA, GAPS
from bioseqrnn.stages.variants.vcf import MISSING, Row, abridged
from bioseqrnn.support.errors import InputError

# why an allele has no score: docs/variants.md explains each
NO_CONTIG, OUTSIDE, MISMATCH = "no_contig", "outside_contig", "ref_mismatch"
NO_ALT, SPANNING, SYMBOLIC = "no_alt", "spanning_deletion", "symbolic"
BREAKEND, NOT_BASES, SAME = "breakend", "not_bases", "same_as_ref"
SHORT, LONG, GAP = "short_contig", "long_allele", "gap_in_window"
REASONS = (
    NO_CONTIG, OUTSIDE, MISMATCH, NO_ALT, SPANNING, SYMBOLIC, BREAKEND, NOT_BASES, SAME, SHORT,
    LONG, GAP,
)  # fmt: skip
# bases of a contig that are read at once: neighbouring variants are in the same stretch
STRETCH = 2**16
NAMED = 5


@dataclass(frozen=True)
class Allele:
    """One ALT allele of a row.

    Attributes
    ----------
    alt : str
    start : int
        First base of the window with REF on the contig, counted from 0; -1 without windows.
    ref_window, alt_window : str
        Sequences of equal length on the forward strand; empty without windows.
    reason : str
        Why there are no windows; empty if there are.
    """

    alt: str
    start: int = -1
    ref_window: str = ""
    alt_window: str = ""
    reason: str = ""


class Windows:
    """Cuts the windows of variants out of a genome.

    Parameters
    ----------
    genome : Genome
    size : int
        Bases of a window.

    Attributes
    ----------
    reasons : Counter
        Alleles by reason; those with windows under the empty one.
    """

    def __init__(self, genome: Genome, size: int) -> None:
        self._genome, self._size = genome, size
        self._held = ("", 0, "")
        self._unknown: dict[str, None] = {}
        self._matching = self._mismatching = 0
        self.reasons: Counter[str] = Counter()

    def alleles(self, row: Row) -> list[Allele]:
        """Return the alleles of a row, in the order of ALT."""
        common = self._refusal(row)
        found = [self._allele(row, alt, common) for alt in row.alternates]
        self.reasons.update(allele.reason for allele in found)
        return found

    def _refusal(self, row: Row) -> str:
        """Why no allele of a row has windows; empty if REF is what the genome has."""
        length = self._genome.lengths.get(row.chrom)
        if length is None:
            if len(self._unknown) < NAMED + 1:
                self._unknown[row.chrom] = None
            return NO_CONTIG
        start = row.position - 1
        if start < 0 or start + len(row.ref) > length:
            self._mismatching += 1
            return OUTSIDE
        if not agrees(row.ref, self._text(row.chrom, start, start + len(row.ref))):
            self._mismatching += 1
            return MISMATCH
        self._matching += 1
        return ""

    def _allele(self, row: Row, alt: str, common: str) -> Allele:
        reason = common or _kind(alt, row.ref)
        if reason:
            return Allele(alt, reason=reason)
        start, end = row.position - 1, row.position - 1 + len(row.ref)
        length = self._genome.lengths[row.chrom]
        first = max(0, min((start + end) // 2 - self._size // 2, length - self._size))
        last = first + self._size
        if length < self._size:
            return Allele(alt, reason=SHORT)
        if start < first or max(end, start + len(alt)) > last:
            return Allele(alt, reason=LONG)
        ref = self._text(row.chrom, first, last)
        # the window of ALT begins where that of REF does; bases that a deletion takes away are
        # replaced by those that follow, and at the end of the contig by those before
        following = self._text(row.chrom, end, min(length, last + len(row.ref)))
        changed = (ref[: start - first] + alt + following)[: self._size]
        missing = self._size - len(changed)
        if missing > first:
            return Allele(alt, reason=SHORT)
        changed = self._text(row.chrom, first - missing, first) + changed
        if any(gap in ref + changed for gap in GAPS):
            return Allele(alt, reason=GAP)
        return Allele(alt, first, ref, changed)

    def _text(self, name: str, start: int, end: int) -> str:
        held, first, text = self._held
        if held != name or start < first or end > first + len(text):
            # most files are sorted: the next variants follow
            first = max(0, start - 2 * self._size)
            last = min(self._genome.lengths[name], max(end, start + STRETCH))
            text = self._genome.fetch(name, first, last)
            self._held = name, first, text
        return text[start - first : end - first]

    def check(self, vcf: Path) -> None:
        """Raise InputError if no row fits the genome: the VCF file is of another one."""
        scorable = self._matching + self._mismatching
        if self._unknown and not scorable:
            raise InputError(
                f"{vcf}: none of its contigs ({_some(list(self._unknown))}) is in "
                f"{self._genome.path} ({_some(list(self._genome.lengths))}); give the genome that "
                "the VCF was made with, or rename the contigs in one of them"
            )
        if scorable and not self._matching:
            raise InputError(
                f"{vcf}: REF differs from {self._genome.path} in all {scorable:,} rows: VCF of "
                "another genome; give the genome that it was made with"
            )


def agrees(ref: str, genome: str) -> bool:
    """Whether REF is what the genome has.

    Case does not matter. Where the genome has an ambiguity code, REF may have this code, N, or the
    first base of the code in alphabetical order (VCF specification 4.3, section 1.6.1).
    """
    one, other = ref.upper().replace("U", "T"), genome.upper().replace("U", "T")
    if one == other:
        return True
    return len(one) == len(other) and all(
        a == b or (len(DNA.codes.get(b, b)) > 1 and a in ("N", DNA.codes[b][0]))
        for a, b in zip(one, other, strict=True)
    )


def _kind(alt: str, ref: str) -> str:
    """Why an allele is no sequence of bases that differs from REF; empty if it is one."""
    if alt == MISSING:
        return NO_ALT
    if alt == "*":
        return SPANNING
    if alt.startswith("<"):
        return SYMBOLIC
    if any(mark in alt for mark in "[]."):
        return BREAKEND
    if not set((alt + ref).upper()) <= set(DNA.letters):
        return NOT_BASES
    return SAME if alt.upper() == ref.upper() else ""


def _some(names: list[str]) -> str:
    return ", ".join(map(abridged, names[:NAMED])) + (" …" if len(names) > NAMED else "")
