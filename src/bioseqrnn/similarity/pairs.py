"""All pairs of similar sequences, found by a search of all against all with MMseqs2.

Two sequences are similar if a local alignment covers at least the fraction ``coverage`` of both,
and at least the fraction ``identity`` of its columns, including gaps, hold the same residue. DNA is
compared on both strands. Short proteins can be similar by chance. With ``corrected``, alignments
below about 50 residues need a higher identity, after the curve of Rost (Protein Eng. 12:85, 1999):
``480 * L ** (-0.32 * (1 + exp(-L / 1000)))`` % identical residues in an alignment of L residues,
but never more than 80 %. With ``fragments``, an alignment of at least 30 columns that covers this
fraction of the shorter protein only is enough, so that a domain is similar to the whole protein.
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
from bioseqrnn.similarity.related import Pairs
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.atomic import temporary_folder

# This identity is enough for alignments of any length
ENOUGH = 0.8
# Up to this size, all pairs of proteins are aligned, without a k-mer search first
FEW_SEQUENCES, FEW_RESIDUES = 4000, 10**5
# DNA up to this number of residues is searched with shorter k-mers
FEW_NUCLEOTIDES, FEW_KMER = 5 * 10**5, 7
# Proteins of at least this mean length are long enough for longer k-mers and higher scores
LONG = 50
# Fewest columns of the alignment of a fragment. Shorter ones are alike by chance or composition; of
# these, ``similarity.overlaps`` finds those that are equal
FRAGMENT = 30
# For each sequence at least this many of the most similar ones are kept, more if there are few
# sequences
FEWEST_PARTNERS, MOST_PAIRS = 300, 2 * 10**6
LONGEST = 65535
ROWS_AT_ONCE = 10**6
COLUMNS = {
    "query": np.int64, "target": np.int64, "fident": np.float32, "alnlen": np.int32,
    "qcov": np.float32, "tcov": np.float32,
}  # fmt: skip
# fractions are printed with three decimals
ROUNDING = 5e-4


@dataclass(frozen=True)
class Threshold:
    """Thresholds from which two sequences count as similar.

    Attributes
    ----------
    identity : float
        Minimum fraction of alignment columns with identical residues.
    coverage : float
        Minimum fraction of each sequence that the alignment spans.
    corrected : bool
        Whether short alignments need a higher identity.
    fragments : bool
        Whether a longer alignment may span that fraction of the shorter sequence only.
    """

    identity: float
    coverage: float
    corrected: bool = False
    fragments: bool = False

    def least(self, columns: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
        """Minimum identity of alignments with these numbers of columns: float64 [n]."""
        flat = np.full(len(columns), self.identity)
        if not self.corrected:
            return flat
        length = columns.astype(np.float64)
        curve = 4.8 * length ** (-0.32 * (1 + np.exp(-length / 1000)))
        least: npt.NDArray[np.float64] = np.maximum(flat, np.minimum(curve, ENOUGH))
        return least

    def __str__(self) -> str:
        short = ", and more for short alignments" if self.corrected else ""
        part = f", or of the shorter one and {FRAGMENT} residues" if self.fragments else ""
        return (
            f"at least {100 * self.identity:g} % identical over {100 * self.coverage:g} % of "
            f"both{part}{short}"
        )


def threshold_of(alphabet: Alphabet, config: FoldsConfig) -> Threshold:
    """Return the threshold that settings give for an alphabet."""
    if alphabet.name == "dna":
        return Threshold(config.identity_dna, config.coverage)
    return Threshold(
        config.identity_protein, config.coverage, config.length_correction, config.overlaps
    )


def similar_pairs(
    packed: Packed, alphabet: Alphabet, threshold: Threshold, threads: int = 1
) -> Pairs:
    """Search all sequences against all.

    Parameters
    ----------
    packed : Packed
        Sequences of n records; identical ones are searched only once.
    alphabet : Alphabet
    threshold : Threshold
    threads : int
        Number of threads for MMseqs2; it does not change the pairs.

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
    # alignments of longer sequences take more time, so fewer pairs are aligned
    most = MOST_PAIRS // len(lengths) if lengths.mean() < 2 * LONG else FEWEST_PARTNERS
    few = len(lengths) if every else most
    partners = max(FEWEST_PARTNERS, min(len(lengths), few))
    # MMseqs2 leaves out pairs whose lengths differ too much, even if gaps bridge the difference.
    # The limit here loses no pair: the alignment has at least as many columns as it spans residues
    # of the longer sequence, and at most as many identical ones as the shorter one has residues
    ratio = threshold.coverage * threshold.identity
    if threshold.fragments:
        ratio = 0.0
    words: list[object] = [
        "search", "db", "db", "found", "tmp", "--alignment-mode", 3, "--max-seqs", partners,
        "--min-seq-id", threshold.identity, "-c", ratio, "--cov-mode", 0,
        # only identity and coverage decide: not the E-value, which is never low for a short
        # peptide, and repeats in a sequence are not masked
        "-e", "inf", "--mask", 0, "--max-seq-len", LONGEST,
        "--threads", threads,
    ]  # fmt: skip
    if alphabet.name == "dna":
        # with few residues, short k-mers that match by chance cost little time
        kmer = FEW_KMER if residues <= FEW_NUCLEOTIDES else kmer_length(residues, alphabet, spare=0)
        words += ["--search-type", 3, "--strand", 2, "-k", kmer]
    else:
        words += ["--comp-bias-corr", 0]
        if every:
            words += ["--prefilter-mode", 2]
        elif lengths.mean() < LONG:
            # a spaced k-mer spans too much of a peptide
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
    """Read the pairs found, each once with its highest identity, ordered by their numbers."""
    keys, identities = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    if path.stat().st_size:
        parts = pd.read_csv(
            path, sep="\t", header=None, names=list(COLUMNS), dtype=COLUMNS, chunksize=ROWS_AT_ONCE
        )
        for part in parts:
            query, target, identity, columns, *covered = (part[name].to_numpy() for name in COLUMNS)
            kept = (query != target) & (identity + ROUNDING >= threshold.least(columns))
            enough = np.minimum(*covered) + ROUNDING >= threshold.coverage
            if threshold.fragments:
                part = np.maximum(*covered) + ROUNDING >= threshold.coverage
                enough |= part & (columns >= FRAGMENT)
            kept &= enough
            low, high = np.minimum(query, target)[kept], np.maximum(query, target)[kept]
            keys.append(low * count + high)
            identities.append(identity[kept])
    key, identity = np.concatenate(keys), np.concatenate(identities)
    order = np.lexsort((-identity, key))
    key, identity = key[order], identity[order]
    once = np.ones(len(key), bool)
    once[1:] = key[1:] != key[:-1]
    return key[once] // count, key[once] % count, identity[once]
