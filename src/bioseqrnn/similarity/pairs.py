"""All pairs of sequences that are alike, found by MMseqs2's search of all against all.

Two sequences are alike where a local alignment covers at least ``coverage`` of both, and at least
``identity`` of its columns, gaps among them, hold the same residue; of DNA on either strand. Short
proteins are alike by chance: with ``corrected``, alignments below some 50 residues need more, after
the curve of Rost (Protein Eng. 12:85, 1999), ``480 * L ** (-0.32 * (1 + exp(-L / 1000)))`` %
identical residues of L, but never more than 80 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.onehot.twins import number, sequence_digests
from bioseqrnn.similarity.mmseqs import kmer_length, run_mmseqs, sequence_type, write_fasta
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.atomic import temporary_folder

# Identity that is enough however short the alignment
ENOUGH = 0.8
# Proteins up to here are aligned one and all, without looking for k-mers first
FEW_SEQUENCES, FEW_RESIDUES = 4000, 10**5
# DNA up to here is searched with shorter k-mers
FEW_NUCLEOTIDES, FEW_KMER = 5 * 10**5, 7
# Proteins of this mean length and more have enough residues for longer k-mers and higher scores
LONG = 50
# Of a sequence so many of the most similar ones are kept, and more where the sequences are few
FEWEST_PARTNERS, MOST_PAIRS = 300, 2 * 10**6
LONGEST = 65535
ROWS_AT_ONCE = 10**6
COLUMNS = {
    "query": np.int64, "target": np.int64, "fident": np.float32, "alnlen": np.int32,
    "qcov": np.float32, "tcov": np.float32,
}  # fmt: skip
# shares are printed with three decimals
ROUNDING = 5e-4


@dataclass(frozen=True)
class Threshold:
    """From when on two sequences are alike.

    Attributes
    ----------
    identity : float
        Least share of identical residues among the columns of the alignment.
    coverage : float
        Least share of each sequence that the alignment spans.
    corrected : bool
        Whether short alignments need more identity.
    """

    identity: float
    coverage: float
    corrected: bool = False

    def least(self, columns: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
        """Least identity of alignments of so many columns: float64 [n]."""
        flat = np.full(len(columns), self.identity)
        if not self.corrected:
            return flat
        length = columns.astype(np.float64)
        curve = 4.8 * length ** (-0.32 * (1 + np.exp(-length / 1000)))
        least: npt.NDArray[np.float64] = np.maximum(flat, np.minimum(curve, ENOUGH))
        return least

    def __str__(self) -> str:
        short = ", more of short alignments" if self.corrected else ""
        return (
            f"at least {100 * self.identity:g} % identical over {100 * self.coverage:g} % of "
            f"both{short}"
        )


def threshold_of(alphabet: Alphabet, config: FoldsConfig) -> Threshold:
    """Return the threshold that settings give for an alphabet."""
    if alphabet.name == "dna":
        return Threshold(config.identity_dna, config.coverage)
    return Threshold(config.identity_protein, config.coverage, config.length_correction)


@dataclass(frozen=True)
class Pairs:
    """Pairs of different sequences that are alike.

    Attributes
    ----------
    sequence : int64 [n]
        Number of each record's sequence; of DNA the same on both strands.
    first, second : int64 [pairs]
        Numbers of two sequences, the lower one first; each pair once.
    identity : float32 [pairs]
    """

    sequence: Ints
    first: Ints
    second: Ints
    identity: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.first)


def similar_pairs(
    packed: Packed, alphabet: Alphabet, threshold: Threshold, threads: int = 1
) -> Pairs:
    """Search all sequences against all.

    Parameters
    ----------
    packed : Packed
        Sequences of n records; equal ones are searched for once.
    alphabet : Alphabet
    threshold : Threshold
    threads : int
        Threads of MMseqs2; the pairs do not depend on them.

    Raises
    ------
    SimilarityError
        Where MMseqs2 is missing or fails.
    """
    sequence = number(sequence_digests(packed, alphabet.name == "dna"))
    _, rows = np.unique(sequence, return_index=True)
    with temporary_folder("bioseqrnn-pairs-") as folder:
        write_fasta(folder / "in.fasta", packed, rows, alphabet)
        table = _search(folder, packed.lengths[rows], alphabet, threshold, threads)
        return Pairs(sequence, *_read_pairs(table, len(rows), threshold))


def _search(
    folder: Path, lengths: Ints, alphabet: Alphabet, threshold: Threshold, threads: int
) -> Path:
    residues = int(lengths.sum())
    kind = sequence_type(alphabet)
    run_mmseqs(["createdb", "in.fasta", "db", "--dbtype", kind], folder, "db")
    every = (
        alphabet.name == "protein" and len(lengths) <= FEW_SEQUENCES and residues <= FEW_RESIDUES
    )
    # of longer ones few pairs are worth the time of an alignment
    most = MOST_PAIRS // len(lengths) if lengths.mean() < 2 * LONG else FEWEST_PARTNERS
    few = len(lengths) if every else most
    partners = max(FEWEST_PARTNERS, min(len(lengths), few))
    # MMseqs2 leaves out pairs of too different lengths, also where gaps bridge the difference; the
    # alignment has no fewer columns than it spans residues of the longer one, and no more identical
    # ones than the shorter one has residues
    ratio = threshold.coverage * threshold.identity
    words: list[object] = [
        "search", "db", "db", "found", "tmp", "--alignment-mode", 3, "--max-seqs", partners,
        "--min-seq-id", threshold.identity, "-c", ratio, "--cov-mode", 0,
        # identity and coverage decide: neither the E-value, which a short peptide never has low,
        # nor what is common in the sequence
        "-e", "inf", "--mask", 0, "--max-seq-len", LONGEST,
        "--threads", threads,
    ]  # fmt: skip
    if alphabet.name == "dna":
        # where they are few, k-mers so short that chance repeats them cost nothing
        kmer = FEW_KMER if residues <= FEW_NUCLEOTIDES else kmer_length(residues, alphabet, spare=0)
        words += ["--search-type", 3, "--strand", 2, "-k", kmer]
    else:
        words += ["--comp-bias-corr", 0]
        if every:
            words += ["--prefilter-mode", 2]
        elif lengths.mean() < LONG:
            # a gapped k-mer spans too much of a peptide
            words += ["-s", 7.5, "-k", 5 if residues < 10**8 else 6, "--spaced-kmer-mode", 0]
            words += ["--min-ungapped-score", 20]
        else:
            words += ["-k", 6, "--min-ungapped-score", 40]
    run_mmseqs([*words, "--split-memory-limit", "4G"], folder, "found.dbtype")
    out = ["--format-output", ",".join(COLUMNS), "--threads", threads]
    if alphabet.name == "dna":
        out += ["--search-type", 3]
    return run_mmseqs(["convertalis", "db", "db", "found", "pairs.tsv", *out], folder, "pairs.tsv")


def _read_pairs(
    path: Path, count: int, threshold: Threshold
) -> tuple[Ints, Ints, npt.NDArray[np.float32]]:
    """Read what was found, each pair once with its highest identity, ordered by the numbers."""
    keys, identities = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    if path.stat().st_size:
        parts = pd.read_csv(
            path, sep="\t", header=None, names=list(COLUMNS), dtype=COLUMNS, chunksize=ROWS_AT_ONCE
        )
        for part in parts:
            query, target, identity, columns, *covered = (part[name].to_numpy() for name in COLUMNS)
            kept = (query != target) & (identity + ROUNDING >= threshold.least(columns))
            kept &= np.minimum(*covered) + ROUNDING >= threshold.coverage
            low, high = np.minimum(query, target)[kept], np.maximum(query, target)[kept]
            keys.append(low * count + high)
            identities.append(identity[kept])
    key, identity = np.concatenate(keys), np.concatenate(identities)
    order = np.lexsort((-identity, key))
    key, identity = key[order], identity[order]
    once = np.ones(len(key), bool)
    once[1:] = key[1:] != key[:-1]
    return key[once] // count, key[once] % count, identity[once]
