"""Mini-batches of records of similar length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.onehot.on_device import dense_on
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.sequences import SequenceTable
from bioseqrnn.tasks.losses import NO_SCALE, batch_targets

POOL_BATCHES = 32
PREDICTION_RECORDS = 512
PREDICTION_POSITIONS = 2**18


def bucketed(indices: Ints, lengths: Ints, batch_size: int, rng: np.random.Generator) -> list[Ints]:
    """Cut training records into batches of similar lengths, so that there is little padding.

    The records are shuffled and then sorted by length within pools of 32 batches. The batches are
    then shuffled, so that they differ from epoch to epoch.

    Returns
    -------
    list of int64 arrays
        Every index once.
    """
    shuffled = rng.permutation(indices)
    batches = []
    pool = POOL_BATCHES * batch_size
    for start in range(0, len(shuffled), pool):
        # sorted in place: batches are views, so that there is only one copy of the row numbers
        part = shuffled[start : start + pool]
        part[:] = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[i : i + batch_size] for i in range(0, len(part), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def by_length(indices: Ints, lengths: Ints) -> Iterator[Ints]:
    """Yield batches for prediction, shortest records first.

    A batch has at most 512 records and, unless it is a single record, at most 2**18 positions
    including padding: memory does not grow with 512 times the length of the longest record.
    """
    order = indices[np.argsort(lengths[indices], kind="stable")]
    start = 0
    for end in range(1, len(order) + 1):
        full = end - start == PREDICTION_RECORDS
        if end < len(order) and not full:
            full = (end + 1 - start) * int(lengths[order[end]]) > PREDICTION_POSITIONS
        if full or end == len(order):
            yield order[start:end]
            start = end


def padded_widths(lengths: Ints) -> Ints:
    """Width to which each sequence is padded, from its length alone: int64 [n].

    A multiple of 16, and of a sixteenth of the largest power of two that is not above the length.
    """
    steps = np.maximum(16, 2 ** (np.log2(np.maximum(lengths, 1)).astype(np.int64)) // 16)
    widths: Ints = -(-lengths // steps) * steps
    return widths


def of_one_width(lengths: Ints) -> Iterator[Ints]:
    """Yield batches of sequences that are padded to the same width.

    PyTorch rounds the sums of a convolution differently at the end of a batch, and where that is
    depends on the width. In batches of a width that follows from the length of a sequence alone,
    its scores do not depend on the other sequences.

    Parameters
    ----------
    lengths : int64 [n]

    Yields
    ------
    int64 [batch]
        Places in ``lengths``; sizes are limited as in ``by_length``.
    """
    widths = padded_widths(lengths)
    for batch in by_length(np.arange(len(lengths)), widths):
        yield from np.split(batch, np.flatnonzero(np.diff(widths[batch])) + 1)


def dense_batches(
    table: SequenceTable,
    batches: Iterable[Ints],
    device: torch.device,
    scale: tuple[float, float] = NO_SCALE,
) -> Iterator[tuple[Ints, Tensor, Tensor, Tensor]]:
    """Yield (indices, one-hot, lengths, targets) per batch; lengths stay on the CPU."""
    for batch in batches:
        onehot, lengths = dense_on(table.packed, batch, table.alphabet, device)
        yield (
            batch,
            onehot,
            lengths,
            batch_targets(table.task, table.targets, batch, scale).to(device, non_blocking=True),
        )
