"""Calibrated logits of a record, or of a residue, and of its changes, by a model of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bioseqrnn.attribution.attribution import Explained, Focus
from bioseqrnn.attribution.changes import changed_logits
from bioseqrnn.attribution.logits import explained_classes
from bioseqrnn.combination.model import CombinedScorer
from bioseqrnn.combination.store import load_final
from bioseqrnn.inference.records import NetworkScorer, Scorer
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.onehot.alphabet import ALPHABETS, Alphabet
from bioseqrnn.onehot.packing import pack_onehot
from bioseqrnn.support.arrays import Bytes, Doubles, Floats, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.explanation import VALUE
from bioseqrnn.tasks import Task
from bioseqrnn.tasks.task import SMALLEST

# residues of the changed records that are in memory at once
RESIDUES = 2**20


@dataclass(frozen=True)
class AnyModel:
    """A network, an ensemble, or a combination of networks and baselines.

    Attributes
    ----------
    scorer : Scorer
    card : dict
        Card of the file.
    position : int, optional
        The residue, counted from 1, whose logits are computed if each residue has a class.
    """

    scorer: Scorer
    card: dict[str, Any]
    position: int | None = None

    @classmethod
    def load(
        cls, path: Path, device: torch.device, only: str | None = None, position: int | None = None
    ) -> AnyModel:
        """Read a model of any kind; ``only`` is the name of a member that scores alone.

        Raises
        ------
        InputError
            As in ``load_final``; also if the model has a class for each residue and no position is
            given, or the reverse.
        """
        model = cls(*load_final(path, device, only=only), position)
        if model.task.per_position and position is None:
            raise InputError(
                f"model {path}: has a class for each residue; choose the residue with --position"
            )
        if not model.task.per_position and position is not None:
            raise InputError(
                f"--position {position}: is for per_position models, and model {path} has one "
                "output for a record; leave it out"
            )
        return model

    @property
    def task(self) -> Task:
        """The task of the model."""
        return self.scorer.task

    @property
    def alphabet(self) -> Alphabet:
        """The alphabet of its records."""
        return ALPHABETS[self.card["alphabet"]]

    @property
    def classes(self) -> list[str]:
        """Names of the columns of the logits: every class; in regression ``value``."""
        return list(self.card["classes"]) if self.task.probabilistic else [VALUE]

    @property
    def explained(self) -> list[str]:
        """The classes without those whose logit is the negative of another one."""
        return explained_classes(self.task, list(self.card["classes"]))

    def logits(self, x: Floats) -> Doubles:
        """Return the calibrated logits of sequences of one length: float64 [n, classes].

        Parameters
        ----------
        x : float32 [n, length, symbols]
            One-hot rows; those of ambiguous residues sum to 1.
        """
        if self._network is not None:
            return self._every_class(self._network.logits(x))
        return self.predicted((x > 0).astype(np.uint8))

    def changed(self, x: Floats, positions: Ints, residues: Ints) -> Doubles:
        """Return the calibrated logits of a record after each of many single changes.

        A network reads only what a change reaches (``changes.changed_logits``). A combination of
        several methods scores whole changed records, by the code that also predicts.

        Parameters
        ----------
        x : float32 [length, symbols]
        positions, residues : int64 [changes]
            Position of each change, ascending, and the residue that is put there.

        Returns
        -------
        float64 [changes, classes]
        """
        if not len(positions):
            return np.zeros((0, len(self.classes)))
        if self._network is not None:
            return self._every_class(changed_logits(self._network, x, positions, residues))
        record = (x > 0).astype(np.uint8)
        size = max(1, RESIDUES // len(x))
        parts = []
        for start in range(0, len(positions), size):
            places, new = positions[start : start + size], residues[start : start + size]
            versions = np.repeat(record[None], len(places), axis=0)
            row = np.arange(len(places))
            versions[row, places] = 0
            versions[row, places, new] = 1
            parts.append(self.predicted(versions))
        return np.concatenate(parts)

    def check(self, length: int, what: str) -> None:
        """Raise InputError if a record of so many residues cannot be scored.

        It does not fit in memory, ends before the position, or is longer than the network reads at
        once: a prediction is then a mean over windows, whose changes are not computed.
        """
        self.scorer.check(length, what)
        if self.position is not None and self.position > length:
            raise InputError(
                f"--position {self.position}: {what} has only {length:,} residues; choose others "
                "with --record"
            )
        window = self._network.network.window if self._network is not None else None
        if window is not None and length > window:
            raise InputError(
                f"{what} has {length:,} residues, but the network reads windows of {window:,}; cut "
                "it around the position"
            )

    @property
    def _temperature(self) -> float:
        return float(self.card.get("temperature") or 1.0)

    @cached_property
    def _network(self) -> Explained | None:
        """The network that gives all scores, or None if several methods do."""
        scorer, temperature = self.scorer, self._temperature
        if isinstance(scorer, CombinedScorer):
            ((name, member), *others) = scorer.used.items()
            if others or scorer.combination.weights.sum() != 1:
                return None
            temperature *= scorer.temperatures[name]
            scorer = member
        if not isinstance(scorer, NetworkScorer):
            return None
        # changes need no background
        uniform = np.full(self.alphabet.width, 1 / self.alphabet.width)
        focus = None if self.position is None else Focus(self.position - 1, 0, 0)
        return Explained(scorer.network, temperature, uniform, scorer.device, focus)

    def _every_class(self, logits: Doubles) -> Doubles:
        """Add the first of two classes to the logits of the explained ones."""
        return np.hstack([-logits, logits]) if self.task.two_classes else logits

    def predicted(self, bits: Bytes) -> Doubles:
        """Return the logits of the probabilities that ``predict`` gives: float64 [n, classes].

        Parameters
        ----------
        bits : uint8 [n, length, symbols]
            1 for each residue that a position can be, else 0.
        """
        scores = self.scorer.scores(pack_onehot(bits)).scores
        if self.position is not None:
            scores = scores.reshape(*bits.shape[:2], -1)[:, self.position - 1]
        return logits_of_scores(self.task, calibrated(self.task, scores, self._temperature))


def logits_of_scores(task: Task, scores: Doubles) -> Doubles:
    """Return log(p / (1 - p)) of probabilities, or values: float64 [units, outputs].

    Probabilities below 1e-15 count as 1e-15.

    Parameters
    ----------
    task : Task
    scores : float64 [units, outputs]
    """
    if not task.probabilistic:
        return scores
    others = 1 - scores
    if task.exclusive:
        # the sum of the other classes is exact also where p is near 1
        others = scores @ (1 - np.eye(scores.shape[1]))
    found: Doubles = np.log(np.maximum(scores, SMALLEST)) - np.log(np.maximum(others, SMALLEST))
    return found
