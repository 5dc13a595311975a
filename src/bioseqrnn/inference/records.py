"""Scores of the records of a FASTA file by a model, computed in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from bioseqrnn.fasta.records import PackedRecords, Refused, in_larger_blocks
from bioseqrnn.inference.needs import require_memory
from bioseqrnn.inference.network import predict_packed, predict_stretches
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks import Task

# Residues in memory at a time; their records are sorted by length into batches
BLOCK_RESIDUES = 4_000_000
# the same for networks that predict per position
STRETCH_RESIDUES = 1_000_000


@dataclass(frozen=True)
class Scored:
    """Scores of some units.

    Attributes
    ----------
    scores : float64 [units, outputs]
        Probabilities or values; of a network, before calibration.
    members : dict of str to float64 [units, outputs]
        Calibrated scores of the methods that a combination is made of, by name.
    """

    scores: Doubles
    members: dict[str, Doubles] = field(default_factory=dict)


class Scorer(Protocol):
    """A model that scores packed sequences.

    Attributes
    ----------
    task : Task
    """

    @property
    def task(self) -> Task:
        """See above."""
        ...

    def check(self, length: int, what: str) -> None:
        """Raise InputError if a record of so many residues does not fit in memory."""
        ...

    def scores(self, packed: Packed) -> Scored:
        """Scores of all units of some records. Those of a record do not depend on the others."""
        ...

    def stretches(self, packed: Packed, residues: int) -> Iterator[tuple[int, Scored]]:
        """Yield start and scores of stretches of one record that is labelled per position."""
        ...


@dataclass(frozen=True)
class NetworkScorer:
    """A network as a ``Scorer``."""

    network: SequenceClassifier
    alphabet: Alphabet
    device: torch.device

    @property
    def task(self) -> Task:
        """The task of the network."""
        return self.network.task

    def check(self, length: int, what: str) -> None:
        """See ``Scorer``; a GPU reports lack of memory by its own error."""
        if self.network.window is None and self.device.type == "cpu":
            require_memory(self.network, length, what)

    def scores(self, packed: Packed) -> Scored:
        """See ``Scorer``."""
        rows = np.arange(len(packed))
        return Scored(
            predict_packed(self.network, packed, self.alphabet, rows, self.device, alike=True)
        )

    def stretches(self, packed: Packed, residues: int) -> Iterator[tuple[int, Scored]]:
        """See ``Scorer``; a stretch ends where a window of the network begins."""
        for start, scores in predict_stretches(
            self.network, packed, self.alphabet, self.device, residues
        ):
            yield start, Scored(scores)


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
    members : dict of str to float64 [units, outputs]
        Calibrated scores of each method of a combination; without records, there are none.
    refused : tuple of Refused
        Records before, among or after these that cannot be read.
    """

    source: PackedRecords
    starts: Ints
    lengths: Ints
    scores: Doubles
    records: int
    members: dict[str, Doubles] = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()

    @property
    def begins(self) -> bool:
        """Whether the records begin here; False for a later stretch of a long record."""
        return bool((self.starts == 0).all())


def predict_records(
    model: Scorer, card: Mapping[str, Any], blocks: Iterable[PackedRecords], fasta: Path
) -> Iterator[Predicted]:
    """Yield the scores of records in their order; long records are predicted in stretches.

    Parameters
    ----------
    model : Scorer
    card : mapping
        Card of the model, with the temperature for the calibration of its scores.
    blocks : iterable of PackedRecords
    fasta : Path
        File of the records, for messages.

    Raises
    ------
    InputError
        A record does not fit in memory, and the model cannot read it in windows.
    """
    task = model.task
    residues = STRETCH_RESIDUES if task.per_position else BLOCK_RESIDUES
    temperature = card.get("temperature") or 1.0
    for source in in_larger_blocks(blocks, residues):
        lengths, starts = source.packed.lengths, np.zeros(len(source), np.int64)
        if not len(source):
            none = np.zeros((0, task.outputs(list(card["classes"]))))
            yield Predicted(source, starts, lengths, none, 0, refused=source.refused)
            continue
        longest = int(lengths.argmax())
        model.check(int(lengths[longest]), f"{fasta}: record '{source.ids[longest]}'")
        if not task.per_position or len(source) > 1 or lengths[0] <= residues:
            found = model.scores(source.packed)
            scores = calibrated(task, found.scores, temperature)
            yield Predicted(
                source, starts, lengths, scores, len(source), found.members, source.refused
            )
            continue
        before = tuple(one for one in source.refused if not one.place)
        after = source.refused[len(before) :]
        for start, found in model.stretches(source.packed, residues):
            scores = calibrated(task, found.scores, temperature)
            last = start + len(scores) == lengths[0]
            others = () if start else before
            yield Predicted(
                source, np.array([start]), np.array([len(scores)]), scores, int(last),
                found.members, others + after if last else others,
            )  # fmt: skip
