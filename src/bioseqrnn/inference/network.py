"""Computes the scores of packed sequences with a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bioseqrnn.inference.batches import (
    PREDICTION_POSITIONS,
    by_length,
    of_one_width,
    padded_widths,
)
from bioseqrnn.inference.gpu_memory import Memory, is_out_of_memory
from bioseqrnn.inference.needs import require_memory
from bioseqrnn.inference.processes import Processes
from bioseqrnn.inference.stitching import Stitch
from bioseqrnn.inference.windows import Windows, overlapping
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.on_device import dense_on
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks.truth import residues_of


def predict_packed(
    network: SequenceClassifier,
    packed: Packed,
    alphabet: Alphabet,
    indices: Ints,
    device: torch.device,
    *,
    memory: Memory | None = None,
    processes: Processes | None = None,
    between: Callable[[], None] | None = None,
    alike: bool = False,
) -> Doubles:
    """Return scores, float64 [units, outputs], in the order of ``indices``.

    Units are the records, or the residues of all records if the network predicts per position.
    Scores are probabilities, or values in regression (``bioseqrnn.tasks``).

    Sequences longer than the network's window are cut into overlapping windows, whose scores are
    averaged (``Stitch``). The scores of a sequence do not depend on the other sequences.

    A batch that does not fit in the memory of a GPU is processed in parts, and so are later ones;
    ``memory`` keeps the limit from one call to the next. A sequence that is too long for the free
    memory of the machine is an InputError. If there are several ``processes``, each computes a part
    of each batch, and each returns the scores of all. ``between`` is called after every batch.
    With ``alike``, a sequence has the same scores to the last bit in any company
    (``batches.of_one_width``).
    """
    lengths = packed.lengths[indices]
    memory, processes = memory or Memory("prediction"), processes or Processes(device)
    run = partial(
        _batches, network, alphabet=alphabet, memory=memory, processes=processes, between=between,
        alike=alike,
    )  # fmt: skip
    if network.window is not None and (lengths > network.window).any():
        windows = overlapping(lengths, network.window, network.window_overlap)
        stitch = Stitch(windows, lengths, network.outputs)
        parts = windows.of(packed, alphabet.width, indices)
        for places, values in run(parts, np.arange(len(parts))):
            stitch.add(places, values)
        stitch.sums = processes.sum(torch.from_numpy(stitch.sums)).cpu().numpy()
        return stitch.means()
    # first unit of each record
    sizes = lengths if network.task.per_position else np.ones_like(lengths)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    scores = np.zeros((int(offsets[-1]), network.outputs))
    for places, values in run(packed, indices):
        scores[residues_of(offsets, places)] = values
    return processes.sum(torch.from_numpy(scores)).cpu().numpy()


def predict_stretches(
    network: SequenceClassifier,
    packed: Packed,
    alphabet: Alphabet,
    device: torch.device,
    residues: int,
) -> Iterator[tuple[int, Doubles]]:
    """Yield the scores of one long sequence, one stretch after another, in bounded memory.

    The scores are the same as those of ``predict_packed``: a stretch is predicted with all windows
    that overlap it.

    Parameters
    ----------
    packed : Packed
        The sequence.
    residues : int
        Approximate number of residues in a stretch.

    Yields
    ------
    start : int
        First residue of the stretch.
    scores : float64 [residues, outputs]
    """
    length = int(packed.lengths[0])
    memory, processes = Memory("prediction"), Processes(device)
    windows = overlapping(
        packed.lengths, length if network.window is None else network.window, network.window_overlap
    )
    ends = windows.starts + windows.lengths
    start = 0
    while start < length:
        # a stretch ends where a window begins, so that no short window is left over
        following = int(np.searchsorted(windows.starts, start + residues))
        end = int(windows.starts[following]) if following < len(windows) else length
        first = int(np.searchsorted(ends, start, side="right"))
        part = Windows(
            np.zeros(following - first, np.int64),
            windows.starts[first:following],
            windows.lengths[first:following],
        )
        origin = int(part.starts[0])
        parts = part.of(packed, alphabet.width, np.zeros(1, np.int64))
        span = np.array([int(ends[following - 1]) - origin])
        stitch = Stitch(replace(part, starts=part.starts - origin), span, network.outputs)
        for places, values in _batches(
            network, parts, np.arange(len(parts)), alphabet=alphabet, memory=memory,
            processes=processes, alike=True,
        ):  # fmt: skip
            stitch.add(places, values)
        yield start, stitch.means()[start - origin : end - origin]
        start = end


def _batches(
    network: SequenceClassifier,
    packed: Packed,
    indices: Ints,
    *,
    alphabet: Alphabet,
    memory: Memory,
    processes: Processes,
    between: Callable[[], None] | None = None,
    alike: bool = False,
) -> Iterator[tuple[Ints, Doubles]]:
    """Yield (places in ``indices``, scores of their units) of this process's part of each batch."""
    network.eval()
    lengths = packed.lengths[indices]
    longest = int(lengths.max(initial=0))
    if longest > PREDICTION_POSITIONS and processes.device.type == "cpu":
        # such a sequence is alone in its batch; a GPU reports lack of memory by its own error
        require_memory(network, longest, "a sequence")
    for batch in of_one_width(lengths) if alike else by_length(np.arange(len(indices)), lengths):
        places = batch[processes.own(packed, indices[batch])]
        x, sizes = dense_on(packed, indices[places], alphabet, processes.device)
        yield places, (_alike if alike else _in_parts)(network, x, sizes, memory)
        if between is not None:
            between()


def _alike(network: SequenceClassifier, x: Tensor, lengths: Tensor, memory: Memory) -> Doubles:
    """Scores of a batch ``of_one_width``, padded to that width.

    PyTorch has other kernels for a batch of one, so that there are always two sequences, except
    where they are so long that each is alone in any company.
    """
    if not len(x):
        return _in_parts(network, x, lengths, memory)
    longest = int(lengths.max())
    width = int(padded_widths(np.array([longest]))[0])
    x = functional.pad(x, (0, 0, 0, width - longest))
    if len(x) > 1 or width > PREDICTION_POSITIONS // 2:
        return _in_parts(network, x, lengths, memory)
    scores = _in_parts(network, x.repeat(2, 1, 1), lengths.repeat(2), memory)
    return scores[: len(scores) // 2]


@torch.no_grad()
def _in_parts(network: SequenceClassifier, x: Tensor, lengths: Tensor, memory: Memory) -> Doubles:
    """Scores of one batch, computed in as many parts as memory requires."""
    if len(x) == 0:
        return np.zeros((0, network.outputs))
    while True:
        try:
            parts = [network.scores(x[part], lengths[part]) for part in memory.parts(*x.shape[:2])]
            return torch.cat(parts).cpu().numpy()
        except RuntimeError as error:
            # repeated after this block, since the traceback keeps tensors in memory
            if not is_out_of_memory(error):
                raise
        memory.halve(*x.shape[:2])
