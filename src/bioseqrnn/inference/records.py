"""Scores of the records of a FASTA file by a network, computed in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bioseqrnn.fasta.records import PackedRecords, in_larger_blocks
from bioseqrnn.inference.needs import require_memory
from bioseqrnn.inference.network import predict_packed, predict_stretches
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.support.arrays import Doubles, Ints

# Residues in memory at a time; their records are sorted by length into batches
BLOCK_RESIDUES = 4_000_000
# the same for networks that predict per position
STRETCH_RESIDUES = 1_000_000


@dataclass(frozen=True)
class Predicted:
    """Consecutive records, or one stretch of a long one.

    Attributes
    ----------
    source : PackedRecords
        The records; for a stretch, the whole record.
    starts, lengths : int64 [n]
        The residues of each record to which ``scores`` belong.
    scores : float64 [units, outputs]
        Calibrated probabilities, or values.
    records : int
        Number of records that end here.
    """

    source: PackedRecords
    starts: Ints
    lengths: Ints
    scores: Doubles
    records: int

    @property
    def begins(self) -> bool:
        """Whether the records begin here; False for a later stretch of a long record."""
        return bool((self.starts == 0).all())


def predict_records(
    network: SequenceClassifier,
    card: Mapping[str, Any],
    blocks: Iterable[PackedRecords],
    alphabet: Alphabet,
    device: torch.device,
    fasta: Path,
) -> Iterator[Predicted]:
    """Yield the scores of records in their order; long records are predicted in stretches.

    Parameters
    ----------
    network : SequenceClassifier
    card : mapping
        Card of the model, with the temperature for the calibration of its scores.
    blocks : iterable of PackedRecords
    alphabet : Alphabet
    device : torch.device
    fasta : Path
        File of the records, for messages.

    Raises
    ------
    InputError
        A record does not fit in memory, and the network cannot read it in windows.
    """
    residues = STRETCH_RESIDUES if network.task.per_position else BLOCK_RESIDUES
    temperature = card.get("temperature") or 1.0
    for source in in_larger_blocks(blocks, residues):
        lengths = source.packed.lengths
        longest = int(lengths.argmax())
        if network.window is None and device.type == "cpu":
            what = f"{fasta}: record '{source.ids[longest]}'"
            require_memory(network, int(lengths[longest]), what)
        rows = np.arange(len(source))
        if not network.task.per_position or len(source) > 1 or lengths[0] <= residues:
            scores = predict_packed(network, source.packed, alphabet, rows, device)
            scores = calibrated(network.task, scores, temperature)
            yield Predicted(source, np.zeros_like(rows), lengths, scores, len(source))
            continue
        for start, scores in predict_stretches(network, source.packed, alphabet, device, residues):
            scores = calibrated(network.task, scores, temperature)
            last = start + len(scores) == lengths[0]
            yield Predicted(source, np.array([start]), np.array([len(scores)]), scores, int(last))
