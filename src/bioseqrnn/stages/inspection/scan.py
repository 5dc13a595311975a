"""All single changes of one record: their scores, their rows, and the largest of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from bioseqrnn.attribution.any_model import AnyModel
from bioseqrnn.attribution.mutagenesis import single_changes
from bioseqrnn.stages.inspection.chosen import Record
from bioseqrnn.support.arrays import Doubles, Ints

# changes that lower and that raise a score, of each record and class
LARGEST = 10
LOWERS, RAISES = "lowers", "raises"


@dataclass(frozen=True)
class Scan:
    """The scores of a record and of all its single changes.

    Attributes
    ----------
    record : Record
    symbols : str
        Residues of the alphabet.
    classes : list of str
        Classes that are scored; in regression ``value``.
    probabilistic : bool
        Whether scores are logits of probabilities.
    logits : float64 [classes]
        Score of the record.
    positions, residues : int64 [changes]
        Every residue at every position, without the one that is there, ordered by position.
    scores : float64 [changes, classes]
        Score of each changed record.
    position : int, optional
        The residue, from 1, whose classes are scored; None: those of the record are.
    """

    record: Record
    symbols: str
    classes: list[str]
    probabilistic: bool
    logits: Doubles
    positions: Ints
    residues: Ints
    scores: Doubles
    position: int | None = None

    @property
    def differences(self) -> Doubles:
        """Change of the score by each change: float64 [changes, classes]."""
        return self.scores - self.logits

    def matrix(self, place: int) -> Doubles:
        """Changes of the score of a class: float64 [residues, symbols], 0 for what is there."""
        found = np.zeros((len(self.record), len(self.symbols)))
        found[self.positions, self.residues] = self.differences[:, place]
        return found

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of ``changes.tsv.gz``."""
        for place, name in enumerate(self.classes):
            for change in self._rows(place, np.arange(len(self.positions))):
                yield self.record.name, name, *change

    def largest(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of ``mutations.tsv``: per class at most ten that lower, and that raise."""
        for place, name in enumerate(self.classes):
            differences = self.differences[:, place]
            for effect, sign in ((LOWERS, -1), (RAISES, 1)):
                order = np.argsort(-sign * differences, kind="stable")[:LARGEST]
                order = order[sign * differences[order] > 0]
                for rank, change in enumerate(self._rows(place, order), 1):
                    yield self.record.name, name, effect, rank, *change

    def _rows(self, place: int, which: Ints) -> Iterator[tuple[Any, ...]]:
        """Yield the cells of some changes for one class."""
        scores = self.scores[which, place]
        p = expit(scores) if self.probabilistic else np.full(len(which), np.nan)
        cells = zip(
            self.positions[which].tolist(), self.residues[which].tolist(), scores.tolist(),
            p.tolist(), self.differences[which, place].tolist(), strict=True,
        )  # fmt: skip
        for position, residue, score, probability, difference in cells:
            yield (
                position + 1, self.record.text[position], self.symbols[residue], score, probability,
                difference,
            )  # fmt: skip


def scan(model: AnyModel, record: Record, classes: list[str]) -> Scan:
    """Score a record and all its single changes for some classes."""
    columns = [model.classes.index(name) for name in classes]
    positions, residues = single_changes(record.x)
    return Scan(
        record, model.alphabet.symbols, classes, model.task.probabilistic,
        model.logits(record.x[None])[0, columns], positions, residues,
        model.changed(record.x, positions, residues)[:, columns], model.position,
    )  # fmt: skip
