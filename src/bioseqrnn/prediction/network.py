"""Class probabilities from a network, for packed sequences."""

from __future__ import annotations

import numpy as np
import torch

from bioseqrnn.evaluation.metrics import Doubles
from bioseqrnn.models.classifier import SequenceClassifier
from bioseqrnn.sequences.alphabet import Alphabet
from bioseqrnn.sequences.packing import Ints, Packed, unpack
from bioseqrnn.training.batches import by_length


@torch.no_grad()
def predict_packed(
    network: SequenceClassifier,
    packed: Packed,
    alphabet: Alphabet,
    indices: Ints,
    device: torch.device,
) -> Doubles:
    """Return class probabilities, float64 [len(indices), classes], in the order of ``indices``."""
    network.eval()
    probability = np.empty((len(indices), network.head.out_features))
    for places in by_length(np.arange(len(indices)), packed.lengths[indices]):
        onehot, lengths = unpack(packed, indices[places], alphabet)
        logits = network(torch.from_numpy(onehot).to(device), torch.from_numpy(lengths))
        probability[places] = torch.softmax(logits.double(), dim=1).cpu().numpy()
    return probability
