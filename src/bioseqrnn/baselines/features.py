"""Feature tables of the baselines, computed from packed one-hot rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

from bioseqrnn.sequences import decode
from bioseqrnn.sequences.decode import dense_chunks, residue_shares
from bioseqrnn.sequences.packing import Floats, Ints
from bioseqrnn.sequences.reading.genome import reverse_complement
from bioseqrnn.sequences.table import SequenceTable

AMBIGUOUS = "."


def composition(table: SequenceTable, rows: Ints) -> Floats:
    """Length and the share of each residue: float32 [rows, 1 + symbols]."""
    shares = residue_shares(table.packed, rows, table.alphabet)
    return np.column_stack([table.lengths[rows], shares]).astype(np.float32)


def flat_onehot(table: SequenceTable, rows: Ints) -> Floats:
    """One-hot columns of every position side by side: float32 [rows, length * symbols].

    For datasets whose records are all of one length.
    """
    chunks = dense_chunks(table.packed, rows, table.alphabet)
    return np.concatenate([onehot.reshape(len(lengths), -1) for onehot, lengths in chunks])


def letters(table: SequenceTable, rows: Ints) -> Iterator[str]:
    """Yield each sequence as text; an ambiguous residue is a dot, which is in no k-mer.

    Where both strands mean the same, the reverse complement follows behind a dot, so that k-mer
    counts do not depend on the strand that was written down.
    """
    both = table.metadata["strands"] == "both"
    for text in decode.letters(table.packed, rows, table.alphabet, AMBIGUOUS):
        yield f"{text}{AMBIGUOUS}{reverse_complement(text)}" if both else text


def kmer_counts(table: SequenceTable, rows: Ints, longest: int) -> csr_array:
    """Counts of every k-mer of 1 to ``longest`` residues: sparse [rows, k-mers]."""
    symbols = table.alphabet.symbols
    vocabulary = [
        "".join(kmer)
        for k in range(1, longest + 1)
        for kmer in itertools.product(symbols, repeat=k)
    ]
    vectorizer = CountVectorizer(
        analyzer="char", lowercase=False, ngram_range=(1, longest), vocabulary=vocabulary
    )
    return csr_array(vectorizer.transform(letters(table, rows)))
