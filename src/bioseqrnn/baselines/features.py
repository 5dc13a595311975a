"""Feature tables of the baselines, computed from packed one-hot rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

from bioseqrnn.sequences.packing import Floats, Ints
from bioseqrnn.sequences.table import SequenceTable

# positions with padding in one dense chunk: memory does not grow with the longest record times rows
CHUNK_POSITIONS = 2**20
AMBIGUOUS = "."


def _dense_chunks(table: SequenceTable, rows: Ints) -> Iterator[tuple[Floats, Ints]]:
    chunk = max(1, CHUNK_POSITIONS // int(table.lengths.max()))
    for start in range(0, len(rows), chunk):
        yield table.dense(rows[start : start + chunk])


def composition(table: SequenceTable, rows: Ints) -> Floats:
    """Length and the share of each residue: float32 [rows, 1 + symbols]."""
    parts = []
    for onehot, lengths in _dense_chunks(table, rows):
        share = onehot.sum(axis=1) / lengths[:, None]
        parts.append(np.column_stack([lengths, share]).astype(np.float32))
    return np.concatenate(parts)


def flat_onehot(table: SequenceTable, rows: Ints) -> Floats:
    """One-hot columns of every position side by side: float32 [rows, length * symbols].

    For datasets whose records are all of one length.
    """
    return np.concatenate([onehot.reshape(len(n), -1) for onehot, n in _dense_chunks(table, rows)])


def letters(table: SequenceTable, rows: Ints) -> Iterator[str]:
    """Yield each sequence as text; an ambiguous residue is a dot, which is in no k-mer.

    Where both strands mean the same, the reverse complement follows behind a dot, so that k-mer
    counts do not depend on the strand that was written down.
    """
    symbols = np.frombuffer((table.alphabet.symbols + AMBIGUOUS).encode(), np.uint8)
    both = table.metadata["strands"] == "both"
    complement = str.maketrans("ACGT", "TGCA")
    for onehot, lengths in _dense_chunks(table, rows):
        clear = onehot.max(axis=2) == 1.0
        codes = np.where(clear, onehot.argmax(axis=2), len(table.alphabet.symbols))
        for row, length in zip(symbols[codes], lengths, strict=True):
            text = row[:length].tobytes().decode()
            yield f"{text}{AMBIGUOUS}{text.translate(complement)[::-1]}" if both else text


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
