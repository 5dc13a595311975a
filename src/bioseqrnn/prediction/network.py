"""Scores from a network, for packed sequences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.evaluation.metrics import Doubles
from bioseqrnn.models.classifier import SequenceClassifier
from bioseqrnn.sequences.alphabet import Alphabet
from bioseqrnn.sequences.packing import Ints, Packed, unpack
from bioseqrnn.tasks.truth import residues_of
from bioseqrnn.training.batches import by_length
from bioseqrnn.training.memory import Memory
from bioseqrnn.training.processes import Processes


@torch.no_grad()
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
) -> Doubles:
    """Return scores, float64 [units, outputs], in the order of ``indices``.

    Units are the records, or the residues of all records where the network gives each its own;
    scores are probabilities, or values of regression (``bioseqrnn.tasks``).

    A batch that does not fit in the memory of a GPU is taken in parts, and so are those that
    follow; ``memory`` may know from before. Several ``processes`` take a part of each batch and
    all return the whole. ``between`` is called after every batch.
    """
    network.eval()
    memory = memory or Memory("prediction")
    processes = processes or Processes(device)
    lengths = packed.lengths[indices]
    # where the units of each record begin
    sizes = lengths if network.task.per_position else np.ones_like(lengths)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    scores = np.zeros((int(offsets[-1]), network.head.out_features))
    for batch in by_length(np.arange(len(indices)), lengths):
        places = processes.share(batch)
        onehot, batch_lengths = unpack(packed, indices[places], alphabet)
        x = torch.from_numpy(onehot).to(device)
        units = residues_of(offsets, places)
        scores[units] = _in_parts(network, x, torch.from_numpy(batch_lengths), memory)
        if between is not None:
            between()
    return processes.sum(torch.from_numpy(scores)).cpu().numpy()


def _in_parts(network: SequenceClassifier, x: Tensor, lengths: Tensor, memory: Memory) -> Doubles:
    """Scores of one batch, in as many parts as memory makes it."""
    if len(x) == 0:
        return np.zeros((0, network.head.out_features))
    while True:
        try:
            parts = [network.scores(x[part], lengths[part]) for part in memory.parts(*x.shape[:2])]
            return torch.cat(parts).cpu().numpy()
        except torch.OutOfMemoryError:
            # the next try comes after this block, whose traceback holds tensors
            pass
        memory.halve(*x.shape[:2])
