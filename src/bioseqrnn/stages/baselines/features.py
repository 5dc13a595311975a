"""Feature tables of whole records, computed from packed one-hot rows."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, hstack

from bioseqrnn.onehot.decoding import dense_chunks, residue_shares
from bioseqrnn.onehot.words import contiguous, count_words
from bioseqrnn.support.arrays import Codes, Floats, Ints
from bioseqrnn.tables.sequences import SequenceTable


def composition(table: SequenceTable, rows: Ints) -> Floats:
    """Length and the fraction of each residue: float32 [rows, 1 + symbols]."""
    shares = residue_shares(table.packed, rows, table.alphabet)
    return np.column_stack([table.lengths[rows], shares]).astype(np.float32)


def one_length(table: SequenceTable) -> bool:
    """Whether all records have the same length, so that positions can be compared."""
    return int(table.lengths.min()) == int(table.lengths.max())


def flat_onehot(table: SequenceTable, rows: Ints) -> Floats:
    """One-hot columns of every position side by side: float32 [rows, length * symbols].

    For datasets with records of one length.
    """
    chunks = dense_chunks(table.packed, rows, table.alphabet)
    return np.concatenate([onehot.reshape(len(lengths), -1) for onehot, lengths in chunks])


def residue_codes(table: SequenceTable, rows: Ints) -> tuple[Codes, Ints]:
    """Code of each residue, record after record, and the start of each record.

    Returns
    -------
    codes : uint8 [residues]
        Index of the residue in the alphabet's symbols; for an ambiguous one, the number of symbols.
    offsets : int64 [rows + 1]
    """
    width = table.alphabet.width
    parts = []
    for onehot, lengths in dense_chunks(table.packed, rows, table.alphabet):
        codes = np.where(onehot.max(axis=2) == 1, onehot.argmax(axis=2), width).astype(np.uint8)
        parts.append(codes[np.arange(codes.shape[1]) < lengths[:, None]])
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(table.lengths[rows])])
    return np.concatenate([np.zeros(0, np.uint8), *parts]), offsets


def kmer_counts(table: SequenceTable, rows: Ints, longest: int) -> csr_array:
    """Counts of every k-mer of 1 to ``longest`` residues: sparse float32 [rows, k-mers].

    A k-mer with an ambiguous residue is not counted. If both strands are equivalent, a k-mer and
    its reverse complement share a column, so that counts do not depend on the strand.
    """
    codes, offsets = residue_codes(table, rows)
    both = table.metadata["strands"] == "both"
    counts = [
        count_words(codes, offsets, contiguous(k), table.alphabet.width, both)
        for k in range(1, longest + 1)
    ]
    return csr_array(hstack(counts, format="csr"))
