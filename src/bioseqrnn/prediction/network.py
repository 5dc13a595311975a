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
    """Return class probabilities, float64 [len(indices), classes], in the order of ``indices``.

    A batch that does not fit in the memory of a GPU is taken in parts, and so are those that
    follow; ``memory`` may know from before. Several ``processes`` take a part of each batch and
    all return the whole. ``between`` is called after every batch.
    """
    network.eval()
    memory = memory or Memory("prediction")
    processes = processes or Processes(device)
    probability = np.zeros((len(indices), network.head.out_features))
    for batch in by_length(np.arange(len(indices)), packed.lengths[indices]):
        places = processes.share(batch)
        onehot, lengths = unpack(packed, indices[places], alphabet)
        x = torch.from_numpy(onehot).to(device)
        probability[places] = _in_parts(network, x, torch.from_numpy(lengths), memory)
        if between is not None:
            between()
    return processes.sum(torch.from_numpy(probability)).cpu().numpy()


def _in_parts(network: SequenceClassifier, x: Tensor, lengths: Tensor, memory: Memory) -> Doubles:
    """Probabilities of one batch, in as many parts as memory makes it."""
    if len(x) == 0:
        return np.zeros((0, network.head.out_features))
    while True:
        try:
            parts = [network(x[part], lengths[part]) for part in memory.parts(*x.shape[:2])]
            return torch.softmax(torch.cat(parts).double(), dim=1).cpu().numpy()
        except torch.OutOfMemoryError:
            # the next try comes after this block, whose traceback holds tensors
            pass
        memory.halve(*x.shape[:2])
