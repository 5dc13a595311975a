"""Long records cut into consecutive blocks, each of which becomes a record."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bioseqrnn.fasta.records import PackedRecords
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Ints


def block_ends(length: int, block: int | None) -> Ints:
    """Return the end of each block of a record: as few blocks as possible, nearly equal in length.

    A block has at most ``block`` residues. Blocks begin at even positions, where a new byte of the
    packed bits begins.
    """
    if block is None or length <= block:
        return np.array([length], np.int64)
    pairs = -(-length // 2)
    count = -(-pairs // (block // 2))
    ends = 2 * (np.arange(1, count + 1) * pairs // count)
    ends[-1] = length
    return ends


def cut_packed(packed: Packed, width: int, block: int) -> tuple[Packed, list[Ints]]:
    """Cut sequences of ``width`` bits a residue into blocks; no bytes are copied.

    Returns
    -------
    blocks : Packed
        The blocks, with the same bytes.
    ends : list of int64 arrays
        Ends of the blocks of each sequence.
    """
    ends = [block_ends(length, block) for length in packed.lengths.tolist()]
    lengths = np.concatenate([np.diff(own, prepend=0) for own in [*ends, np.empty(0, np.int64)]])
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum((lengths * width + 7) // 8)])
    return Packed(packed.data, offsets, lengths), ends


def cut_records(
    records: PackedRecords, texts: list[str], width: int, block: int | None
) -> tuple[PackedRecords, list[str]]:
    """Cut records and their labels into blocks; blocks of a cut record are ``id:start-end``.

    Starts count from 0 and ends are excluded, as in BED. A shorter record keeps its id.
    """
    if block is None or not (records.packed.lengths > block).any():
        return records, texts
    packed, ends = cut_packed(records.packed, width, block)
    if packed.lengths.sum() != records.packed.lengths.sum():
        raise AssertionError("residues were lost between blocks")
    names, parts = [], []
    for name, text, own in zip(records.ids.to_pylist(), texts, ends, strict=True):
        starts = [0, *own[:-1].tolist()]
        for start, end in zip(starts, own.tolist(), strict=True):
            names.append(name if len(own) == 1 else f"{name}:{start}-{end}")
            parts.append(text[start:end])
    return PackedRecords(
        pa.array(names, pa.string()), packed, records.conversions, tuple(names)
    ), parts
