"""Feature tables of whole records, computed from packed one-hot rows.

The features of a record do not depend on the other records.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, hstack

from bioseqrnn.baselines.records import Records
from bioseqrnn.onehot.decoding import dense_chunks, residue_shares
from bioseqrnn.onehot.words import contiguous, count_words
from bioseqrnn.support.arrays import Floats, Ints


def composition(records: Records) -> Floats:
    """Length and the fraction of each residue: float32 [n, 1 + symbols]."""
    shares = residue_shares(records.packed, records.rows, records.alphabet)
    return np.column_stack([records.lengths, shares]).astype(np.float32)


def one_length(lengths: Ints) -> int | None:
    """Return the length that all records have, so that positions can be compared; else None."""
    return int(lengths[0]) if int(lengths.min()) == int(lengths.max()) else None


def flat_onehot(records: Records) -> Floats:
    """One-hot columns of every position side by side: float32 [n, length * symbols].

    For records of one length.
    """
    chunks = dense_chunks(records.packed, records.rows, records.alphabet)
    return np.concatenate([onehot.reshape(len(lengths), -1) for onehot, lengths in chunks])


def kmer_counts(records: Records, longest: int) -> csr_array:
    """Counts of every k-mer of 1 to ``longest`` residues: sparse float32 [n, k-mers].

    A k-mer with an ambiguous residue is not counted. If both strands are equivalent, a k-mer and
    its reverse complement share a column, so that counts do not depend on the strand.
    """
    codes, offsets = records.codes()
    counts = [
        count_words(codes, offsets, contiguous(k), records.alphabet.width, records.both_strands)
        for k in range(1, longest + 1)
    ]
    return csr_array(hstack(counts, format="csr"))
