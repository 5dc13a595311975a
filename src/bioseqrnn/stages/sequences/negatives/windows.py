"""Random genome windows that match sequences in length and G+C content, but share no part."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate, islice
from pathlib import Path

from bioseqrnn.fasta.genome import Genome, reverse_complement
from bioseqrnn.onehot.shuffle import record_seed
from bioseqrnn.stages.sequences.negatives.kmers import KmerSet
from bioseqrnn.support.errors import InputError

TOLERANCE = 0.02
STEPS = 4  # tolerance 0.02, 0.04, 0.08, 0.16
TRIES = 2_000  # at each of them
BATCH = 1_000


class GenomeWindows:
    """Windows of a genome, each matched to one sequence of a set of positives.

    A window is as long as its positive and comes from either strand. Its G+C fraction differs from
    that of the positive by at most ``tolerance`` or one base, whichever is more. It contains only
    A, C, G and T, overlaps no positive interval and no earlier window, and shares no 24-mer with a
    positive on either strand (a shorter window is not part of a positive). The genome stays on
    disk. The windows depend on the genome, the positives, the intervals, the seed and the order of
    the requests.

    Parameters
    ----------
    genome : Path
        FASTA, as ``Genome`` reads it; nothing is written beside it.
    positives : iterable of str
        More can be added by ``add_positives``, before the first ``match``.
    intervals : iterable of (str, int, int)
        Chromosome, start and end of the positives whose position is known; counted from 0, end
        excluded.
    seed : int
    tolerance : float
        Of the G+C fraction. After 2,000 tries without a window it is doubled, at most three times.

    Attributes
    ----------
    widened : int
        Number of windows that needed a wider tolerance.
    missing : int
        Number of requests without a window.

    Raises
    ------
    InputError
        The genome cannot be read or indexed, or an interval does not lie in it.
    """

    def __init__(
        self,
        genome: Path,
        positives: Iterable[str] = (),
        intervals: Iterable[tuple[str, int, int]] = (),
        seed: int = 0,
        tolerance: float = TOLERANCE,
    ) -> None:
        self.seed, self.tolerance = seed, tolerance
        self.widened = self.missing = 0
        self._genome = Genome(Path(genome))
        self._names = list(self._genome.lengths)
        self._lengths = list(self._genome.lengths.values())
        self._taken = self._merged(intervals)
        self._kmers = KmerSet()
        remaining = iter(positives)
        while batch := list(islice(remaining, BATCH)):
            self.add_positives(batch)

    def add_positives(self, sequences: list[str]) -> None:
        """Add sequences with which windows must share no part."""
        self._kmers.add(sequences)

    def match(self, record_id: str, sequence: str, draw: int = 0) -> tuple[str, str] | None:
        """Draw a window for a positive.

        Parameters
        ----------
        record_id : str
        sequence : str
            The positive, in any case; ambiguity codes count in its length, but not in its G+C
            fraction.
        draw : int
            A different number draws different windows for the same positive.

        Returns
        -------
        id : str
            ``chr1:100-300(+)``: counted from 0, end excluded; ``-`` is the other strand.
        sequence : str
            Upper case.
        Or None
            if none was found at the widest tolerance, or the positive has no unambiguous base.
        """
        text = sequence.upper().replace("U", "T")
        length, bases, strong = len(text), _count(text, "ACGT"), _count(text, "CG")
        ends = list(accumulate(max(0, chromosome - length + 1) for chromosome in self._lengths))
        if not bases or not ends or not ends[-1]:
            self.missing += 1
            return None
        for step in range(STEPS):
            # in bases of the window; slightly more, because of rounding
            allowed = max(1.0, self.tolerance * 2**step * length) + 1e-9
            for trial in range(TRIES):
                bits = record_seed(self.seed, record_id, (draw << 32) + step * TRIES + trial)
                choice, minus = divmod(bits * 2 * ends[-1] >> 64, 2)
                # `choice` is the index among all possible starts, chromosome after chromosome
                chromosome = bisect_right(ends, choice)
                start = choice - (ends[chromosome - 1] if chromosome else 0)
                name = self._names[chromosome]
                if self._taken[name].overlaps(start, start + length):
                    continue
                window = self._genome.fetch(name, start, start + length).upper()
                if (
                    _count(window, "ACGT") == length
                    and abs(_count(window, "CG") - strong / bases * length) <= allowed
                    and not self._kmers.shares(window)
                ):
                    self._taken[name].add(start, start + length)
                    self.widened += step > 0
                    place = f"{name}:{start}-{start + length}({'-' if minus else '+'})"
                    return place, reverse_complement(window) if minus else window
        self.missing += 1
        return None

    def _merged(self, intervals: Iterable[tuple[str, int, int]]) -> dict[str, _Intervals]:
        """Check intervals against the genome and merge those that touch."""
        lengths = self._genome.lengths
        spans: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for name, start, end in intervals:
            if name not in lengths:
                raise InputError(
                    f"genome {self._genome.path}: has no sequence '{name}', which is the "
                    f"chromosome of a positive; its first sequence is '{self._names[0]}'; use the "
                    "same names and assembly"
                )
            if not 0 <= start <= end <= lengths[name]:
                raise InputError(
                    f"genome {self._genome.path}: the positive interval {name}:{start}-{end} is "
                    f"not within its {lengths[name]} bases; does it belong to another assembly?"
                )
            spans[name].append((start, end))
        merged = {}
        for name in self._names:
            merged[name] = _Intervals()
            last = (0, 0)
            for start, end in sorted(spans.pop(name, [])):
                if start <= last[1]:
                    last = (last[0], max(last[1], end))
                else:
                    merged[name].append(*last)
                    last = (start, end)
            merged[name].append(*last)
        return merged


def place_of(name: str) -> tuple[str, int, str]:
    """Return chromosome, first base and strand of a window with a name like ``chr1:100-300(+)``."""
    chrom, _, place = name.rpartition(":")
    return chrom, int(place.split("-", 1)[0]), place[-2]


class _Intervals:
    """Intervals of one chromosome that do not overlap, in order; 16 bytes each."""

    def __init__(self) -> None:
        self.starts, self.ends = array("q"), array("q")

    def append(self, start: int, end: int) -> None:
        if start < end:
            self.starts.append(start)
            self.ends.append(end)

    def add(self, start: int, end: int) -> None:
        place = bisect_left(self.starts, start)
        self.starts.insert(place, start)
        self.ends.insert(place, end)

    def overlaps(self, start: int, end: int) -> bool:
        before = bisect_left(self.starts, end) - 1
        return before >= 0 and self.ends[before] > start


def _count(text: str, letters: str) -> int:
    return sum(map(text.count, letters))
