"""Negatives made from positives: shuffled sequences, or windows of a genome that match them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from bioseqrnn.fasta.genome import reverse_complement
from bioseqrnn.onehot.alphabet import DNA, Alphabet
from bioseqrnn.onehot.shuffle import record_seed, shuffle
from bioseqrnn.stages.sequences.negatives.windows import GenomeWindows
from bioseqrnn.support.errors import InputError

METHODS = ("shuffle", "genome")
ATTEMPTS = 20


def clean(sequence: str) -> str:
    """Return the residues only: upper case, without gaps ('-', '.') and one final stop ('*')."""
    return sequence.replace("-", "").replace(".", "").upper().removesuffix("*")


class Negatives:
    """Makes negatives, block by block, none of them equal to a positive or to another negative.

    First, all positives are passed to ``add_positives``, in any blocks; then the same ones are
    passed to ``make``. Sequences are equal if their one-hot codes are; case and gaps do not count.
    Memory is about 100 bytes per sequence, and for windows eight bytes per distinct 24-mer of the
    positives.

    Parameters
    ----------
    alphabet : Alphabet
    method : {"shuffle", "genome"}
        ``shuffle`` keeps the k-let counts of the positive (``shuffle.shuffle``), ``genome`` draws
        windows of the same length and similar G+C content (``windows.GenomeWindows``), for DNA
        only.
    k : int
        For ``shuffle``: 1 keeps the composition, 2 also the counts of adjacent pairs.
    per_positive : int
        Negatives to make from each positive.
    seed : int
        The same seed, settings and positives give the same negatives, for any blocks.
    both_strands : bool
        Whether the reverse complement of a DNA sequence counts as equal to it.
    genome : Path, optional
        For ``genome``: FASTA, plain or bgzip.
    intervals : iterable of (str, int, int)
        For ``genome``: known positions of positives; counted from 0, end excluded.

    Attributes
    ----------
    missing : int
        Number of negatives that could not be made: the positive has no other arrangement, or no
        window was found.

    Raises
    ------
    InputError
        A genome for proteins, no genome for ``genome``, or one that cannot be read.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        method: str,
        *,
        k: int = 2,
        per_positive: int = 1,
        seed: int = 0,
        both_strands: bool = False,
        genome: Path | None = None,
        intervals: Iterable[tuple[str, int, int]] = (),
    ) -> None:
        if method not in METHODS:
            raise ValueError(f"method is '{method}'; it must be one of {', '.join(METHODS)}")
        self.k, self.per_positive, self.seed = k, per_positive, seed
        self.missing = 0
        self.windows: GenomeWindows | None = None
        if method == "genome":
            if alphabet.name != DNA.name:
                raise InputError(
                    "negatives from a genome are only for DNA; use shuffles for proteins"
                )
            if genome is None:
                raise InputError("negatives from a genome need its FASTA file; give its path")
            self.windows = GenomeWindows(genome, intervals=intervals, seed=seed)
        self._both_strands = both_strands
        # letters with the same one-hot row are replaced by the first of them
        first: dict[str, str] = {}
        self._alike = str.maketrans(
            {letter: first.setdefault(bits, letter) for letter, bits in alphabet.codes.items()}
        )
        self._positives: set[bytes] = set()
        self._negatives: set[bytes] = set()

    def add_positives(self, sequences: list[str]) -> None:
        """Add sequences that negatives must differ from."""
        cleaned = [clean(sequence) for sequence in sequences]
        self._positives.update(map(self._digest, cleaned))
        if self.windows:
            self.windows.add_positives(cleaned)

    def make(self, ids: list[str], sequences: list[str]) -> tuple[list[str], list[str], list[str]]:
        """Make the negatives of some positives.

        Parameters
        ----------
        ids : list of str
        sequences : list of str
            ASCII; each must have been passed to ``add_positives``.

        Returns
        -------
        ids : list of str
            ``{id}_shuffled_1``, or the window's position ``chr1:100-300(+)``.
        sequences : list of str
            Upper case, as long as the positive without its gaps.
        origins : list of str
            The id of the positive from which each one was made.

        Raises
        ------
        ValueError
            A positive that ``add_positives`` has not seen, or that is not ASCII.
        """
        names, negatives, origins = [], [], []
        for record_id, sequence in zip(ids, sequences, strict=True):
            positive = clean(sequence)
            if self._digest(positive) not in self._positives:
                raise ValueError(f"'{record_id}' was not given to add_positives")
            for number in range(1, self.per_positive + 1):
                made = self._new(record_id, positive, number)
                if made is None:
                    self.missing += self.per_positive - number + 1
                    break
                names.append(made[0])
                negatives.append(made[1])
                origins.append(record_id)
        return names, negatives, origins

    def _new(self, record_id: str, positive: str, number: int) -> tuple[str, str] | None:
        """Make negative ``number`` of a positive, unequal to positives and earlier negatives."""
        for attempt in range(number * ATTEMPTS, (number + 1) * ATTEMPTS):
            if self.windows:
                window = self.windows.match(record_id, positive, attempt)
                if window is None:
                    return None
                name, sequence = window
            else:
                name = f"{record_id}_shuffled_{number}"
                bits = record_seed(self.seed, record_id, attempt)
                sequence = shuffle(positive, self.k, bits)
            digest = self._digest(sequence)
            if digest not in self._positives and digest not in self._negatives:
                self._negatives.add(digest)
                return name, sequence
        return None

    def _digest(self, cleaned: str) -> bytes:
        """Return 16 bytes that are equal for equal sequences."""
        text = cleaned.translate(self._alike)
        if self._both_strands:
            text = min(text, reverse_complement(text))
        return hashlib.blake2b(text.encode(), digest_size=16).digest()
