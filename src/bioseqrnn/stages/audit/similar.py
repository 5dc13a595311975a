"""Clusters of near-identical sequences, found by MMseqs2 (Steinegger & Söding 2018).

Linclust compares a sequence only with the longest one that shares a k-mer. So its time is linear in
the number of residues, and it can miss near-identical pairs, but all pairs it reports are correct.
Nucleotide k-mers are canonical: a sequence is found to be similar to its reverse complement.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.similarity.mmseqs import (
    SimilarityError,
    kmer_length,
    run_mmseqs,
    sequence_type,
    write_fasta,
)
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.atomic import temporary_folder

COVERAGE = 0.8
MEMORY = "1G"


def similarity_clusters(packed: Packed, keys: Ints, alphabet: Alphabet, identity: float) -> Ints:
    """Number the clusters of near-identical sequences: int64 [n].

    Parameters
    ----------
    packed : Packed
    keys : int64 [n]
        Number of each record's sequence; identical ones are in one cluster without a comparison.
    alphabet : Alphabet
    identity : float
        Minimum fraction of identical residues in a local alignment that covers 80 % of both
        sequences.

    Raises
    ------
    SimilarityError
        Where MMseqs2 is missing or fails.
    """
    _, rows, sequence = np.unique(keys, return_index=True, return_inverse=True)
    kmer = kmer_length(int(packed.lengths[rows].sum()), alphabet)
    with temporary_folder("bioseqrnn-similar-") as folder:
        write_fasta(folder / "in.fasta", packed, rows, alphabet)
        # identity and coverage decide, not the E-value, which is never low for a short peptide
        result = run_mmseqs(
            [
                "easy-linclust", "in.fasta", "out", "tmp", "--dbtype", sequence_type(alphabet),
                "--min-seq-id", identity, "-c", COVERAGE, "--cov-mode", 0, "-e", "inf", "-k", kmer,
                "--threads", 1, "--split-memory-limit", MEMORY,
            ],
            folder, "out_cluster.tsv",
        )  # fmt: skip
        pairs = pd.read_csv(result, sep="\t", header=None, dtype=np.int64).to_numpy()
    cluster = np.full(len(rows), -1)
    cluster[pairs[:, 1]] = pairs[:, 0]
    if (cluster < 0).any():
        raise SimilarityError("sequences are missing from the result of MMseqs2")
    return cluster[sequence]
