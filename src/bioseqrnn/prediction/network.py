"""Class probabilities from a network, for packed sequences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.evaluation.metrics import Doubles
from bioseqrnn.models.classifier import SequenceClassifier
from bioseqrnn.sequences.alphabet import Alphabet
from bioseqrnn.sequences.packing import Ints, Packed, unpack
from bioseqrnn.training.batches import by_length
from bioseqrnn.training.memory import Memory


@torch.no_grad()
def predict_packed(
    network: SequenceClassifier,
    packed: Packed,
    alphabet: Alphabet,
    indices: Ints,
    device: torch.device,
    *,
    memory: Memory | None = None,
    between: Callable[[], None] | None = None,
) -> Doubles:
    """Return class probabilities, float64 [len(indices), classes], in the order of ``indices``.

    A batch that does not fit in the memory of a GPU is taken in parts, and so are those that
    follow; ``memory`` may know from before. ``between`` is called after every batch.
    """
    network.eval()
    memory = memory or Memory("prediction")
    probability = np.empty((len(indices), network.head.out_features))
    for places in by_length(np.arange(len(indices)), packed.lengths[indices]):
        onehot, lengths = unpack(packed, indices[places], alphabet)
        x = torch.from_numpy(onehot).to(device)
        probability[places] = _in_parts(network, x, torch.from_numpy(lengths), memory)
        if between is not None:
            between()
    return probability


def _in_parts(network: SequenceClassifier, x: Tensor, lengths: Tensor, memory: Memory) -> Doubles:
    """Probabilities of one batch, in as many parts as memory makes it."""
    while True:
        try:
            parts = [network(x[part], lengths[part]) for part in memory.parts(*x.shape[:2])]
            return torch.softmax(torch.cat(parts).double(), dim=1).cpu().numpy()
        except torch.OutOfMemoryError:
            # the next try comes after this block, whose traceback holds tensors
            pass
        memory.halve(*x.shape[:2])
