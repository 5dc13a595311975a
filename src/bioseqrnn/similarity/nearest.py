"""The most similar one of many known sequences, by alignment with MMseqs2.

The known sequences are written to a database once. New ones are searched a part at a time, so that
memory and disk depend on the part, not on the number of new sequences.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.decoding import letters
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.similarity.mmseqs import kmer_length, run_mmseqs, sequence_type, write_fasta
from bioseqrnn.similarity.pairs import (
    FEW_KMER,
    FEW_NUCLEOTIDES,
    FEW_RESIDUES,
    FEW_SEQUENCES,
    LONG,
    LONGEST,
    ROWS_AT_ONCE,
)
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.atomic import temporary_folder

# known sequences that a new one is aligned to: those with the best ungapped alignments
PARTNERS = 50
COLUMNS = {
    "query": np.int64, "target": np.int64, "fident": np.float64, "alnlen": np.int64,
    "qcov": np.float64,
}  # fmt: skip


@dataclass(frozen=True)
class Nearest:
    """The nearest known sequence of each new one.

    Attributes
    ----------
    rows : int64 [n]
        Its number; -1 if none was found.
    identity : float64 [n]
        Fraction of the columns of the alignment, including gaps, with the same residue.
    coverage : float64 [n]
        Fraction of the new sequence that the alignment spans.
    """

    rows: Ints
    identity: Doubles
    coverage: Doubles


class NearestSearch:
    """Searches new sequences among known ones; DNA is compared on both strands.

    The nearest one is that with the most identical residues in its best local alignment; if there
    are several, the one with the highest identity, then the first.

    Parameters
    ----------
    known : iterable of Packed
        The known sequences, in parts.
    alphabet : Alphabet
    folder : Path
        An empty folder for the database, which must exist as long as the search.
    threads : int

    Raises
    ------
    SimilarityError
        Where MMseqs2 is missing or fails.
    """

    def __init__(
        self, known: Iterable[Packed], alphabet: Alphabet, folder: Path, threads: int = 1
    ) -> None:
        self._alphabet, self._folder, self._threads = alphabet, folder, threads
        self._count = self._residues = 0
        with (folder / "known.fasta").open("w", encoding="ascii") as handle:
            for packed in known:
                for text in letters(packed, np.arange(len(packed)), alphabet):
                    handle.write(f">{self._count}\n{text}\n")
                    self._count += 1
                self._residues += int(packed.lengths.sum())
        kind = sequence_type(alphabet)
        run_mmseqs(["createdb", "known.fasta", "known", "--dbtype", kind], folder, "known")

    def find(self, packed: Packed) -> Nearest:
        """Find the nearest known sequence of each of n new ones.

        A sequence of more than 65,535 residues is not searched.
        """
        nothing = np.full(len(packed), -1)
        found = Nearest(nothing, np.full(len(packed), np.nan), np.full(len(packed), np.nan))
        rows = np.flatnonzero((packed.lengths <= LONGEST) & (packed.lengths > 0))
        if not len(rows):
            return found
        with temporary_folder("part-", self._folder) as folder:
            write_fasta(folder / "new.fasta", packed, rows, self._alphabet)
            kind = sequence_type(self._alphabet)
            run_mmseqs(["createdb", "new.fasta", "new", "--dbtype", kind], folder, "new")
            known = self._folder / "known"
            search = ["search", "new", known, "found", "tmp", *self._options()]
            run_mmseqs(search, folder, "found.dbtype")
            out = ["--format-output", ",".join(COLUMNS), "--threads", self._threads]
            if self._alphabet.name == "dna":
                out += ["--search-type", 3]
            table = run_mmseqs(
                ["convertalis", "new", known, "found", "found.tsv", *out], folder, "found.tsv"
            )
            _keep_best(table, rows, found)
        return found

    def _options(self) -> list[object]:
        """Options of the search, by the size of the known sequences; see ``similarity.pairs``."""
        words: list[object] = [
            "--alignment-mode", 3, "--max-seqs", PARTNERS, "-e", "inf", "--mask", 0,
            "--max-seq-len", LONGEST, "--threads", self._threads, "--split-memory-limit", "2G",
        ]  # fmt: skip
        if self._alphabet.name == "dna":
            few = self._residues <= FEW_NUCLEOTIDES
            kmer = FEW_KMER if few else kmer_length(self._residues, self._alphabet, spare=0)
            return [*words, "--search-type", 3, "--strand", 2, "-k", kmer]
        words += ["--comp-bias-corr", 0]
        if self._count <= FEW_SEQUENCES and self._residues <= FEW_RESIDUES:
            # all are compared, without a k-mer search first
            return [*words, "--prefilter-mode", 1, "--min-ungapped-score", 1]
        if self._residues < LONG * self._count:
            kmer = 5 if self._residues < 10**8 else 6
            return [*words, "-s", 7.5, "-k", kmer, "--spaced-kmer-mode", 0]
        return [*words, "-s", 7.5, "-k", 6]


def _keep_best(path: Path, rows: Ints, found: Nearest) -> None:
    """Write the best alignment of each sequence into ``found``, at its place in ``rows``."""
    if not path.stat().st_size:
        return
    same = np.zeros(len(found.rows))
    parts = pd.read_csv(
        path, sep="\t", header=None, names=list(COLUMNS), dtype=COLUMNS, chunksize=ROWS_AT_ONCE
    )
    for part in parts:
        query, target, identity, columns, covered = (part[name].to_numpy() for name in COLUMNS)
        # identities have three decimals
        equal = np.round(identity * columns)
        order = np.lexsort((target, -identity, -equal, query))
        best = order[np.unique(query[order], return_index=True)[1]]
        place = rows[query[best]]
        old = found.identity[place], found.rows[place]
        better = (equal[best] > same[place]) | (
            (equal[best] == same[place])
            & ((identity[best] > old[0]) | ((identity[best] == old[0]) & (target[best] < old[1])))
        )
        best, place = best[better], place[better]
        same[place], found.rows[place] = equal[best], target[best]
        found.identity[place], found.coverage[place] = identity[best], covered[best]
