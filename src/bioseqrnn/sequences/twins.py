"""When two records hold the same sequence."""

from __future__ import annotations

import hashlib

from bioseqrnn.sequences.packing import Packed, reverse_complement

DIGEST_BYTES = 16


def sequence_digests(packed: Packed, both_strands: bool) -> list[bytes]:
    """Return 16 bytes for each sequence: equal where two records have the same residues.

    With ``both_strands`` a DNA sequence and its reverse complement get the same.
    """
    digests = []
    for i in range(len(packed)):
        length = int(packed.lengths[i])
        row = packed.row(i)
        if both_strands:
            row = min(row, reverse_complement(row, length))
        salt = length.to_bytes(8, "little")
        digests.append(hashlib.blake2b(row, digest_size=DIGEST_BYTES, salt=salt).digest())
    return digests
